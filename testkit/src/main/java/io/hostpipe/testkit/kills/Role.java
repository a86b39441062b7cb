package io.hostpipe.testkit.kills;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One of the commands of a run: started again whenever it was killed, always by the same words.
 *
 * <p>What it says goes to a file, one for all of its processes. Thread rule: one thread.
 */
final class Role {
  /** Generous: the machine may be busy with other tests. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final Pattern HANDED_OVER =
      Pattern.compile("handed over: \\d+\\.\\.(\\d+), known");
  private static final String CONNECTED = "hostpipe: connected to ";
  private static final String DONE = "hostpipe: done: ";
  private static final String AGAIN = ": start it again to go back";
  private static final int REFUSED = 4;
  private static final int INTERRUPTED = 130;

  private final String name;
  private final List<String> command;
  private final @Nullable Path input;
  private final boolean fed;
  private final Map<String, String> environment;
  private final Path log;
  private @Nullable Process process;

  /** Where in the log the present process began to speak. */
  private long logBegin;

  private long handedOver;
  private boolean terminated;

  /**
   * A command that was not started yet.
   *
   * @param input the file that its stream begins with; null when that comes from elsewhere
   * @param fed whether that comes from its stdin, from the beginning at every start
   */
  Role(
      String name,
      Path folder,
      List<String> command,
      @Nullable Path input,
      boolean fed,
      Map<String, String> environment) {
    this.name = name;
    this.command = command;
    this.input = input;
    this.fed = fed;
    this.environment = environment;
    this.log = folder.resolve(name + ".log");
  }

  /** What it is called in messages. */
  String name() {
    return name;
  }

  /** Starts it, for the first time or again. */
  void start() throws IOException {
    logBegin = Files.exists(log) ? Files.size(log) : 0;
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Process started = builder.start();
    process = started;
    Path bytes = input;
    if (bytes == null || !fed) {
      started.getOutputStream().close();
    } else {
      Thread.ofPlatform().daemon().name("producer").start(() -> feed(bytes, started));
    }
  }

  /** Its process, which a signal is for: java itself, never a shell around it. */
  long pid() {
    return process().pid();
  }

  boolean isAlive() {
    return process().isAlive();
  }

  /** Whether it has done all that it had to. */
  boolean hasEnded() {
    return Objects.equals(exitCode(), 0);
  }

  /**
   * What it ended with; null while it runs. One that was asked to end ended well, too, when a pipe
   * whose stream was confirmed had not quite closed.
   */
  @Nullable Integer exitCode() {
    if (isAlive()) {
      return null;
    }
    int code = process().exitValue();
    return terminated && code == INTERRUPTED ? 0 : code;
  }

  /** Whether its present process has a link, and so knows all signals. */
  boolean isConnected() throws IOException {
    return said().contains(CONNECTED);
  }

  /** Whether its present process has said that all is done; it may not have ended yet. */
  boolean isDone() throws IOException {
    return said().contains(DONE);
  }

  /**
   * Whether its present process ended because its receiver has less than when it began, and its
   * producer has to give that once more.
   */
  boolean asksForAnother() throws IOException {
    return fed && Objects.equals(exitCode(), REFUSED) && said().contains(AGAIN);
  }

  /** Whether its present process has become java; a launcher is a shell at first. */
  boolean isJava() {
    try {
      Path program = Files.readSymbolicLink(Path.of("/proc/" + pid() + "/exe"));
      return Objects.toString(program.getFileName()).equals("java");
    } catch (IOException e) {
      return false; // it has ended meanwhile
    }
  }

  /**
   * How much it has taken from its source, as it says itself when it is asked; the last known
   * figure when it cannot be asked now.
   */
  long handedOver() throws IOException, InterruptedException {
    if (input != null && hasEnded()) {
      return Files.size(input);
    }
    if (!isAlive() || !isConnected()) {
      return handedOver;
    }
    int before = said().length();
    signal("USR1");
    long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    while (isAlive() && System.nanoTime() < deadlineNanos) {
      Matcher matcher = HANDED_OVER.matcher(said().substring(before));
      if (matcher.find()) {
        handedOver = Math.max(handedOver, Long.parseLong(matcher.group(1)));
        return handedOver;
      }
      Patience.lookAgain();
    }
    return handedOver;
  }

  /** Suspends it; it is suspended when this returns, unless it has ended before. */
  void suspend() throws IOException, InterruptedException {
    signal("STOP");
    long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    while (isAlive() && !isSuspended()) {
      if (System.nanoTime() > deadlineNanos) {
        throw new IOException(this + " does not stop for SIGSTOP");
      }
      Patience.lookAgain();
    }
  }

  void goOn() throws IOException, InterruptedException {
    signal("CONT");
  }

  /** Kills it; it is gone when this returns. */
  void kill() throws IOException, InterruptedException {
    signal("KILL");
    if (!process().waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException(this + " survived SIGKILL");
    }
  }

  /** Asks it to end. */
  void terminate() throws IOException, InterruptedException {
    terminated = true;
    signal("TERM");
  }

  /** Kills it if it runs. */
  void end() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly();
    }
  }

  /** What its present process has said so far. */
  String said() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      byte[] bytes = new byte[(int) Math.max(0, file.length() - logBegin)];
      file.seek(logBegin);
      file.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** The end of all that its processes have said, for a report. */
  String lastWords(int lineCount) throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - lineCount), lines.size()));
  }

  @Override
  public String toString() {
    return name + " (process " + (process == null ? "-" : String.valueOf(pid())) + ")";
  }

  private Process process() {
    return Objects.requireNonNull(process, "not started");
  }

  private boolean isSuspended() {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid() + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
    } catch (IOException e) {
      return false;
    }
  }

  private void signal(String signal) throws IOException, InterruptedException {
    List<String> kill = new ArrayList<>(List.of("kill", "-" + signal, String.valueOf(pid())));
    Process sent =
        new ProcessBuilder(kill)
            .redirectError(ProcessBuilder.Redirect.DISCARD) // it may have ended meanwhile
            .start();
    sent.waitFor();
  }

  private static void feed(Path input, Process into) {
    try (OutputStream out = into.getOutputStream()) {
      Files.copy(input, out);
    } catch (IOException e) {
      // The process was killed: its producer dies of that, as one before a pipe does.
    }
  }
}
