package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Committed;
import io.hostpipe.Headers;
import io.hostpipe.Sink;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StreamConfiguration;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How long a message may be becomes less while a pipe writes. */
@Timeout(120)
final class LoweredLimitTest {
  private static final String LONG = "x".repeat(3_000);

  @TempDir private Path folder;

  @Test
  void whatTheStreamTakesNoMoreIsRefusedAndTheRestGoesOn() throws Exception {
    try (NatsServer server = NatsServer.start(folder);
        Subject subject = new Subject(server)) {
      Sink sink = subject.sink("sizes", "?jetstream");
      sink.awaitCommitted(Subject.write(sink, LONG, Headers.EMPTY));
      JetStreamManagement streams = subject.client().jetStreamManagement();
      StreamConfiguration is =
          streams
              .getStreamInfo(streams.getStreamNames(subject.name()).getFirst())
              .getConfiguration();
      streams.updateStream(StreamConfiguration.builder(is).maximumMessageSize(2_000).build());
      Written written = writeLongOnesAmongOthers(sink);
      written.isRefused(sink, "takes at most 2000 with its headers (max_msg_size of the stream)");
      assertThat(subject.stored()).containsExactly(LONG, "one", "two", "three");
    }
  }

  @Test
  void whatTheServerTakesNoMoreIsRefusedAndTheRestGoesOn() throws Exception {
    try (NatsServer server = NatsServer.start(folder);
        Subject subject = new Subject(server)) {
      Sink sink = subject.sink("sizes", "?jetstream");
      sink.awaitCommitted(Subject.write(sink, LONG, Headers.EMPTY));
      server.stop();
      Written written = writeLongOnesAmongOthers(sink);
      server.restart("max_payload: 2000");
      written.isRefused(sink, "takes at most 2000 with its headers (max_payload)");
      assertThat(subject.stored()).containsExactly(LONG, "one", "two", "three");
    }
  }

  private static Written writeLongOnesAmongOthers(Sink sink) throws Exception {
    Subject.write(sink, "one", Headers.EMPTY);
    long first = Subject.write(sink, LONG, Headers.EMPTY);
    Subject.write(sink, "two", Headers.EMPTY);
    long second = Subject.write(sink, LONG, Headers.EMPTY);
    return new Written(first, second, Subject.write(sink, "three", Headers.EMPTY));
  }

  /** Where the long ones end, and all. */
  private record Written(long first, long second, long end) {
    void isRefused(Sink sink, String reason) throws Exception {
      Committed committed = sink.awaitCommitted(end);
      assertThat(committed.rejected())
          .extracting(each -> each.endPosition())
          .containsExactly(first, second);
      assertThat(committed.rejected())
          .allSatisfy(
              each -> assertThat(each.why().reason()).contains("a message of 3000 bytes", reason));
      sink.finish();
    }
  }
}
