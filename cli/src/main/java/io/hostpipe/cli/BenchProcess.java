package io.hostpipe.cli;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process of this command that answers over two pipes of the operating system.
 *
 * <p>They are made as FIFOs, since Java reads the streams of its own children through buffers of
 * its own; once both sides have them open they are gone from the file system.
 */
final class BenchProcess implements BenchLink {
  private final Process process;
  private final BenchStreams streams;

  private BenchProcess(Process process, BenchStreams streams) {
    this.process = process;
    this.streams = streams;
  }

  static BenchProcess start() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("hostpipe-bench");
    Path there = folder.resolve("there");
    Path back = folder.resolve("back");
    Process process = null;
    try {
      Process made = new ProcessBuilder("mkfifo", there.toString(), back.toString()).start();
      if (made.waitFor() != 0) {
        throw new IOException("no local pipe can be made in " + folder);
      }
      // The shell opens them in this order, and so does this side: each waits for the other.
      List<String> command =
          new ArrayList<>(List.of("sh", "-c", "exec <\"$0\" >\"$1\"; shift; exec \"$@\""));
      command.add(there.toString());
      command.add(back.toString());
      command.addAll(DemoProcesses.ownCommand());
      command.addAll(List.of("bench", "-", BenchOptions.ANSWER));
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      FileOutputStream out = new FileOutputStream(there.toFile());
      FileInputStream in = new FileInputStream(back.toFile());
      return new BenchProcess(process, new BenchStreams(in.getChannel(), out.getChannel()));
    } catch (IOException | InterruptedException e) {
      if (process != null) {
        process.destroy();
      }
      throw e;
    } finally {
      Files.deleteIfExists(there);
      Files.deleteIfExists(back);
      Files.deleteIfExists(folder);
    }
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    streams.write(bytes);
  }

  @Override
  public void finish() throws IOException {
    streams.finish();
  }

  @Override
  public @Nullable ByteBuffer next() throws IOException {
    return streams.next();
  }

  @Override
  public void close() {
    streams.close();
    process.destroy();
  }
}
