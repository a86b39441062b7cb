package io.hostpipe.testkit.disk;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts the calls of a disk and knows which of them fail. Thread rule: under its lock. */
final class Calls {
  private static final int HISTORY_MAX = 200;

  private final Map<DiskCall, Long> countOfKind = new EnumMap<>(DiskCall.class);
  private final List<Plan> plans = new ArrayList<>();
  private final ArrayDeque<String> history = new ArrayDeque<>();
  private long count;
  private long changeCount;
  private long crashBefore = Long.MAX_VALUE;
  private boolean crashed;

  void plan(@Nullable DiskCall kind, long firstCall, long callCount, DiskFault fault) {
    plans.add(new Plan(kind, firstCall, firstCall + callCount, fault));
  }

  void crashBefore(long change) {
    crashBefore = change;
  }

  long count() {
    return count;
  }

  long changeCount() {
    return changeCount;
  }

  long count(DiskCall kind) {
    return countOfKind.getOrDefault(kind, 0L);
  }

  boolean crashed() {
    return crashed;
  }

  List<String> history() {
    return List.copyOf(history);
  }

  /**
   * Counts one more.
   *
   * @return whether this is the one at which the process ends
   * @throws DiskCrash when it has ended before
   */
  boolean crashesAt(DiskCall kind, String what) {
    if (crashed) {
      throw new DiskCrash("the process ended before change " + crashBefore);
    }
    count++;
    long ofKind = count(kind) + 1;
    countOfKind.put(kind, ofKind);
    if (kind.changes) {
      changeCount++;
      crashed = changeCount >= crashBefore;
    }
    if (history.size() >= HISTORY_MAX) {
      history.remove();
    }
    history.add(count + " " + kind + " " + what + (crashed ? " (crash)" : ""));
    return crashed;
  }

  /** How the call that was counted last fails; null when it does not. */
  @Nullable DiskFault fault(DiskCall kind) {
    for (Plan plan : plans) {
      long number = plan.kind == null ? count : count(kind);
      if ((plan.kind == null || plan.kind == kind) && number >= plan.from && number < plan.to) {
        history.add("  failed: " + plan.fault);
        return plan.fault;
      }
    }
    return null;
  }

  private record Plan(@Nullable DiskCall kind, long from, long to, DiskFault fault) {}
}
