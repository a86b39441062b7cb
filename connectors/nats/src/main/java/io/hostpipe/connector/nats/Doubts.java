package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.PipeEvents;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Between which positions it is uncertain whether what was sent arrived. They are said when they
 * come up, and once more at the end, which is not a good one then.
 *
 * <p>Thread rule: one thread at a time adds, any checks.
 */
final class Doubts {
  private static final int RANGES_MAX = 100;

  private final Address address;
  private final PipeEvents events;
  private final List<String> ranges = new CopyOnWriteArrayList<>();

  Doubts(Address address, PipeEvents events) {
    this.address = address;
    this.events = events;
  }

  /** A connection broke while this was under way. */
  void add(long from, long to, Throwable why) {
    String range = from + " to " + to;
    if (ranges.size() < RANGES_MAX) {
      ranges.add(range);
    } else if (ranges.size() == RANGES_MAX) {
      ranges.add("and more behind them");
    }
    if (ranges.size() > RANGES_MAX) {
      return; // said often enough
    }
    events.warning(
        address
            + ": it is uncertain whether what lies between positions "
            + range
            + " was published: "
            + Attempts.reason(why));
  }

  /** Fails the stream that ends here, when there are any. */
  void check(Commits commits, StreamId stream, long position) throws PipeException {
    if (ranges.isEmpty()) {
      return;
    }
    PipeException why =
        new PipeException.Closed(
            Status.ABORTED,
            address
                + ": the stream "
                + stream
                + " was published up to position "
                + position
                + ", and it is uncertain whether what lies between these positions was: "
                + String.join(", ", ranges)
                + "; connections broke there, and a subject keeps nothing");
    commits.fail(why);
    throw why;
  }
}
