package io.hostpipe.testkit.servers;

import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One server as a process of its own, which can be killed, stopped for a while, and started again
 * with what it has on disk. What it says goes into a file of its folder.
 *
 * <p>Thread rule: one thread.
 */
final class ServerProcess implements AutoCloseable {
  private static final int STOP_SECONDS = 20;

  /** Several that are a Java each, on a machine with other work. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Below those that systems give who listens at port 0, and who dials. */
  private static final int FIRST_PORT = 10_000;

  private static final int PORT_COUNT = 22_000;

  /** Tests of several processes begin at different ones. */
  private static final AtomicInteger NEXT_PORT =
      new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % PORT_COUNT));

  private final List<String> command;
  private final Map<String, String> environment;
  private final Path folder;
  private final int port;
  private @Nullable Process process;

  /**
   * A server that is not started yet.
   *
   * @param folder where it runs, and where its output goes
   * @param port that it answers on when it is ready
   */
  ServerProcess(List<String> command, Path folder, int port) {
    this(command, Map.of(), folder, port);
  }

  /**
   * The same.
   *
   * @param environment what it finds there beside what this process has
   */
  ServerProcess(List<String> command, Map<String, String> environment, Path folder, int port) {
    this.command = List.copyOf(command);
    this.environment = Map.copyOf(environment);
    this.folder = folder;
    this.port = port;
  }

  /** Starts it and waits until its port answers. */
  void start() throws IOException {
    begin();
    awaitAnswer();
  }

  /** Starts it and does not wait: it may need others before it answers. */
  void begin() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile()));
    builder.environment().putAll(environment);
    process = builder.start();
  }

  /** Waits until the port of what was begun answers. */
  void awaitAnswer() throws IOException {
    Process started = running();
    InParallel.await(PATIENCE, () -> answers() || !started.isAlive());
    if (!started.isAlive()) {
      throw new AssertionError(
          command.getFirst() + " did not start: " + Files.readString(output()));
    }
  }

  /** As kill -9 does. */
  void kill() {
    running().destroyForcibly();
    awaitEnd();
  }

  /** Asks it to stop, and waits until it has. */
  void stop() {
    running().destroy();
    awaitEnd();
  }

  /** Stops its clock: it holds its connections and answers nobody, until {@link #goOn}. */
  void pause() throws IOException, InterruptedException {
    signal("STOP");
    Path state = Path.of("/proc", "" + running().pid(), "stat");
    InParallel.await(() -> isStopped(state));
  }

  void goOn() throws IOException, InterruptedException {
    signal("CONT");
  }

  /**
   * Sends it a signal, and waits until it has said these words once more than before.
   *
   * @param failed what it says instead when it cannot do that
   */
  void tellAndAwait(String signal, String done, String failed)
      throws IOException, InterruptedException {
    int doneBefore = timesSaid(done);
    int failedBefore = timesSaid(failed);
    signal(signal);
    InParallel.await(() -> timesSaid(done) > doneBefore || timesSaid(failed) > failedBefore);
    if (timesSaid(failed) > failedBefore) {
      throw new AssertionError(Files.readString(output()));
    }
  }

  @Override
  public void close() {
    Process last = process;
    if (last != null) {
      last.destroyForcibly();
      awaitEnd();
    }
  }

  /**
   * A port of loopback that nobody uses now. Until its server listens there it is nobody's: so it
   * is none of those that a system gives by itself, and none that was given here before.
   */
  static int freePort() throws IOException {
    while (true) {
      int port = FIRST_PORT + NEXT_PORT.getAndIncrement() % PORT_COUNT;
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        // Somebody's; the next one.
      }
    }
  }

  /** The word behind the name in parentheses (proc(5)). */
  private static boolean isStopped(Path state) {
    try {
      String text = Files.readString(state);
      return text.startsWith("T", text.lastIndexOf(')') + 2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, "" + running().pid()).inheritIO().start().waitFor();
  }

  private int timesSaid(String words) {
    try {
      return Files.readString(output()).split(Pattern.quote(words), -1).length;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path output() {
    return folder.resolve("output.log");
  }

  private Process running() {
    return Objects.requireNonNull(process, "it was not started");
  }

  private void awaitEnd() {
    try {
      if (!running().waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        running().destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      socket.setSoTimeout(1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
