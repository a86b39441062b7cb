package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.spool.SpoolStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What nobody can know after a process was killed whose destination keeps no place: which of the
 * bytes that wait in the spool had been written there already. They are written again, and that is
 * said before and in the end. Thread rule: any thread.
 */
final class Doubts {
  private final boolean processWasKilled;
  private final PipeEvents events;
  private final List<String> doubts = new CopyOnWriteArrayList<>();

  /**
   * Collects doubts.
   *
   * @param processWasKilled whether the last process ended before it could note how far it was
   * @param events who is told of each
   */
  Doubts(boolean processWasKilled, PipeEvents events) {
    this.processWasKilled = processWasKilled;
    this.events = events;
  }

  /** A stream goes on out of the spool: is it known how far the destinations have it? */
  void consider(SpoolStream stream, PipePlan plan) {
    SpoolStream.Stats stats = stream.stats();
    if (!processWasKilled || stats.written() == stats.released()) {
      return;
    }
    for (End sink : plan.sinks()) {
      if (!sink.isLink() && !sink.capabilities().durable()) {
        String range = "positions " + stats.released() + ".." + stats.written();
        String doubt = range + " of the stream " + stream.stream() + " may be twice in " + sink;
        doubts.add(doubt);
        events.warning(
            "the last process was killed, and how far "
                + sink
                + " got is not known: "
                + doubt
                + ", or in part");
      }
    }
  }

  /** What is in doubt, when all else went well; null when nothing is. */
  @Nullable PipeException failure() {
    return doubts.isEmpty()
        ? null
        : new PipeException.Closed(
            Status.UNKNOWN, "everything arrived, but " + String.join("; ", doubts));
  }
}
