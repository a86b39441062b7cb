package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileSourceTest {
  private final BlockPool pool = new BlockPool(1 << 20);

  @TempDir private Path folder;

  @AfterEach
  void givesEveryBlockBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0,
        1,
        FileSource.BLOCK_BYTES - 1,
        FileSource.BLOCK_BYTES,
        FileSource.BLOCK_BYTES + 1,
        1_000_000
      })
  void readsAFileOfAnyLength(int lengthBytes) throws Exception {
    byte[] content = Ends.random(lengthBytes, lengthBytes);
    try (Source source = Ends.source(pool, Files.write(folder.resolve("in"), content))) {
      assertThat(source.replayable()).isTrue();
      assertThat(source.seek(Resume.START)).isTrue();
      assertThat(Ends.readAll(source)).isEqualTo(content);
      assertThat(source.read()).isNull();
      assertThat(source.read(Duration.ofMillis(1))).isNull();
    }
  }

  @Test
  void goesOnFromAPositionWithoutReadingWhatLiesBefore() throws Exception {
    byte[] content = Ends.random(700_000, 1);
    try (Source source = Ends.source(pool, Files.write(folder.resolve("in"), content))) {
      Resume from = new Resume(300_001, null, new Digest(1, 2));
      assertThat(source.seek(from)).as("nothing was verified").isFalse();
      assertThat(Ends.readAll(source)).isEqualTo(Arrays.copyOfRange(content, 300_001, 700_000));
      assertThat(source.seek(Resume.START)).isTrue();
      assertThat(Ends.readAll(source)).isEqualTo(content);
    }
  }

  @Test
  void verifiesWhatLiesBeforeWhenAsked() throws Exception {
    byte[] content = Ends.random(700_000, 2);
    Path in = Files.write(folder.resolve("in"), content);
    Digest digest = Digest.of(ByteBuffer.wrap(content, 0, 600_000));
    try (Source source = Ends.source(pool, in, "verify")) {
      assertThat(source.seek(new Resume(600_000, null, digest))).isTrue();
      assertThat(Ends.readAll(source)).hasSize(100_000);
      assertThat(source.seek(Ends.at(600_000))).as("no digest to compare with").isFalse();
    }
    content[599_999] ^= 1;
    Files.write(in, content);
    try (Source source = Ends.source(pool, in, "verify")) {
      Digest other = Digest.of(ByteBuffer.wrap(content, 0, 600_000));
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(() -> source.seek(new Resume(600_000, null, digest)))
          .withMessageContaining(digest.toString())
          .withMessageContaining(other.toString())
          .withMessageContaining("600000");
    }
  }

  @Test
  void refusesAFileThatIsShorterThanWhatTheSinkHolds() throws Exception {
    try (Source source = Ends.source(pool, Files.write(folder.resolve("in"), new byte[10]))) {
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(() -> source.seek(Ends.at(11)))
          .withMessageContaining("has 10 bytes, and the sink holds 11");
      assertThat(source.seek(Ends.at(10))).isFalse();
      assertThat(source.read()).isNull();
    }
  }

  @Test
  void noticesAFileThatIsCutWhileItIsRead() throws Exception {
    Path in = Files.write(folder.resolve("in"), new byte[600_000]);
    try (Source source = Ends.source(pool, in)) {
      try (Batch first = source.read()) {
        assertThat(Ends.bytes(first)).hasSize(FileSource.BLOCK_BYTES);
      }
      try (RandomAccessFile cut = new RandomAccessFile(in.toFile(), "rw")) {
        cut.setLength(1_000);
      }
      assertThatExceptionOfType(PipeException.DataLoss.class).isThrownBy(source::read);
    }
  }

  @Test
  void noticesAFileThatIsCutBehindWhatWasRead() throws Exception {
    Path in = Files.write(folder.resolve("in"), new byte[600_000]);
    try (Source source = Ends.source(pool, in)) {
      try (Batch first = source.read()) {
        assertThat(Ends.bytes(first)).hasSize(FileSource.BLOCK_BYTES);
      }
      try (RandomAccessFile cut = new RandomAccessFile(in.toFile(), "rw")) {
        cut.setLength(FileSource.BLOCK_BYTES + 1_000);
      }
      try (Batch rest = source.read()) {
        assertThat(Ends.bytes(rest)).hasSize(1_000);
      }
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(source::read)
          .withMessageContaining("bytes, and it had 600000 already: it was cut or replaced");
    }
  }

  @Test
  void readsWhatIsAppendedBeforeTheEndIsReached() throws Exception {
    Path in = Files.write(folder.resolve("in"), new byte[FileSource.BLOCK_BYTES]);
    try (Source source = Ends.source(pool, in)) {
      try (Batch first = source.read()) {
        assertThat(first).isNotNull();
      }
      try (RandomAccessFile append = new RandomAccessFile(in.toFile(), "rw")) {
        append.seek(append.length());
        append.write(7);
      }
      assertThat(Ends.readAll(source)).containsExactly(7);
    }
  }

  @Test
  void throwsAnInterruptOn() throws Exception {
    try (Source source = Ends.source(pool, Files.write(folder.resolve("in"), new byte[10]))) {
      Thread.currentThread().interrupt();
      assertThatExceptionOfType(InterruptedException.class).isThrownBy(source::read);
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      assertThat(Ends.readAll(source)).hasSize(10);
    }
  }

  @Test
  void saysThatItWasClosed() throws Exception {
    Source source = Ends.source(pool, Files.write(folder.resolve("in"), new byte[10]));
    source.close();
    source.close();
    assertThatExceptionOfType(PipeException.Closed.class).isThrownBy(source::read);
  }

  @Test
  void namesWhatIsWrongWithThePath() throws IOException {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.source(pool, folder.resolve("none")))
        .withMessageContaining("none is not there")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.NOT_FOUND));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.source(pool, folder))
        .withMessageContaining("is a directory");
    Path loose = Files.createSymbolicLink(folder.resolve("loose"), folder.resolve("gone"));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.source(pool, loose))
        .withMessageContaining("symbolic link");
    Path below = Files.write(folder.resolve("in"), new byte[1]).resolve("below");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.source(pool, below))
        .withMessageContaining("look at the path and its folder");
  }

  @Test
  void refusesAFileThatThisProcessIsWriting() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    try (Target target = Ends.target(pool, path)) {
      assertThat(target).isNotNull();
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> Ends.source(pool, path))
          .withMessageContaining("this very process is writing it");
    }
    try (Source one = Ends.source(pool, path);
        Source two = Ends.source(pool, path)) {
      assertThat(one.read()).isNull();
      assertThat(two.read()).isNull();
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> Ends.target(pool, path))
          .withMessageContaining("reading it");
    }
    Ends.target(pool, path).close();
  }

  @Test
  void saysThatAFileMayNotBeRead() throws Exception {
    Path in = Files.write(folder.resolve("in"), new byte[10]);
    Files.setPosixFilePermissions(in, PosixFilePermissions.fromString("---------"));
    if (Files.isReadable(in)) {
      // The superuser reads everything: what an ordinary user is told comes from the same method.
      PipeException told =
          IoErrors.opening(in, new java.nio.file.AccessDeniedException(in.toString()));
      assertThat(told).isInstanceOf(PipeException.Refused.class);
      assertThat(told.status()).isEqualTo(Status.PERMISSION_DENIED);
    } else {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> Ends.source(pool, in))
          .withMessageContaining("permission denied");
    }
  }
}
