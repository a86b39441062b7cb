package io.hostpipe.cli;

import io.hostpipe.spi.PipeEvents;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/** A watch for each end of one pipe. Thread rule: any thread. */
final class LinkWatches {
  private final Console console;
  private final boolean quiet;
  private final boolean verbose;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<End, LinkWatch> watches = new HashMap<>();

  LinkWatches(Console console, boolean quiet, boolean verbose) {
    this.console = console;
    this.quiet = quiet;
    this.verbose = verbose;
  }

  /** Who is told what happens at this end. */
  PipeEvents of(End end) {
    lock.lock();
    try {
      return watches.computeIfAbsent(end, each -> new LinkWatch(console, quiet, verbose));
    } finally {
      lock.unlock();
    }
  }

  /** Whether every link stands. */
  boolean connected() {
    return state().equals(LinkWatch.CONNECTED);
  }

  /** The states of the links, those that differ; empty when there is no link. */
  String state() {
    lock.lock();
    try {
      return watches.values().stream()
          .map(LinkWatch::state)
          .filter(state -> !state.isEmpty())
          .distinct()
          .sorted()
          .collect(Collectors.joining("; "));
    } finally {
      lock.unlock();
    }
  }
}
