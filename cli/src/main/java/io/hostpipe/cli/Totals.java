package io.hostpipe.cli;

import io.hostpipe.PipeStats;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/** What the pipes of a run that have ended did together. Thread rule: any thread. */
final class Totals {
  private final ReentrantLock lock = new ReentrantLock();
  private long doneCount;
  private long failedCount;
  private long readBytes;
  private long deliveredBytes;
  private long messageCount = -1;
  private long deadLetterCount = -1;
  private PipeStats stats = PipeStats.NONE;
  private ExitCode worst = ExitCode.OK;

  /** Adds a pipe that has ended. */
  void add(PipeRun pipe, ExitCode code) {
    List<Summary> summaries = pipe.summaries(code, null);
    lock.lock();
    try {
      if (code == ExitCode.OK || (code == ExitCode.REJECTED && pipe.failure() == null)) {
        doneCount++; // all of it is somewhere
      } else {
        failedCount++;
      }
      worst = worst.or(code);
      for (Summary each : summaries) {
        readBytes += each.readPosition() - each.startPosition();
        deliveredBytes += each.bytes();
        if (each.deadLetterCount() >= 0) {
          deadLetterCount = Math.max(deadLetterCount, 0) + each.deadLetterCount();
        }
        if (each.messageCount() >= 0) {
          messageCount = Math.max(messageCount, 0) + each.messageCount();
        }
      }
      // Both ways of a pipe share its links.
      stats = summaries.isEmpty() ? stats : plus(stats, summaries.getFirst().stats());
    } finally {
      lock.unlock();
    }
  }

  /** All of it at this moment. */
  Snapshot snapshot() {
    lock.lock();
    try {
      return new Snapshot(
          doneCount,
          failedCount,
          readBytes,
          deliveredBytes,
          messageCount,
          deadLetterCount,
          stats,
          worst);
    } finally {
      lock.unlock();
    }
  }

  private static PipeStats plus(PipeStats a, PipeStats b) {
    return new PipeStats(
        a.resumes() + b.resumes(),
        a.sentAgainBytes() + b.sentAgainBytes(),
        a.duplicateBytes() + b.duplicateBytes(),
        0,
        Stream.concat(a.carriers().stream(), b.carriers().stream()).distinct().toList());
  }

  /**
   * The totals of one moment.
   *
   * @param doneCount pipes that arrived whole
   * @param failedCount pipes that did not
   * @param readBytes what was handed over
   * @param deliveredBytes what all sinks have
   * @param messageCount messages; -1 for bytes
   * @param deadLetterCount messages that were put aside; -1 where there is no place for them
   * @param stats of their links together
   * @param worst the exit code of all pipes together
   */
  record Snapshot(
      long doneCount,
      long failedCount,
      long readBytes,
      long deliveredBytes,
      long messageCount,
      long deadLetterCount,
      PipeStats stats,
      ExitCode worst) {}
}
