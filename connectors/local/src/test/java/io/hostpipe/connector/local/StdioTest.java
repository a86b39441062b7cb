package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Standard input and output in processes of their own, relayed by {@link Copy}. */
@SuppressWarnings("try") // closing by hand is what is tested
final class StdioTest {
  @TempDir private Path folder;

  @Test
  void movesEveryByteFromStdinToStdout() throws Exception {
    byte[] content = Ends.random(10_000_000, 1);
    Process copy = Copy.program("", "-", "-").start();
    CompletableFuture<byte[]> out = reading(copy.getInputStream());
    CompletableFuture<byte[]> told = reading(copy.getErrorStream());
    try (OutputStream in = copy.getOutputStream()) {
      in.write(content);
    }
    assertThat(out.get(2, TimeUnit.MINUTES)).isEqualTo(content);
    assertThat(copy.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(text(told))
        .contains("position 10000000 committed 10000000 digest")
        .contains(Digest.of(ByteBuffer.wrap(content)).toString())
        .contains("taken 0");
    assertThat(copy.exitValue()).isZero();
  }

  @Test
  void handsATrickleOnAtOnce() throws Exception {
    Process copy = Copy.program("", "-", "-").start();
    try (OutputStream in = copy.getOutputStream();
        InputStream out = copy.getInputStream()) {
      for (int each = 0; each < 3; each++) {
        in.write(each);
        in.flush();
        assertThat(out.read()).isEqualTo(each);
      }
      in.close();
      assertThat(out.read()).isEqualTo(-1);
    }
    assertThat(copy.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(copy.exitValue()).isZero();
  }

  @Test
  void saysHowMuchAProgramThatEndedWasHanded() throws Exception {
    Process copy = Copy.program("", "/dev/zero", "-").start();
    CompletableFuture<byte[]> told = reading(copy.getErrorStream());
    try (InputStream out = copy.getInputStream()) {
      assertThat(out.readNBytes(1_000_000)).hasSize(1_000_000);
    }
    assertThat(copy.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(copy.exitValue()).isEqualTo(1);
    assertThat(text(told))
        .contains("CANCELLED the program behind standard output ended; ")
        .contains(" bytes were handed to it")
        .contains("taken 0");
  }

  @Test
  void neverCommitsWhatAFileHadNoRoomFor() throws Exception {
    // The shell's limit on the size of a file, in KiB, stands for a disk that is full.
    Path out = folder.resolve("out");
    Process copy = Copy.program("ulimit -f 1000;", "/dev/zero", out.toString()).start();
    CompletableFuture<byte[]> told = reading(copy.getErrorStream());
    assertThat(copy.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(copy.exitValue()).isEqualTo(1);
    assertThat(text(told))
        .contains("RESOURCE_EXHAUSTED " + out + " has no room left at position")
        .containsPattern("committed [0-9]+ ");
    long committed = Long.parseLong(text(told).replaceAll("(?s).* committed ([0-9]+) .*", "$1"));
    assertThat(committed).isPositive().isLessThanOrEqualTo(Files.size(out));
  }

  @Test
  void givesAFastPipeMoreRoom() throws Exception {
    // The feeder asks for the room of its own standard output (F_GETPIPE_SZ) when it is done.
    String feeder =
        "python3 -c 'import fcntl,os,sys;"
            + " [os.write(1,bytes(65536)) for _ in range(100)];"
            + " print(\"room\",fcntl.fcntl(1,1032),file=sys.stderr)' |";
    Process copy = Copy.program(feeder, "-", folder.resolve("out").toString()).start();
    CompletableFuture<byte[]> told = reading(copy.getErrorStream());
    assertThat(copy.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(text(told)).contains("position 6553600 ").contains("room 1048576");
  }

  @Test
  void readsATerminal() throws Exception {
    Path out = folder.resolve("out");
    // script(1) makes the terminal; the end of input is Ctrl-D.
    Process copy =
        Copy.program(
                "run() { exec script -qec \"$(printf '%q ' \"$@\")\" /dev/null; }; run",
                "-", out.toString())
            .start();
    try (OutputStream in = copy.getOutputStream()) {
      in.write("typed\n\u0004".getBytes(StandardCharsets.UTF_8));
      in.flush();
      CompletableFuture<byte[]> shown = reading(copy.getInputStream());
      assertThat(copy.waitFor(2, TimeUnit.MINUTES)).as(() -> text(shown)).isTrue();
    }
    assertThat(out).hasContent("typed\n");
  }

  private static CompletableFuture<byte[]> reading(InputStream in) {
    return CompletableFuture.supplyAsync(() -> {
      try (in) {
        return in.readAllBytes();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    });
  }

  private static String text(CompletableFuture<byte[]> bytes) {
    return new String(bytes.join(), StandardCharsets.UTF_8);
  }
}
