package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stream of JetStream that takes nothing more, and a server with no room in any. */
final class NoRoomTest {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

  private final BlockPool pool = new BlockPool(8 << 20);
  private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
  private final Queue<Duration> pauses = new ConcurrentLinkedQueue<>();

  @TempDir private Path folder;

  @Test
  void aFullStreamIsWaitedForWithPausesThatGrowAndGivenUp() throws Exception {
    try (NatsServer server = NatsServer.start(folder);
        Subject subject = new Subject(server)) {
      make(
          subject,
          StreamConfiguration.builder()
              .name("SMALL")
              .subjects(subject.name())
              .maxMessages(3)
              .discardPolicy(DiscardPolicy.New));
      givesUp(subject, "the stream SMALL has no room (maximum messages exceeded)");
      assertThat(subject.stored()).isEqualTo(Subject.numbers(1, 3));
    }
  }

  @Test
  void aServerWithoutRoomIsWaitedForWithPausesThatGrowAndGivenUp() throws Exception {
    try (NatsServer server = startSmall();
        Subject subject = new Subject(server)) {
      givesUp(subject, "the server's JetStream has no room (insufficient resources)");
    }
  }

  /** What a stream may grow to is reserved for it, and nothing is left for another one. */
  @Test
  void aServerWithoutRoomForAnotherStreamIsWaitedForAndGivenUp() throws Exception {
    try (NatsServer server = startSmall();
        Subject subject = new Subject(server)) {
      make(
          subject,
          StreamConfiguration.builder().name("LARGE").subjects("others").maxBytes(20 << 10));
      try (Target target = new NatsConnector().target(subject.address("?jetstream"), context())) {
        assertThatExceptionOfType(PipeException.Unreachable.class)
            .isThrownBy(() -> target.open(new StreamId("numbers"), Encoding.RECORDS))
            .withMessageContaining("cannot be made: the server's JetStream has no room (")
            .satisfies(why -> assertThat(why.status()).isEqualTo(Status.RESOURCE_EXHAUSTED));
      }
      assertThat(pauses).hasSizeGreaterThan(1);
    }
  }

  private NatsServer startSmall() throws Exception {
    return NatsServer.start(
        folder,
        "jetstream { store_dir: \"" + folder.resolve("store") + "\", max_file_store: 20KB }");
  }

  private static void make(Subject subject, StreamConfiguration.Builder stream) throws Exception {
    var _ = subject.client().jetStreamManagement().addStream(stream.build());
  }

  private void givesUp(Subject subject, String lack) throws Exception {
    try (Target target = new NatsConnector().target(subject.address("?jetstream"), context());
        Sink sink = target.open(new StreamId("numbers"), Encoding.RECORDS)) {
      Subject.writeNumbers(sink, 1, 500);
      assertThatExceptionOfType(PipeException.Unreachable.class)
          .isThrownBy(sink::finish)
          .withMessageContaining(lack);
    }
    assertThat(warnings).singleElement().asString().contains(lack, "--give-up");
    List<Duration> doubled = new ArrayList<>();
    for (Duration next = FIRST_PAUSE; doubled.size() < pauses.size(); next = next.multipliedBy(2)) {
      doubled.add(next);
    }
    assertThat(pauses).hasSizeGreaterThan(1).containsExactlyElementsOf(doubled);
  }

  private PipeContext context() {
    return PipeContext.messages(pool)
        .withRetry(
            new RetryPolicy(
                Duration.ofSeconds(2), Integer.MAX_VALUE, FIRST_PAUSE, Duration.ofMinutes(1)))
        .withEvents(
            new PipeEvents() {
              @Override
              public void warning(String text) {
                warnings.add(text);
              }

              @Override
              public void linkDown(String peer, String reason, Duration retryIn) {
                pauses.add(retryIn);
              }
            });
  }
}
