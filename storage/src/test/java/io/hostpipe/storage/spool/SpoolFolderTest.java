package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolFolderTest {
  private static final StreamId STREAM = new StreamId("orders");
  private static final int BATCH_BYTES = 10_000;
  private static final byte[] CONTENT = Streams.random(400_000);

  private final BlockPool pool = new BlockPool(64 << 20);

  @TempDir Path folder;

  @AfterEach
  void everyBlockCameBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void whatLiesInASpoolIsListedAlsoWhileItIsUsed() throws Exception {
    fill(CONTENT.length);
    SpoolFolder.Listing idle = folder().list();
    assertThat(idle.holder()).isNull();
    assertThat(idle.streams())
        .singleElement()
        .satisfies(stream -> {
          assertThat(stream.stream()).isEqualTo(STREAM);
          assertThat(stream.end()).isEqualTo(CONTENT.length);
          assertThat(stream.finished()).isFalse();
          assertThat(stream.damage()).isNull();
          assertThat(stream.diskBytes()).isGreaterThan(CONTENT.length);
        });
    try (Spool spool = open()) {
      assertThat(spool.heldStreams()).containsExactly(STREAM);
      SpoolFolder.Listing used = folder().list();
      assertThat(used.holder()).contains("this very process");
      assertThat(used.streams()).hasSize(1);
      assertThatThrownBy(() -> folder().verify())
          .isInstanceOfSatisfying(
              PipeException.Refused.class,
              refused -> assertThat(refused.status()).isEqualTo(Status.ALREADY_EXISTS));
    }
  }

  @Test
  void aFlippedBitIsNamedWhereverItIsReadAndVerifyAndRepairAgree() throws Exception {
    fill(CONTENT.length);
    Path segment = segments().getFirst();
    flip(segment, 4096 + 64 + 5);
    assertThat(folder().verify())
        .singleElement()
        .satisfies(damage -> {
          assertThat(damage.stream()).isEqualTo(STREAM);
          assertThat(damage.from()).isZero();
          assertThat(damage.to()).isEqualTo(BATCH_BYTES);
          assertThat(damage.file()).isEqualTo(segment);
          assertThat(damage.offset()).isEqualTo(4096);
        });
    try (Spool spool = open()) {
      // Only the last segment is read at a start: the reader is who finds it.
      Source source = spool.open(STREAM, Encoding.RAW).source(false);
      source.seek(Resume.START);
      assertThatThrownBy(source::read)
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("at position 0")
          .hasMessageContaining(segment.getFileName().toString())
          .hasMessageContaining("hostpipe spool verify " + folder);
    }
    assertThat(export(BATCH_BYTES)).isEqualTo(Streams.slice(CONTENT, BATCH_BYTES, CONTENT.length));
    SpoolFolder.Hole hole = Objects.requireNonNull(folder().repair(STREAM));
    assertThat(hole.from()).isZero();
    assertThat(hole.to()).isEqualTo(CONTENT.length);
    assertThat(hole.kept()).hasSizeGreaterThan(2).allMatch(Files::exists);
    assertThat(folder().verify()).isEmpty();
    assertThat(folder().repair(STREAM)).isNull();
    goesOn(0);
  }

  @Test
  void aDamageInTheMiddleIsCutThereAndTheRestIsKept() throws Exception {
    fill(CONTENT.length);
    Path segment = segments().get(2);
    flip(segment, 4096 + 64);
    List<SpoolFolder.Damage> damages = folder().verify();
    assertThat(damages).hasSize(1);
    long from = damages.getFirst().from();
    assertThat(from).isPositive().isLessThan(CONTENT.length);
    assertThatThrownBy(() -> export(0))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("at position " + from);
    SpoolFolder.Hole hole = Objects.requireNonNull(folder().repair(STREAM));
    assertThat(hole.from()).isEqualTo(from);
    assertThat(folder().verify()).isEmpty();
    assertThat(export(0)).isEqualTo(Streams.slice(CONTENT, 0, (int) from));
    goesOn((int) from);
  }

  @Test
  void aDamagedHeadOfASegmentIsAtThePositionThatVerifyAndRepairSay() throws Exception {
    fill(CONTENT.length);
    int count = segments().size();
    for (int index = 0; index < count; index++) {
      Path segment = segments().get(index);
      flip(segment, 20);
      SpoolFolder.Damage damage = folder().verify().getFirst();
      assertThat(damage.file()).isEqualTo(segment);
      assertThat(damage.from()).isEqualTo(index == 0 ? 0 : damage.from()).isNotNegative();
      assertThat(damage.to()).isGreaterThan(damage.from());
      try (Spool spool = open()) {
        assertThatThrownBy(() -> spool.held(STREAM))
            .isInstanceOf(PipeException.DataLoss.class)
            .hasMessageContaining("at position " + damage.from() + ":");
      }
      flip(segment, 20);
      assertThat(folder().verify()).isEmpty();
    }
    Path last = segments().getLast();
    flip(last, 20);
    long from = folder().verify().getFirst().from();
    assertThat(Objects.requireNonNull(folder().repair(STREAM)).from()).isEqualTo(from);
    goesOn((int) from);
  }

  @Test
  void whatIsNotASpoolsIsLeftAlone() throws Exception {
    fill(CONTENT.length);
    List<String> names = List.of("notes.seg", "x.free", "README", "a.slot", ".seg", "1.2.seg");
    for (String name : names) {
      Files.writeString(folder.resolve(name), "not a spool's");
    }
    Files.createDirectory(folder.resolve("folder.seg"));
    assertThat(folder().list().streams()).hasSize(1);
    assertThat(folder().verify()).isEmpty();
    goesOn(CONTENT.length);
    for (String name : names) {
      assertThat(folder.resolve(name)).hasContent("not a spool's");
    }
  }

  @Test
  void aDamagedRecordBeforeALaterOneIsNeverTakenForATornEnd() throws Exception {
    fill(CONTENT.length);
    Path last = segments().getLast();
    deleteSlots();
    flip(last, 4096 + 64);
    long from = folder().verify().getFirst().from();
    try (Spool spool = open()) {
      assertThatThrownBy(() -> spool.held(STREAM))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("at position " + from)
          .hasMessageContaining("a later one");
    }
    assertThat(folder().list().streams())
        .singleElement()
        .satisfies(stream -> assertThat(stream.damage()).contains("at position " + from));
    Objects.requireNonNull(folder().repair(STREAM));
    goesOn((int) from);
  }

  @Test
  void aTornEndIsCutOffWhenNothingSaysThatItWasSafe() throws Exception {
    fill(20_000);
    deleteSlots();
    // The last record's payload: as if only a part of it had come to the device.
    long at = 4096 + 10_112 + 64 + 9_000;
    flip(segments().getLast(), at);
    assertThat(folder().verify()).isEmpty();
    goesOn(BATCH_BYTES);
  }

  @Test
  void anEndThatWasSafeIsMissedWhenItIsGone() throws Exception {
    fill(20_000);
    flip(segments().getLast(), 4096 + 10_112 + 64 + 9_000);
    assertThat(folder().verify())
        .singleElement()
        .satisfies(damage -> {
          assertThat(damage.from()).isEqualTo(BATCH_BYTES);
          assertThat(damage.to()).isEqualTo(20_000);
        });
    try (Spool spool = open()) {
      assertThatThrownBy(() -> spool.open(STREAM, Encoding.RAW))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("at position 10000");
    }
    Objects.requireNonNull(folder().repair(STREAM));
    goesOn(BATCH_BYTES);
  }

  @Test
  void aMissingSegmentAndADamagedHeadAreLossesToo() throws Exception {
    fill(CONTENT.length);
    Path middle = segments().get(1);
    Files.move(middle, middle.resolveSibling("elsewhere"));
    assertThat(folder().verify()).hasSize(1);
    try (Spool spool = open()) {
      assertThatThrownBy(() -> spool.open(STREAM, Encoding.RAW))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("missing");
    }
    Files.move(middle.resolveSibling("elsewhere"), middle);
    assertThat(folder().verify()).isEmpty();
    flip(middle, 20);
    assertThat(folder().verify()).isNotEmpty();
    try (Spool spool = open()) {
      assertThatThrownBy(() -> spool.open(STREAM, Encoding.RAW))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("head");
      // A damaged stream is nobody else's trouble, and can be given up.
      spool.open(new StreamId("another"), Encoding.RAW).sink().close();
      spool.forget(STREAM);
    }
    assertThat(segments()).isEmpty();
  }

  @Test
  void anUnknownStreamOrFolderIsNamed() throws Exception {
    fill(1_000);
    assertThatThrownBy(() -> folder().repair(new StreamId("none")))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("none")
        .hasMessageContaining("spool ls");
    assertThatThrownBy(() -> export(1_001))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("1000");
    assertThatThrownBy(() -> new SpoolFolder(RealDisk.INSTANCE, folder.resolve("not here")).list())
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("not here");
  }

  private SpoolFolder folder() {
    return new SpoolFolder(RealDisk.INSTANCE, folder);
  }

  private Spool open() throws PipeException {
    SpoolOptions options = SpoolOptions.DEFAULT.withSegmentBytes(64 << 10);
    return Spool.open(RealDisk.INSTANCE, folder, options, pool, PipeEvents.SILENT);
  }

  private void fill(int lengthBytes) throws Exception {
    try (Spool spool = open()) {
      Sink sink = spool.open(STREAM, Encoding.RAW).sink();
      for (int at = 0; at < lengthBytes; at += BATCH_BYTES) {
        int end = Math.min(at + BATCH_BYTES, lengthBytes);
        Streams.write(sink, CONTENT, at, end, BATCH_BYTES);
        sink.awaitCommitted(end);
      }
    }
  }

  /** The stream has just so much, and takes the rest. */
  private void goesOn(int from) throws Exception {
    try (Spool spool = open()) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      assertThat(stream.held().position()).isEqualTo(from);
      Sink sink = stream.sink();
      Streams.write(sink, CONTENT, from, CONTENT.length, BATCH_BYTES);
      sink.finish();
    }
    try (Spool spool = open()) {
      Source source = spool.open(STREAM, Encoding.RAW).source(false);
      assertThat(source.seek(Resume.START)).isTrue();
      assertThat(Streams.read(source, CONTENT.length)).isEqualTo(CONTENT);
    }
  }

  private byte[] export(long from) throws PipeException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    folder().export(STREAM, from, Channels.newChannel(out), pool);
    return out.toByteArray();
  }

  private List<Path> segments() throws IOException {
    return named(Segment.SUFFIX);
  }

  private List<Path> named(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    }
  }

  private void deleteSlots() throws IOException {
    for (Path each : named(Store.SLOT_SUFFIX)) {
      Files.delete(each);
    }
  }

  private static void flip(Path file, long offset) throws IOException {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.seek(offset);
      int before = access.read();
      access.seek(offset);
      access.write(before ^ 4);
    }
  }
}
