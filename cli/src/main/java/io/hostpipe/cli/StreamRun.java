package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.Relay;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One stream on its way from its source into its sinks.
 *
 * <p>Thread rule: {@link #run} on one thread; the rest from any.
 */
final class StreamRun {
  private final PipePlan plan;
  private final Way way;
  private final Meter meter;
  private final Relay relay;

  StreamRun(PipePlan plan, Way way, Flags flags) throws PipeException {
    this.plan = plan;
    this.way = way;
    this.meter = new Meter(flags.digest(), plan.frames().out());
    Source source = flags.flow().around(way.source(), Hostpipe.pool());
    List<Sink> sinks = new ArrayList<>();
    for (Sink sink : way.sinks()) {
      sinks.add(flags.flow().around(sink));
    }
    this.relay = new Relay(new MeteredSource(source, meter), sinks);
    meter.follow(relay.progress());
  }

  /** Moves everything; blocks until the stream has ended. */
  void run() throws PipeException, InterruptedException {
    relay.run();
  }

  /** Ends it before its end. */
  void close() {
    relay.close();
  }

  Meter meter() {
    return meter;
  }

  /** The id of the stream. */
  String stream() {
    return way.source().stream().value();
  }

  /** From where to where. */
  String ends() {
    List<String> sinks = way.to().stream().map(End::toString).toList();
    return way.from() + " -> " + String.join(", ", sinks);
  }

  /** Which destination failed, where there are several; empty else. */
  String culprit() {
    int failed = meter.failedSink();
    return way.to().size() == 1 || failed < 0
        ? ""
        : "destination "
            + (failed + 1)
            + " of "
            + way.to().size()
            + ", "
            + way.to().get(failed)
            + ", failed: ";
  }

  /** Which part of the stream is where, when not all of it arrived. */
  String reached() {
    long read = meter.readPosition();
    if (way.to().size() == 1) {
      String what = way.to().getFirst().confirms() ? "delivered: " : "handed over: ";
      return what + range(meter.committedPosition(), read);
    }
    List<String> parts = new ArrayList<>();
    for (int index = 0; index < way.to().size(); index++) {
      End to = way.to().get(index);
      String handed = to.confirms() ? "" : " (handed over)";
      parts.add("to " + to + handed + ": " + range(meter.committedPosition(index), read));
    }
    return "delivered " + String.join("; ", parts);
  }

  /** What it did, as it stands now. */
  Summary summary(
      ExitCode code, @Nullable String why, PipeStats stats, AckLevel ack, boolean linked) {
    List<Summary.Destination> destinations = new ArrayList<>();
    for (int index = 0; index < way.to().size(); index++) {
      End to = way.to().get(index);
      Guarantee promised = plan.weakest(way.from(), List.of(to));
      destinations.add(
          new Summary.Destination(
              to.toString(),
              meter.committedPosition(index),
              meter.finished(index),
              to.confirms(),
              promised));
    }
    return new Summary(
        code,
        stream(),
        way.from().toString(),
        destinations,
        meter.startPosition(),
        meter.readPosition(),
        meter.committedPosition(),
        meter.messageCount(),
        meter.elapsedNanos(),
        linked,
        stats,
        Math.max(stats.verifiedFrom(), meter.verifiedFrom()),
        plan.weakest(way.from(), way.to()),
        ack,
        code == ExitCode.OK ? meter.digest() : "not taken: the stream has not ended",
        why);
  }

  private String range(long delivered, long read) {
    return meter.startPosition()
        + ".."
        + delivered
        + (read > delivered ? ", perhaps up to " + read : "");
  }
}
