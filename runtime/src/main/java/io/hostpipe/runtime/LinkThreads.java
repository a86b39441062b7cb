package io.hostpipe.runtime;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that stand in the background of links, write on their account, and move accepted
 * pipes: platform threads for the first few, virtual ones for all beyond.
 *
 * <p>A socket that a virtual thread has once read or written stays non-blocking for ever, and then
 * costs every reader three system calls instead of one: a read in vain, a poll, and the read. Few
 * links are fast links, and may have a thread each; of ten thousand nearly all are idle.
 *
 * <p>Thread rule: any thread.
 */
final class LinkThreads {
  /** How many links may have a platform thread in their background. */
  private static final int BACKGROUND_COUNT_MAX = 32;

  /** How many writes on account of the background may be under way on platform threads. */
  private static final int WRITER_COUNT_MAX = 4;

  /** How many accepted pipes may be handled on platform threads. */
  private static final int RELAY_COUNT_MAX = 32;

  private static final long IDLE_SECONDS = 10;

  private static final ThreadPoolExecutor BACKGROUND = pool("hostpipe-link", BACKGROUND_COUNT_MAX);
  private static final ThreadPoolExecutor WRITERS = pool("hostpipe-writer", WRITER_COUNT_MAX);

  private static final ThreadPoolExecutor RELAYS = pool("hostpipe-relay", RELAY_COUNT_MAX);

  private LinkThreads() {}

  /** Runs what reads one link until it ends. */
  static void background(Runnable task) {
    BACKGROUND.execute(task);
  }

  /** Runs one write. */
  static void write(Runnable task) {
    WRITERS.execute(task);
  }

  /** Runs what moves an accepted pipe until it ends. */
  static void relay(Runnable task) {
    RELAYS.execute(task);
  }

  private static ThreadPoolExecutor pool(String name, int countMax) {
    return new ThreadPoolExecutor(
        0,
        countMax,
        IDLE_SECONDS,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> Thread.ofPlatform().daemon().name(name).unstarted(task),
        (task, pool) -> Thread.ofVirtual().name(name).start(task));
  }
}
