package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Committed;
import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class FlowRelayTest {
  @Test
  void aMessageIsCommittedAtItsSourceWhenTheFarEndHasCommittedIt() throws Exception {
    try (Hostpipe.Pair in = Hostpipe.pair();
        Hostpipe.Pair out = Hostpipe.pair()) {
      CompletableFuture<Committed> joined =
          FlowRelay.join(in.far(), FlowRelayTest::upperCase, out.near()).toCompletableFuture();
      Pipe.Sent sent = in.near().send("quiet".getBytes(UTF_8));
      Message message = Objects.requireNonNull(out.far().messages().read());
      assertThat(message.text()).isEqualTo("QUIET");
      assertThat(sent.awaitCommitted(Duration.ofMillis(20)).position()).isZero();
      message.commit();
      assertThat(sent.awaitCommitted().position()).isEqualTo(sent.endPosition());
      CompletableFuture<Void> finishing = CompletableFuture.runAsync(() -> finish(in.near()));
      assertThat(out.far().messages().read()).isNull();
      finishing.get(2, TimeUnit.MINUTES);
      assertThat(joined.get(2, TimeUnit.MINUTES).position()).isEqualTo(message.endPosition());
    }
  }

  @Test
  void aBreakIsHandedOnAsABreak() throws Exception {
    try (Hostpipe.Pair in = Hostpipe.pair();
        Hostpipe.Pair out = Hostpipe.pair()) {
      CompletableFuture<Committed> joined =
          FlowRelay.join(in.far(), out.near()).toCompletableFuture();
      in.near().send("half".getBytes(UTF_8));
      in.near().close();
      assertThat(joined)
          .failsWithin(Duration.ofMinutes(2))
          .withThrowableThat()
          .withCauseInstanceOf(PipeException.Closed.class);
    }
  }

  private static byte[] upperCase(byte[] payload) {
    return new String(payload, UTF_8).toUpperCase(Locale.ROOT).getBytes(UTF_8);
  }

  private static void finish(Pipe pipe) {
    try {
      pipe.sink().finish();
    } catch (PipeException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
