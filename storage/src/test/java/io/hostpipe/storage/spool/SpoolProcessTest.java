package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spools of real processes, which are killed, and on file systems that are full or read-only. */
final class SpoolProcessTest {
  @TempDir Path folder;

  @Test
  void aKilledProcessKeepsWhatItPromisedAndTheNextOneGoesOn() throws Exception {
    Random random = new Random(7);
    long promised = 0;
    for (int kill = 0; kill < 5; kill++) {
      Process process = new ProcessBuilder(SpoolProcess.command("fill", spool())).start();
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        assertThat(numberIn(lines.readLine())).isGreaterThanOrEqualTo(promised);
        int lineCount = 20 + random.nextInt(200);
        for (int line = 0; line < lineCount; line++) {
          promised = Math.max(promised, numberIn(lines.readLine()));
        }
        process.toHandle().destroyForcibly(); // which, unlike the process, leaves the stream open
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          promised = Math.max(promised, numberOrZero(line));
        }
      }
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      promised = checked(promised);
    }
  }

  @Test
  void aSecondProcessIsToldWhoHasTheSpool() throws Exception {
    Process process = new ProcessBuilder(SpoolProcess.command("hold", spool())).start();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      assertThat(lines.readLine()).startsWith("holds ");
      assertThatThrownBy(this::open)
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("process " + process.pid())
          .hasMessageContaining("a test of q");
      assertThat(new SpoolFolder(RealDisk.INSTANCE, Path.of(spool())).list().holder())
          .contains("process " + process.pid());
      process.getOutputStream().close();
      assertThat(lines.readLine()).startsWith("lets go");
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    open().close();
  }

  @Test
  void aFullFileSystemStopsTheWriterUntilSomethingIsReleased() throws Exception {
    List<String> said = onFileSystem("size=6m", "release");
    assertThat(said.getFirst()).contains("is full").contains("its file system has");
    assertThat(said.get(1)).isEqualTo("held true");
    assertThat(said).contains("all arrived").anyMatch(line -> line.contains("has room again"));
  }

  @Test
  void aFileSystemThatOthersHaveFilledStopsTheWriterUntilTheyMakeRoom() throws Exception {
    List<String> said = onFileSystem("size=3m", "room");
    assertThat(said.getFirst()).isEqualTo("filled");
    assertThat(said.get(1)).contains("is full").contains("its file system");
    assertThat(said.getLast()).isEqualTo("all arrived");
  }

  @Test
  void aReadOnlyFileSystemIsRefusedAtOnce() throws Exception {
    List<String> said = onFileSystem("size=3m,ro", "readonly");
    assertThat(said).singleElement().asString().contains("Refused").contains("Read-only");
  }

  /** Runs a process on a small file system that only it sees; what it said. */
  private List<String> onFileSystem(String options, String word) throws Exception {
    Path mount = Files.createDirectories(folder.resolve("mount"));
    List<String> command =
        new ArrayList<>(List.of("unshare", "--map-root-user", "--mount", "sh", "-c"));
    command.add("mount -t tmpfs -o " + options + " none \"$0\" && exec \"$@\"");
    command.add(mount.toString());
    assumeTrue(
        new ProcessBuilder("unshare", "--map-root-user", "--mount", "true").start().waitFor() == 0,
        "no right to mount file systems");
    command.addAll(SpoolProcess.command(word, mount.resolve("q").toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> said;
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      said = lines.lines().toList();
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(said).isNotEmpty();
    return said;
  }

  /** Everything that was promised is there, and is what was written; how far it goes. */
  private long checked(long promised) throws Exception {
    try (Spool spool = open()) {
      SpoolStream stream = spool.open(SpoolProcess.STREAM, Encoding.RAW);
      long end = stream.held().position();
      assertThat(end).isGreaterThanOrEqualTo(promised);
      Source source = stream.source(false);
      long from = Math.max(0, end - 3_000_000);
      source.seek(new Resume(from, null, null));
      byte[] read = Streams.read(source, (int) (end - from));
      assertThat(read).isEqualTo(SpoolProcess.content(from, read.length));
      return end;
    }
  }

  private Spool open() throws PipeException {
    SpoolOptions options = SpoolOptions.DEFAULT.withSegmentBytes(256 << 10);
    return Spool.open(
        RealDisk.INSTANCE, Path.of(spool()), options, new BlockPool(16 << 20), PipeEvents.SILENT);
  }

  private String spool() {
    return folder.resolve("q").toString();
  }

  private static long numberIn(String line) {
    return Long.parseLong(line.substring(line.indexOf(' ') + 1));
  }

  /** Of a last line, which the kill may have cut: then it says less than was promised. */
  private static long numberOrZero(String line) {
    return line.startsWith("promised ") && line.length() > 9 ? numberIn(line) : 0;
  }
}
