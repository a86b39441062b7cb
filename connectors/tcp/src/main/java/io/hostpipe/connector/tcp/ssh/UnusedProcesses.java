package io.hostpipe.connector.tcp.ssh;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Processes of ssh that carry no link yet, or none any more: they do not outlive this process, on
 * however dead a way or with whatever question to the user. One that has carried a link is given a
 * moment, in which it passes on what was written.
 *
 * <p>Thread rule: any thread.
 */
final class UnusedProcesses {
  private static final long PASSING_MILLIS = 500;

  /** And whether each has carried a link. */
  private static final Map<Process, Boolean> ALL = new ConcurrentHashMap<>();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(UnusedProcesses::endAll, "hostpipe-ssh-end"));
  }

  private UnusedProcesses() {}

  /** It has just been started. */
  static void dialing(Process process) {
    add(process, false);
  }

  /** It carries a link. */
  static void used(Process process) {
    ALL.remove(process);
  }

  /** Its link was closed. */
  static void closed(Process process) {
    add(process, true);
  }

  private static void add(Process process, boolean hasCarried) {
    ALL.put(process, hasCarried);
    var _ = process.onExit().thenAccept(ALL::remove);
  }

  private static void endAll() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PASSING_MILLIS);
    ALL.forEach((process, hasCarried) -> {
      try {
        if (!hasCarried || !process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          process.destroy();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }
}
