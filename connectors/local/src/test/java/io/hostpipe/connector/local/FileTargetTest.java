package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.hostpipe.Address;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileTargetTest {
  private static final StreamId OTHER = new StreamId("other");

  private final BlockPool pool = new BlockPool(1 << 20);
  private final byte[] content = Ends.random(300_000, 3);

  @TempDir private Path folder;

  @AfterEach
  void givesEveryBlockBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  private Path out() {
    return folder.resolve("out");
  }

  @Test
  void commitsWithTheWrite() throws Exception {
    try (Target target = Ends.target(pool, out());
        Sink sink = Ends.open(target)) {
      assertThat(sink.resume()).isEqualTo(Resume.START);
      assertThat(Ends.write(sink, content)).isEqualTo(300_000);
      assertThat(sink.committed().position()).isEqualTo(300_000);
      assertThat(sink.awaitCommitted(300_000).position()).isEqualTo(300_000);
      assertThat(sink.awaitCommitted(300_001, Duration.ofMillis(1)).position()).isEqualTo(300_000);
      assertThat(sink.whenCommitted(300_000).toCompletableFuture()).isCompleted();
      var later = sink.whenCommitted(300_001).toCompletableFuture();
      assertThat(later).isNotDone();
      Ends.write(sink, content);
      assertThat(later.get(2, TimeUnit.MINUTES).position()).isEqualTo(600_000);
      sink.finish();
      sink.finish();
    }
    assertThat(Files.size(out())).isEqualTo(600_000);
  }

  @Test
  void dropsWhatLiesBelowItsOwnPosition() throws Exception {
    try (Target target = Ends.target(pool, out());
        Sink sink = Ends.open(target)) {
      Ends.write(sink, Arrays.copyOf(content, 1_000));
      sink.write(Ends.batch(pool, 0, new byte[900]));
      assertThat(sink.write(Ends.batch(pool, 0, content))).isEqualTo(300_000);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> sink.write(Ends.batch(pool, 300_001, new byte[1])))
          .withMessageContaining("leaves a gap");
      sink.finish();
    }
    assertThat(Files.readAllBytes(out())).isEqualTo(content);
  }

  @Test
  void goesOnWhereTheSameStreamEnded() throws Exception {
    try (Target target = Ends.target(pool, out())) {
      try (Sink sink = Ends.open(target)) {
        Ends.write(sink, Arrays.copyOf(content, 1_000));
      }
      try (Sink sink = Ends.open(target)) {
        Digest digest = Digest.of(ByteBuffer.wrap(content, 0, 1_000));
        assertThat(sink.resume()).isEqualTo(new Resume(1_000, null, digest));
        sink.write(Ends.batch(pool, 0, content));
        sink.finish();
      }
    }
    assertThat(Files.readAllBytes(out())).isEqualTo(content);
  }

  @Test
  void holdsOneStreamAtATime() throws Exception {
    try (Target target = Ends.target(pool, out())) {
      try (Sink sink = Ends.open(target)) {
        for (StreamId wanted : new StreamId[] {Ends.STREAM, OTHER}) {
          assertThatExceptionOfType(PipeException.Refused.class)
              .isThrownBy(() -> target.open(wanted, Encoding.RAW))
              .withMessageContaining("is being written by the stream stream")
              .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS));
        }
        Ends.write(sink, content);
        sink.finish();
      }
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> target.open(OTHER, Encoding.RAW))
          .withMessageContaining("holds the stream stream")
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS));
    }
  }

  @Test
  void putsAnotherStreamBehindAFinishedOneWhenAskedToAppend() throws Exception {
    try (Target target = Ends.target(pool, out(), "append")) {
      for (StreamId stream : new StreamId[] {Ends.STREAM, OTHER}) {
        try (Sink sink = target.open(stream, Encoding.RAW)) {
          assertThat(sink.resume().position()).isZero();
          Ends.write(sink, stream.value().getBytes(java.nio.charset.StandardCharsets.UTF_8));
          sink.finish();
        }
      }
    }
    assertThat(out()).hasContent("streamother");
  }

  @Test
  void refusesAFileThatHasContentUnlessTold() throws Exception {
    Files.writeString(out(), "before");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> Ends.target(pool, out()))
        .withMessageContaining("has 6 bytes")
        .withMessageContaining("'append' or 'overwrite'");
    assertThat(out()).hasContent("before");
    for (String word : new String[] {"append", "overwrite"}) {
      try (Target target = Ends.target(pool, out(), word)) {
        assertThat(Files.size(out())).as("nothing changes before a stream begins").isPositive();
        try (Sink sink = Ends.open(target)) {
          Ends.write(sink, new byte[] {'+'});
          sink.finish();
        }
      }
      assertThat(out()).hasContent(word.equals("append") ? "before+" : "+");
    }
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.target(pool, out(), "append", "overwrite"))
        .withMessageContaining("leave one word out");
  }

  @Test
  void leavesNoFileWhenNothingCame() throws Exception {
    Ends.target(pool, out()).close();
    assertThat(out()).doesNotExist();
    try (Target target = Ends.target(pool, out());
        Sink sink = Ends.open(target)) {
      assertThat(sink.resume()).isEqualTo(Resume.START);
    }
    assertThat(out()).doesNotExist();
    try (Target target = Ends.target(pool, out());
        Sink sink = Ends.open(target)) {
      sink.finish();
    }
    assertThat(out()).isEmptyFile();
    Files.delete(out());
    Files.createFile(out());
    Ends.target(pool, out()).close();
    assertThat(out()).exists();
  }

  @Test
  void refusesOptionsOfTheOtherEnd() throws Exception {
    Files.write(out(), content);
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.target(pool, out(), "verify"))
        .withMessageContaining("'verify' is an option of a source, and " + out() + " is the dest");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.source(pool, out(), "overwrite"))
        .withMessageContaining("'overwrite' is an option of a destination");
    assertThat(out()).hasBinaryContent(content);
  }

  @Test
  void refusesAPathThatEndsAsAFolderDoes() {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() ->
            new LocalConnector().target(Address.parse(folder + "/no-folder/"), Ends.raw(pool)))
        .withMessageContaining("name a file");
  }

  @Test
  void takesAnEmptyFileAsItsOwn() throws Exception {
    Files.createFile(out());
    try (Target target = Ends.target(pool, out());
        Sink sink = Ends.open(target)) {
      Ends.write(sink, content);
      sink.finish();
    }
    assertThat(Files.readAllBytes(out())).isEqualTo(content);
  }

  @Test
  void noticesAtTheEndThatSomebodyElseChangedTheFile() throws Exception {
    try (Target target = Ends.target(pool, out());
        Sink sink = Ends.open(target)) {
      Ends.write(sink, content);
      Files.write(out(), new byte[1], StandardOpenOption.APPEND);
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(sink::finish)
          .withMessageContaining("should have 300000 bytes and has 300001");
    }
  }

  @Test
  void noticesAtTheEndThatTheFileIsGone() throws Exception {
    try (Target target = Ends.target(pool, out())) {
      try (Sink sink = Ends.open(target)) {
        Ends.write(sink, content);
        Files.delete(out());
        assertThatExceptionOfType(PipeException.DataLoss.class).isThrownBy(sink::finish);
        assertThatExceptionOfType(PipeException.DataLoss.class)
            .as("and never writes on")
            .isThrownBy(() -> Ends.write(sink, content));
      }
      assertThatExceptionOfType(PipeException.DataLoss.class).isThrownBy(() -> Ends.open(target));
    }
  }

  @Test
  void noticesOnResumeThatTheFileWasCut() throws Exception {
    try (Target target = Ends.target(pool, out())) {
      try (Sink sink = Ends.open(target)) {
        Ends.write(sink, content);
      }
      Files.write(out(), new byte[10]);
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(() -> Ends.open(target))
          .withMessageContaining("300000 bytes were written to it and it has 10");
    }
  }

  @Test
  void tellsWhoHoldsTheLock() throws Exception {
    Files.createFile(out());
    Process holder =
        new ProcessBuilder(
                "python3",
                "-c",
                "import fcntl,sys; f=open(sys.argv[1],'r+'); fcntl.lockf(f,fcntl.LOCK_EX);"
                    + " print('held',flush=True); sys.stdin.read()",
                out().toString())
            .redirectErrorStream(true)
            .start();
    try (var said = holder.inputReader()) {
      assertThat(said.readLine()).isEqualTo("held");
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> Ends.target(pool, out()))
          .withMessageContaining("is locked by process " + holder.pid());
    } finally {
      holder.destroyForcibly().waitFor();
    }
    Ends.target(pool, out()).close();
  }

  @Test
  void keepsItsLockWhileOthersOfThisProcessAreRefused() throws Exception {
    Files.createFile(out());
    try (Target target = Ends.target(pool, out())) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> Ends.target(pool, out()))
          .withMessageContaining("this very process is writing it already");
      assertThat(target).isNotNull();
      assertThat(lockedForOthers()).isTrue();
    }
    assertThat(lockedForOthers()).isFalse();
  }

  private boolean lockedForOthers() throws IOException, InterruptedException {
    Process asker =
        new ProcessBuilder(
                "python3",
                "-c",
                "import fcntl,sys; f=open(sys.argv[1],'r+');"
                    + " fcntl.lockf(f,fcntl.LOCK_EX|fcntl.LOCK_NB)",
                out().toString())
            .redirectErrorStream(true)
            .start();
    asker.getInputStream().readAllBytes();
    return asker.waitFor() != 0;
  }

  @Test
  void survivesAnInterruptOfItsWriter() throws Exception {
    try (Target target = Ends.target(pool, out())) {
      try (Sink sink = Ends.open(target)) {
        Ends.write(sink, content);
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class)
            .isThrownBy(() -> Ends.write(sink, content));
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
      }
      try (Sink sink = Ends.open(target)) {
        assertThat(sink.resume().position()).isEqualTo(300_000);
        Ends.write(sink, content);
        sink.finish();
      }
    }
    assertThat(Files.size(out())).isEqualTo(600_000);
  }

  @Test
  void survivesAnInterruptInTheMiddleOfAWrite() throws Exception {
    byte[] large = Ends.random(8 << 20, 6);
    try (Target target = Ends.target(pool, out())) {
      long held;
      try (Sink sink = Ends.open(target)) {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread writer =
            Thread.ofPlatform()
                .daemon()
                .start(() -> {
                  try {
                    for (long at = 0; ; at += large.length) {
                      sink.write(Ends.batch(pool, at, large));
                    }
                  } catch (PipeException | InterruptedException e) {
                    ended.complete(e);
                  }
                });
        sink.awaitCommitted(1);
        writer.interrupt();
        assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(InterruptedException.class);
        held = sink.awaitCommitted(1).position();
      }
      assertThat(held % large.length).as("whole batches").isZero();
      try (Sink sink = Ends.open(target)) {
        assertThat(sink.resume().position()).isEqualTo(held);
        sink.write(Ends.batch(pool, held, large));
        sink.finish();
        assertThat(lockedForOthers()).as("locked again").isTrue();
        // Reading the file here drops the lock: nothing looks at it afterwards.
        assertThat(sink.resume().digest())
            .isEqualTo(Digest.of(ByteBuffer.wrap(Files.readAllBytes(out()))));
      }
      assertThat(Files.size(out())).isEqualTo(held + large.length);
    }
  }

  @Test
  void saysThatItWasClosed() throws Exception {
    Target target = Ends.target(pool, out());
    Sink sink = Ends.open(target);
    Ends.write(sink, content);
    var later = sink.whenCommitted(300_001).toCompletableFuture();
    target.close();
    target.close();
    assertThat(later).isCompletedExceptionally();
    assertThat(sink.awaitCommitted(300_000).position()).isEqualTo(300_000);
    assertThatExceptionOfType(PipeException.Closed.class)
        .isThrownBy(() -> sink.awaitCommitted(300_001));
    assertThatExceptionOfType(PipeException.Closed.class).isThrownBy(() -> sink.newBatch(0));
    assertThatExceptionOfType(PipeException.Closed.class)
        .isThrownBy(() -> sink.write(Ends.batch(pool, 300_000, content)));
    assertThatExceptionOfType(PipeException.Closed.class).isThrownBy(sink::finish);
    assertThatExceptionOfType(PipeException.Closed.class).isThrownBy(() -> Ends.open(target));
  }

  @Test
  void namesWhatIsWrongWithThePath() throws Exception {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.target(pool, folder.resolve("none/out")))
        .withMessageContaining("none is not a directory");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Ends.target(pool, folder))
        .withMessageContaining("is a directory");
    try (Target target = Ends.target(pool, out())) {
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> target.open(Ends.STREAM, Encoding.RECORDS))
          .withMessageContaining("raw bytes only");
    }
  }
}
