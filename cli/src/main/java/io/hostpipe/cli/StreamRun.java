package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.Relay;
import io.hostpipe.runtime.Relay.OnRejection;
import io.hostpipe.runtime.RestartedSource.Yields;
import io.hostpipe.runtime.SpooledRelay;
import io.hostpipe.runtime.Transfer;
import io.hostpipe.runtime.dead.DeadLetterSink;
import io.hostpipe.storage.spool.SpoolStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
  private final Transfer transfer;

  /** The same, where it has a spool; null where not. */
  private final @Nullable SpooledRelay spooled;

  StreamRun(PipePlan plan, Way way, Flags flags) throws PipeException {
    this.plan = plan;
    this.way = way;
    this.meter = new Meter(flags.digest(), plan.frames().out());
    List<Sink> sinks = new ArrayList<>();
    for (Sink sink : way.sinks()) {
      sinks.add(flags.flow().around(sink));
    }
    Source source = way.source();
    SpoolStream held = way.spooled();
    if (held == null) {
      this.spooled = null;
      this.transfer =
          new Relay(
              metered(Objects.requireNonNull(source, "source"), flags, meter),
              sinks,
              way.passesRefused() ? OnRejection.TELL_SOURCE : OnRejection.FAIL);
    } else {
      boolean refills =
          source != null && (source.replayable() || flags.lasting().restarted() == Yields.REPLAY);
      Source out = metered(held.source(refills), flags, meter);
      this.spooled = new SpooledRelay(held.sink(), out, sinks);
      this.transfer = spooled;
      if (source != null) {
        spooled.attach(source);
      }
    }
    meter.follow(transfer.progress());
  }

  private static Source metered(Source source, Flags flags, Meter meter) throws PipeException {
    return new MeteredSource(flags.flow().around(source, Hostpipe.pool()), meter);
  }

  /** Goes on with a source, which came when the sinks were open; whether it took it. */
  boolean attach(Source source) {
    return spooled != null && spooled.attach(source);
  }

  /** No source will come. */
  void detach() {
    if (spooled != null) {
      spooled.detach();
    }
  }

  /** Moves everything; blocks until the stream has ended. */
  void run() throws PipeException, InterruptedException {
    transfer.run();
  }

  /** Ends it before its end. */
  void close() {
    transfer.close();
  }

  Meter meter() {
    return meter;
  }

  /** How many messages lie among the dead letters. */
  long deadLetterCount() {
    long count = 0;
    for (Sink sink : way.sinks()) {
      count += sink instanceof DeadLetterSink dead ? dead.letters().count() : 0;
    }
    return count;
  }

  /** The id of the stream. */
  String stream() {
    return way.stream().value();
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
    DeadLetterPlan deadLetters = plan.deadLetters();
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
        deadLetters == null ? -1 : deadLetterCount(),
        deadLetters == null ? "" : deadLetters.end().toString(),
        code == ExitCode.OK || meter.ended()
            ? meter.digest()
            : "not taken: the stream has not ended",
        why);
  }

  private String range(long delivered, long read) {
    return meter.startPosition()
        + ".."
        + delivered
        + (read > delivered ? ", perhaps up to " + read : "");
  }
}
