package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What is told of answers throws: whoever waits for them is not left waiting. */
final class RequestMistakeTest extends WithSubject {
  @Test
  void whoWaitsForAnAnswerIsToldThatNoneComes() throws Exception {
    CountDownLatch heard = new CountDownLatch(1);
    Connection service = subject.client();
    service.createDispatcher(request -> heard.countDown()).subscribe(subject.name());
    service.flush(Duration.ofMinutes(2));
    PipeContext context =
        PipeContext.messages(new BlockPool(8 << 20))
            .withEvents(
                new PipeEvents() {
                  @Override
                  public void warning(String text) {
                    throw new IllegalStateException("no more paper");
                  }
                });
    try (Pipe pipe = new NatsConnector().connect(subject.address("?timeout=1h"), context)) {
      long end = Subject.write(pipe.sink(), "who?", Headers.EMPTY);
      heard.await();
      server.kill();
      assertThatExceptionOfType(PipeException.class)
          .isThrownBy(() -> pipe.sink().awaitCommitted(end))
          .withMessageContaining("what waits for answers has failed: no more paper");
      assertThatExceptionOfType(PipeException.class)
          .isThrownBy(pipe.sink()::finish)
          .withMessageContaining("no more paper");
    }
  }
}
