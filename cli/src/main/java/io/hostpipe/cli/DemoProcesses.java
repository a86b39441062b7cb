package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Starts this command again, in processes of its own.
 *
 * <p>Thread rule: one thread starts; {@link #close} from any, and nothing starts after it.
 */
final class DemoProcesses implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final List<DemoProcess> started = new ArrayList<>();
  private final List<Process> others = new ArrayList<>();
  private boolean closed;

  /** Starts hostpipe with these words. */
  DemoProcess start(String role, List<String> words) throws IOException {
    List<String> command = new ArrayList<>(ownCommand());
    command.addAll(words);
    lock.lock();
    try {
      checkOpen();
      DemoProcess process = new DemoProcess(role, command);
      started.add(process);
      return process;
    } finally {
      lock.unlock();
    }
  }

  /** Starts another program. */
  Process startOther(ProcessBuilder builder) throws IOException {
    lock.lock();
    try {
      checkOpen();
      Process process = builder.start();
      others.add(process);
      return process;
    } finally {
      lock.unlock();
    }
  }

  private void checkOpen() throws PipeException {
    if (closed) {
      throw new PipeException.Closed(Status.CANCELLED, "the demo was ended");
    }
  }

  /** Ends what still runs. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      started.forEach(DemoProcess::end);
      for (Process other : others) {
        List<ProcessHandle> below = other.descendants().toList();
        other.destroy();
        below.forEach(ProcessHandle::destroy);
      }
    } finally {
      lock.unlock();
    }
  }

  /** This java with the flags it was started with, up to the main class. */
  static List<String> ownCommand() {
    String main = Main.class.getName();
    ProcessHandle.Info info = ProcessHandle.current().info();
    List<String> own = new ArrayList<>();
    info.command().ifPresent(own::add);
    for (String argument : info.arguments().orElse(new String[0])) {
      own.add(argument);
      if (argument.equals(main)) {
        return own;
      }
    }
    // Started in another way, as from a test: the same class path does.
    return List.of(
        System.getProperty("java.home") + "/bin/java",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path", ""),
        main);
  }
}
