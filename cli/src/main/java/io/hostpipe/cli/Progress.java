package io.hostpipe.cli;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The line that is redrawn while bytes move: how many, how fast, how long still, how the link is.
 *
 * <p>Thread rule: a daemon thread of its own draws; the rest from any thread.
 */
final class Progress implements AutoCloseable {
  private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** The rate shown forgets what is older than about this. */
  private static final double SMOOTHING_SECONDS = 3;

  /** A time left beyond this is no forecast. */
  private static final double ETA_SECONDS_MAX = 99 * 86_400.0;

  private final Console console;
  private final Counts counts;
  private final Supplier<String> linkState;
  private final long sizeBytes;
  private final Terminal terminal = new Terminal();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private boolean closed;
  private double bytesPerSecond;
  private long lastPosition;
  private long lastNanos;

  /**
   * A line that is not drawn yet.
   *
   * @param counts what moves
   * @param linkState how the links are, in a few words
   * @param sizeBytes how much will come; -1 when nobody knows
   */
  Progress(Console console, Counts counts, Supplier<String> linkState, long sizeBytes) {
    this.console = console;
    this.counts = counts;
    this.linkState = linkState;
    this.sizeBytes = sizeBytes;
  }

  /** Begins to draw. */
  void start() {
    Thread.ofPlatform().daemon().name("progress").start(this::drawUntilClosed);
  }

  /** One line that stays, for whoever asks by a signal. */
  void sayOnce() {
    lock.lock();
    try {
      measure();
      console.say(line() + "; " + counts.positionsText());
    } finally {
      lock.unlock();
    }
  }

  /** Takes the line away. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      ended.signalAll();
    } finally {
      lock.unlock();
    }
    console.clearStatus();
  }

  private void drawUntilClosed() {
    lock.lock();
    try {
      while (!closed) {
        if (ended.awaitNanos(REDRAW_NANOS) <= 0 && !closed) {
          measure();
          console.status(cut(line(), terminal.columns() - 1));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Weighs the rate since the last look by how long ago that was. */
  private void measure() {
    long now = System.nanoTime();
    long position = counts.readPosition();
    if (lastNanos == 0) {
      lastPosition = counts.startPosition();
      lastNanos = now - Math.max(counts.elapsedNanos(), 1);
    }
    double seconds = (now - lastNanos) / 1e9;
    double latest = (position - lastPosition) / seconds;
    double weight = 1 - Math.exp(-seconds / SMOOTHING_SECONDS);
    // The first bytes say what the rate is; before them there was none to forget slowly.
    bytesPerSecond =
        bytesPerSecond <= 0 ? latest : bytesPerSecond + weight * (latest - bytesPerSecond);
    lastPosition = position;
    lastNanos = now;
  }

  private String line() {
    String state = linkState.get();
    long messageCount = counts.messageCount();
    if (messageCount >= 0) {
      String messages = Quantity.groupedText(messageCount) + " messages";
      state = state.isEmpty() ? messages : messages + "  " + state;
    }
    return line(counts.readPosition(), bytesPerSecond, sizeBytes, state);
  }

  /** The line: bytes, rate, share and time left where the size is known, the link. */
  static String line(long position, double bytesPerSecond, long sizeBytes, String linkState) {
    StringBuilder line = new StringBuilder(96);
    line.append(Quantity.bytesText((double) position))
        .append("  ")
        .append(Quantity.rateText(bytesPerSecond));
    if (sizeBytes > 0) {
      line.append("  ").append((int) Math.min(100, position * 100.0 / sizeBytes)).append('%');
      double secondsLeft = (sizeBytes - position) / bytesPerSecond;
      if (position < sizeBytes && secondsLeft < ETA_SECONDS_MAX) {
        line.append("  ETA ").append(Quantity.clockText(Math.round(secondsLeft)));
      }
    }
    if (!linkState.isEmpty()) {
      line.append("  ").append(linkState);
    }
    return line.toString();
  }

  private static String cut(String line, int columns) {
    return line.length() <= columns ? line : line.substring(0, Math.max(columns, 0));
  }
}
