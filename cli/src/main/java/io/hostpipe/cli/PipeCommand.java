package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.runtime.Relay;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One pipe from its first word to its summary.
 *
 * <p>Thread rule: the thread that calls {@link #run()} moves the bytes. Signals arrive on threads
 * of their own and read the counts; whoever comes first tells how it ended, once.
 */
final class PipeCommand {
  private final PipePlan plan;
  private final Flags flags;
  private final Console console;
  private final Meter meter;
  private final LinkWatch link;
  private final Progress progress;
  private final OpenEnds open = new OpenEnds();
  private final AtomicBoolean told = new AtomicBoolean();
  private volatile boolean moving;

  private PipeCommand(PipePlan plan, Flags flags, Console console) {
    this.plan = plan;
    this.flags = flags;
    this.console = console;
    this.meter = new Meter(flags.digest());
    this.link = new LinkWatch(console, flags.quiet(), flags.verbosity() > 0);
    this.progress = new Progress(console, meter, link, sizeBytes());
  }

  /** Runs the pipe that a command line asks for; it ends when the stream does. */
  static ExitCode run(Invocation invocation, Catalog catalog, Console console)
      throws PipeException {
    PipePlan plan = PipePlan.of(invocation, catalog, console);
    return new PipeCommand(plan, invocation.flags(), console).run();
  }

  private ExitCode run() {
    if (!flags.quiet()) {
      console.say(plan.source() + " -> " + plan.sink() + ": " + plan.pair());
    }
    try (Interruption interruption = new Interruption(open::close, this::tellInterrupted)) {
      if (showsProgress()) {
        progress.start();
      }
      ExitCode code = move(interruption);
      interruption.told(code);
      return code;
    }
  }

  private ExitCode move(Interruption interruption) {
    Throwable failure = null;
    try (open) {
      // Before anything is waited for: without a handler the signal would end the process.
      Signals.onUser1(progress::sayOnce);
      OpenEnds.Ends ends = open.open(plan, context());
      moving = true;
      Relay relay = new Relay(new MeteredSource(ends.source(), meter), List.of(ends.sink()));
      meter.follow(relay.progress());
      relay.run();
    } catch (PipeException | InterruptedException | RuntimeException | Error e) {
      failure = e;
    }
    if (interruption.happened()) {
      tellInterrupted();
      return ExitCode.INTERRUPTED;
    }
    ExitCode code = failure == null ? ExitCode.OK : ExitCode.of(failure);
    tell(code, failure);
    return code;
  }

  private PipeContext context() {
    return PipeContext.messages(Hostpipe.pool())
        .withEncoding(Encoding.RAW)
        .withAck(flags.ack())
        .withRetry(flags.retry())
        .withEvents(link);
  }

  private boolean showsProgress() {
    return switch (flags.progress()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case AUTO -> !flags.quiet() && Terminal.isStderrOne();
    };
  }

  /** What {@code --size} says, else the length of the file that is read. */
  private long sizeBytes() {
    Address source = plan.source().address();
    if (flags.sizeBytes() >= 0 || !source.scheme().equals(Address.FILE)) {
      return flags.sizeBytes();
    }
    try {
      return Files.size(Path.of(source.path()));
    } catch (IOException | RuntimeException e) {
      // Only the time left would have been known from it; opening the file says what is wrong.
      return -1;
    }
  }

  private void tellInterrupted() {
    tell(ExitCode.INTERRUPTED, null);
  }

  private void tell(ExitCode code, @Nullable Throwable failure) {
    if (!told.compareAndSet(false, true)) {
      return;
    }
    progress.close();
    String why = null;
    if (code != ExitCode.OK) {
      why = Failure.text(failure, code) + reached(code);
      console.say(why);
      Failure.trace(failure, flags.verbosity(), console);
    }
    if (flags.showsSummary()) {
      Summary summary = summary(code, why);
      if (flags.summary() == Flags.SummaryForm.JSON) {
        console.lines(summary.json());
      } else if (moving) {
        console.lines(summary.text());
      }
    }
  }

  /** Which part of the stream is where, when not all of it arrived. */
  private String reached(ExitCode code) {
    if (!moving || code == ExitCode.REJECTED) {
      return "";
    }
    long delivered = meter.committedPosition();
    long read = meter.readPosition();
    return "; delivered: "
        + meter.startPosition()
        + ".."
        + delivered
        + (read > delivered ? ", perhaps up to " + read : "");
  }

  private Summary summary(ExitCode code, @Nullable String why) {
    boolean linked = plan.source().isLink() || plan.sink().isLink();
    PipeStats stats = open.stats();
    return new Summary(
        code,
        plan.source().toString(),
        plan.sink().toString(),
        meter.startPosition(),
        meter.readPosition(),
        meter.committedPosition(),
        meter.messageCount(),
        meter.elapsedNanos(),
        linked,
        stats,
        Math.max(stats.verifiedFrom(), meter.verifiedFrom()),
        plan.pair().guarantee(),
        flags.ack(),
        code == ExitCode.OK ? meter.digest() : "not taken: the stream has not ended",
        why);
  }
}
