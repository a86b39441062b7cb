package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.nats.client.JetStreamManagement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A server that comes back with less than it had given to readers. */
final class LostEndTest extends WithSubject {
  @Test
  void aStreamThatHasLostItsEndIsNotReadAsIfItWereWhole() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 10);
    sink.finish();
    server.stop();
    Path store = folder.resolve("store");
    Path earlier = folder.resolve("earlier");
    copy(store, earlier);
    server.restart();
    Sink more = subject.sink("more", "?jetstream");
    Subject.writeNumbers(more, 11, 20);
    more.finish();
    Cursor cursor = lastCursor(subject.source("?jetstream&until=last"));
    server.kill();
    Files.move(store, folder.resolve("lost"));
    Files.move(earlier, store);
    server.restart();
    Source fails = subject.source("?jetstream");
    fails.seek(new Resume(0, cursor, null));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(fails::read)
        .withMessageContaining("ends with sequence 10, and was read up to 20")
        .withMessageContaining("lost=continue");
    Source goesOn = subject.source("?jetstream&lost=continue");
    goesOn.seek(new Resume(0, cursor, null));
    assertThat(goesOn.read(Duration.ofMillis(100))).isNull();
    Subject.writeNumbers(subject.sink("others", "?jetstream"), 21, 30);
    assertThat(Subject.read(goesOn, 10)).isEqualTo(Subject.numbers(21, 30));
    assertThat(subject.warnings()).anyMatch(text -> text.contains("ends with sequence 10"));
  }

  /** What lies before it was not to be read, and nothing of it is lost. */
  @Test
  void aPlaceBeyondTheEndIsWaitedForOverABreakToo() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 10);
    sink.awaitCommitted(sink.resume().position());
    Source source = subject.source("?jetstream&from=50");
    assertThat(source.read(Duration.ofMillis(100))).isNull();
    server.kill();
    server.restart();
    assertThat(source.read(Duration.ofSeconds(2))).as("it connects again").isNull();
    Subject.writeNumbers(subject.sink("more", "?jetstream"), 11, 60);
    assertThat(Subject.read(source, 11)).isEqualTo(Subject.numbers(50, 60));
  }

  /** Nothing would be read, and who named the place meant something by it. */
  @Test
  void aPlaceBeyondTheEndIsNoEnd() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 10);
    sink.finish();
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> subject.source("?jetstream&until=last&from=12").read())
        .withMessageContaining("ends with sequence 10, before from=12");
    assertThat(subject.source("?jetstream&until=last&from=11").read()).isNull();
  }

  /** What was deleted before anybody read is no loss of this reader's. */
  @Test
  void aPlaceBeforeTheBeginningIsNoLossOverABreakEither() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 10);
    sink.finish();
    JetStreamManagement streams = subject.client().jetStreamManagement();
    var _ = streams.purgeStream(streams.getStreamNames(subject.name()).getFirst());
    Source source = subject.source("?jetstream&from=3");
    assertThat(source.read(Duration.ofMillis(100))).isNull();
    server.kill();
    server.restart();
    assertThat(source.read(Duration.ofSeconds(2))).as("it connects again").isNull();
    Subject.writeNumbers(subject.sink("more", "?jetstream"), 11, 12);
    assertThat(Subject.read(source, 2)).isEqualTo(Subject.numbers(11, 12));
  }

  private static void copy(Path from, Path to) throws Exception {
    try (var all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Files.copy(each, to.resolve(from.relativize(each)));
      }
    }
  }

  private static Cursor lastCursor(Source source) throws Exception {
    Cursor last = null;
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      last = batch.cursor();
      batch.close();
    }
    source.close();
    return Objects.requireNonNull(last);
  }
}
