package io.hostpipe.runtime;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Time that a test turns by hand. Alarms run on the thread that turns it. Thread rule: any thread,
 * of which one turns it.
 */
final class HandTime implements Timekeeper {
  private record Alarm(long atNanos, FutureTask<?> task) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final List<Alarm> alarms = new ArrayList<>();
  private long nowNanos;

  @Override
  public long nowNanos() {
    lock.lock();
    try {
      return nowNanos;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Future<?> alarm(long atNanos, Runnable task) {
    FutureTask<?> future = new FutureTask<>(task, null);
    lock.lock();
    try {
      alarms.add(new Alarm(atNanos, future));
    } finally {
      lock.unlock();
    }
    return future;
  }

  /** How many alarms wait that nobody has called off. */
  long alarmCount() {
    lock.lock();
    try {
      return alarms.stream().filter(alarm -> !alarm.task.isCancelled()).count();
    } finally {
      lock.unlock();
    }
  }

  /** Lets so much time pass, with each alarm at its time. */
  void pass(long nanos) {
    long end = nowNanos() + nanos;
    for (Alarm due = next(end); due != null; due = next(end)) {
      turnTo(Math.max(nowNanos(), due.atNanos));
      due.task.run();
    }
    turnTo(end);
  }

  /** The process was not running for so long: what was due meanwhile comes at the end of it. */
  void stop(long nanos) {
    turnTo(nowNanos() + nanos);
    pass(0);
  }

  private void turnTo(long atNanos) {
    lock.lock();
    try {
      nowNanos = atNanos;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Alarm next(long untilNanos) {
    lock.lock();
    try {
      Alarm due =
          alarms.stream()
              .filter(alarm -> alarm.atNanos <= untilNanos)
              .min(Comparator.comparingLong(Alarm::atNanos))
              .orElse(null);
      alarms.remove(due);
      return due;
    } finally {
      lock.unlock();
    }
  }
}
