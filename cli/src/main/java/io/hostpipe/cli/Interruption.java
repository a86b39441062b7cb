package io.hostpipe.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What happens on Ctrl-C, SIGTERM and SIGHUP while a pipe runs: an orderly end, within a second
 * unless the machine is busy, the peer takes nothing or nobody reads stderr.
 *
 * <p>The JVM answers these signals by running its shutdown hooks while everything else goes on; the
 * hook here is all there is to it (a signal that the parent chose to ignore stays ignored). It
 * aborts the pipe, which wakes the moving thread, gives that thread a moment to say what was
 * reached, says it itself when the thread does not come (a read of stdin may sit in the kernel),
 * and halts: an exit would wait for that very thread. Each step runs on a thread that may be left
 * behind.
 */
final class Interruption implements AutoCloseable {
  /** How long telling the peer and ending programs may take. */
  private static final long ABORT_MILLIS = 3_000;

  /** How long, from the signal on, the moving thread may take to say what was reached. */
  private static final long ORDERLY_MILLIS = 600;

  /** What it has in any case once all is closed. */
  private static final long ORDERLY_MILLIS_LEAST = 100;

  /** How long it may take from then on until all is said, by that thread or in its place. */
  private static final long TELLING_MILLIS = 3_000;

  private final Runnable abort;
  private final Runnable tell;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::onShutdown, "interruption");
  private volatile boolean happened;
  private volatile ExitCode exitCode = ExitCode.INTERRUPTED;

  /**
   * From here on a signal ends the pipe.
   *
   * @param abort closes everything that is open; may block
   * @param tell says what was reached, or returns when somebody else has said all of it
   */
  Interruption(Runnable abort, Runnable tell) {
    this.abort = abort;
    this.tell = tell;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether a signal came, so that whatever failed since failed for that reason. */
  boolean happened() {
    return happened;
  }

  /** It was said how the pipe ended; a signal that comes now changes nothing about it. */
  void told(ExitCode code) {
    exitCode = code;
  }

  /** The pipe has ended, and was told of: the process ends as its caller wants it. */
  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The hook runs already, and will halt the process in a moment.
    }
  }

  private void onShutdown() {
    happened = true;
    CountDownLatch aborted = new CountDownLatch(1);
    background(abort, aborted);
    try {
      long begunNanos = System.nanoTime();
      aborted.await(ABORT_MILLIS, TimeUnit.MILLISECONDS);
      long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos);
      long restMillis = Math.max(ORDERLY_MILLIS - tookMillis, ORDERLY_MILLIS_LEAST);
      if (!ended.await(restMillis, TimeUnit.MILLISECONDS)) {
        CountDownLatch told = new CountDownLatch(1);
        background(tell, told);
        told.await(TELLING_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(exitCode.number());
  }

  private static void background(Runnable step, CountDownLatch done) {
    Thread.ofPlatform()
        .daemon()
        .name("interruption-step")
        .start(() -> {
          try {
            step.run();
          } finally {
            done.countDown();
          }
        });
  }
}
