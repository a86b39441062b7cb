package io.hostpipe.bench;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A second JVM like this one, for the other end: same Java, same options, same class path.
 *
 * <p>It says what it has to say in lines on its standard output and lives until its standard input
 * ends. Thread rule: one thread.
 */
final class OtherJvm implements AutoCloseable {
  private static final long END_SECONDS_MAX = 10;

  private final Process process;
  private final BufferedReader lines;

  private OtherJvm(Process process) {
    this.process = process;
    this.lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
  }

  /** Starts the main class with these words. */
  static OtherJvm start(Class<?> main, List<String> words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(words);
    return new OtherJvm(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** The next line that it says. Blocks. */
  String line() throws IOException {
    String line = lines.readLine();
    if (line == null) {
      throw new EOFException("the other JVM has ended");
    }
    return line;
  }

  /** Ends it and waits for that. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(END_SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** In the other JVM: says one line, then lives until the first one closes its end. */
  static void sayAndStay(String line) throws IOException {
    System.out.println(line);
    while (System.in.read() >= 0) {
      // What is said here means nothing.
    }
    // The threads that serve are blocked in reads; nothing of theirs is worth waiting for.
    Runtime.getRuntime().halt(0);
  }
}
