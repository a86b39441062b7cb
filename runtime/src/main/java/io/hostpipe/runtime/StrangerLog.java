package io.hostpipe.runtime;

import io.hostpipe.session.Code;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.spi.PipeEvents;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is said about those who came and did not get in: a line each, but no more than so many a
 * minute, since whoever can make this side write lines can fill its disk. What was left out is
 * counted, and the number said when the minute is over.
 *
 * <p>Thread rule: any thread.
 */
final class StrangerLog {
  private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final PipeEvents events;
  private final int linesMax;
  private final long minuteNanos;
  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private long untilNanos;
  private boolean begun;
  private int lineCount;
  private long leftOutCount;
  private String refusalTold = "";

  /** At most so many lines a minute. */
  StrangerLog(PipeEvents events, int linesMax) {
    this(events, linesMax, MINUTE_NANOS);
  }

  /** The same with another minute. */
  StrangerLog(PipeEvents events, int linesMax, long minuteNanos) {
    this.events = events;
    this.linesMax = linesMax;
    this.minuteNanos = minuteNanos;
  }

  /** One line. */
  void say(String line) {
    if (mayBeSaid(Ticker.now())) {
      events.warning(line);
    }
  }

  /** One line about a link that was refused. */
  void refused(Link link, SessionFailure refusal) {
    if (refusal.code() != Code.ABORTED) {
      refused(link, refusal.reason());
    } // else it is an older link of a peer who has a newer one
  }

  /** The same, with what is to be told here. */
  void refused(Link link, String why) {
    refused(link.peer(), why);
  }

  /** A peer that is refused comes again and again: what is said twice in a row is one line. */
  void refused(String peer, String why) {
    String line = Reception.hostOf(peer) + ": turned away: " + why;
    lock.lock();
    try {
      if (line.equals(refusalTold)) {
        return;
      }
      refusalTold = line;
    } finally {
      lock.unlock();
    }
    say(line);
  }

  private boolean mayBeSaid(long nowNanos) {
    String rest = null;
    boolean last = false;
    lock.lock();
    try {
      if (!begun || nowNanos - untilNanos >= 0) {
        rest = endMinute();
        begun = true;
        untilNanos = nowNanos + minuteNanos;
      }
      if (lineCount < linesMax) {
        lineCount++;
        return true;
      }
      last = leftOutCount++ == 0;
      return false;
    } finally {
      lock.unlock();
      if (rest != null) {
        events.warning(rest);
      }
      if (last) {
        Ticker.SHARED.at(untilNanos, this::onMinuteOver);
      }
    }
  }

  private void onMinuteOver() {
    String rest;
    lock.lock();
    try {
      rest = endMinute();
    } finally {
      lock.unlock();
    }
    if (rest != null) {
      events.warning(rest);
    }
  }

  /** Locked. */
  private @Nullable String endMinute() {
    long leftOut = leftOutCount;
    leftOutCount = 0;
    lineCount = 0;
    begun = false;
    return leftOut == 0
        ? null
        : leftOut + " more lines about strangers were left out in the last minute";
  }
}
