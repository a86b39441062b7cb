package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** The real command in a JVM of its own, with what it says kept as it comes. */
final class CommandProcess implements AutoCloseable {
  /** Generous: the machine may be busy with other tests. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Process process;
  private final Process last;
  private final Stream out;
  private final Stream err;

  private CommandProcess(Process process, Process last) {
    this.process = process;
    this.last = last;
    this.out = new Stream(last.getInputStream());
    this.err = new Stream(process.getErrorStream());
  }

  static CommandProcess start(String... words) throws IOException {
    return start(Map.of(), words);
  }

  static CommandProcess start(Map<String, String> environment, String... words) throws IOException {
    ProcessBuilder builder = builder(words);
    builder.environment().putAll(environment);
    Process process = builder.start();
    return new CommandProcess(process, process);
  }

  /** Starts it by another program, such as {@code ip netns exec}, which becomes it. */
  static CommandProcess startBy(List<String> starter, String... words) throws IOException {
    ProcessBuilder builder = builder(words);
    builder.command().addAll(0, starter);
    Process process = builder.start();
    return new CommandProcess(process, process);
  }

  /** Starts another program, which starts the command in its own way. */
  static CommandProcess startProgram(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).start();
    return new CommandProcess(process, process);
  }

  /** Starts it with another program behind its stdout; what that one says is {@link #out}. */
  static CommandProcess startInto(List<String> program, String... words) throws IOException {
    List<Process> both =
        ProcessBuilder.startPipeline(List.of(builder(words), new ProcessBuilder(program)));
    return new CommandProcess(both.getFirst(), both.getLast());
  }

  static ProcessBuilder builder(String... words) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("-XX:+UseSerialGC");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(words));
    return new ProcessBuilder(command);
  }

  /** Writes to its stdin. */
  CommandProcess feed(byte[] bytes) throws IOException {
    OutputStream in = process.getOutputStream();
    in.write(bytes);
    in.flush();
    return this;
  }

  /** Ends its stdin. */
  CommandProcess endInput() throws IOException {
    process.getOutputStream().close();
    return this;
  }

  /** Sends a signal to java itself. */
  CommandProcess signal(String name) throws IOException, InterruptedException {
    Process kill =
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
    return this;
  }

  /** Blocks until it has said this on stderr. */
  CommandProcess awaitSaid(String text) throws InterruptedException {
    err.await(said -> said.contains(text), text);
    return this;
  }

  /** Blocks until its stdout has ended. */
  CommandProcess awaitOutputEnd() throws InterruptedException {
    out.awaitEnd();
    return this;
  }

  /** Blocks until so many bytes came out of its stdout. */
  CommandProcess awaitOutput(int lengthBytes) throws InterruptedException {
    out.await(text -> text.length() >= lengthBytes, lengthBytes + " bytes");
    return this;
  }

  /** The port it says it listens on. */
  int awaitPort() throws InterruptedException {
    awaitSaid("hostpipe: listening on ");
    err.await(said -> said.matches("(?s).*listening on [^\n]*:[0-9]+/.*"), "a port");
    return Integer.parseInt(err().replaceAll("(?s).*listening on [^\n]*:([0-9]+)/.*", "$1"));
  }

  /** Blocks until it has ended, and everything it said is here. */
  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
        .as(() -> "ended; said: " + err())
        .isTrue();
    err.awaitEnd();
    out.awaitEnd();
    return process.exitValue();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  Process process() {
    return process;
  }

  byte[] out() {
    return out.bytes();
  }

  String err() {
    return new String(err.bytes(), StandardCharsets.UTF_8);
  }

  /** Kills what is left. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    last.destroyForcibly();
  }

  /** Bytes that are read as they come. */
  private static final class Stream {
    /** Between two looks whether the process is still there to say more. */
    private static final long LOOK_NANOS = 50_000_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition came = lock.newCondition();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread reader;

    Stream(InputStream in) {
      reader = Thread.ofPlatform().daemon().start(() -> read(in));
    }

    byte[] bytes() {
      lock.lock();
      try {
        return bytes.toByteArray();
      } finally {
        lock.unlock();
      }
    }

    void await(Predicate<String> wanted, String what) throws InterruptedException {
      long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
      lock.lock();
      try {
        while (!wanted.test(bytes.toString(StandardCharsets.ISO_8859_1))) {
          if (deadlineNanos - System.nanoTime() <= 0 || !reader.isAlive()) {
            throw new AssertionError(
                "no " + what + " in: " + bytes.toString(StandardCharsets.UTF_8));
          }
          came.awaitNanos(LOOK_NANOS);
        }
      } finally {
        lock.unlock();
      }
    }

    void awaitEnd() throws InterruptedException {
      reader.join(PATIENCE);
    }

    private void read(InputStream in) {
      byte[] chunk = new byte[64 << 10];
      try {
        int length = in.read(chunk);
        while (length >= 0) {
          lock.lock();
          try {
            bytes.write(chunk, 0, length);
            came.signalAll();
          } finally {
            lock.unlock();
          }
          length = in.read(chunk);
        }
      } catch (IOException e) {
        // Closed by the test.
      }
    }
  }
}
