package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One process of the demo: its exit code, the address it listens on, its summary.
 *
 * <p>Thread rule: any thread; a virtual thread of its own reads what the process says.
 */
final class DemoProcess {
  /** What a process says before it ends in failure. */
  private static final int LINES_KEPT = 20;

  private static final String LISTENING = "hostpipe: listening on ";
  private static final String HOST = "127.0.0.1:";

  private final String role;
  private final Process process;
  private final Thread reader;
  private final CountDownLatch listening = new CountDownLatch(1);
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<String> lines = new ArrayDeque<>();
  private volatile boolean listens;
  private volatile int port = -1;
  private volatile String summary = "";

  DemoProcess(String role, List<String> command) throws IOException {
    this.role = role;
    this.process =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    this.reader = Thread.ofVirtual().name(role).start(this::read);
  }

  /** The port it listens on, once it says so; -1 when it has none. */
  int awaitListening(Duration atMost) throws PipeException, InterruptedException {
    if (!listening.await(atMost.toMillis(), TimeUnit.MILLISECONDS) || !listens) {
      throw new PipeException.Unreachable(
          Status.DEADLINE_EXCEEDED, "the " + role + " does not listen: " + said(), null);
    }
    return port;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void awaitEnd(Duration atMost) throws InterruptedException {
    process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** How it ended; blocks until it has. */
  ExitCode exitCode() throws InterruptedException {
    int number = process.waitFor();
    reader.join();
    for (ExitCode code : ExitCode.values()) {
      if (code.number() == number) {
        return code;
      }
    }
    return ExitCode.BUG;
  }

  /** A number of its summary; -1 when it has none. */
  long number(String name) {
    String mark = "\"" + name + "\":";
    int from = summary.indexOf(mark) + mark.length();
    int to = from;
    while (to < summary.length() && Character.isDigit(summary.charAt(to))) {
      to++;
    }
    return from < mark.length() || to == from ? -1 : Long.parseLong(summary, from, to, 10);
  }

  /** The digest of its summary; empty when it has none. */
  String digest() {
    String mark = "\"digest\":\"";
    int from = summary.indexOf(mark) + mark.length();
    return from < mark.length() ? "" : summary.substring(from, summary.indexOf('"', from));
  }

  /** Shows what it said, when it failed. */
  void tellFailure(Console console) throws InterruptedException {
    ExitCode code = exitCode();
    if (code != ExitCode.OK) {
      console.say("the " + role + " ended with exit code " + code.number() + ": " + said());
    }
  }

  void end() {
    process.destroy();
  }

  private String said() {
    lock.lock();
    try {
      return String.join("\n", lines);
    } finally {
      lock.unlock();
    }
  }

  private void read() {
    try (BufferedReader in = process.errorReader()) {
      @Nullable String line = in.readLine();
      while (line != null) {
        take(line);
        line = in.readLine();
      }
    } catch (IOException e) {
      // The process is gone; its exit code tells the rest.
    } finally {
      listening.countDown();
    }
  }

  private void take(String line) {
    if (line.startsWith("{")) {
      summary = line;
      return;
    }
    if (line.startsWith(LISTENING)) {
      port = portOf(line);
      listens = true;
      listening.countDown();
    }
    lock.lock();
    try {
      lines.add(line);
      if (lines.size() > LINES_KEPT) {
        lines.remove();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The digits behind the host, which is this one in the demo. */
  private static int portOf(String line) {
    int from = line.indexOf(HOST) + HOST.length();
    int to = from;
    while (to < line.length() && Character.isDigit(line.charAt(to))) {
      to++;
    }
    return from < HOST.length() || to == from ? -1 : Integer.parseInt(line, from, to, 10);
  }
}
