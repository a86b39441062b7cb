package io.hostpipe.cli;

import io.hostpipe.Listener;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A command one of whose ends takes many pipes, from its first word to its summary.
 *
 * <p>It has no end of its own but that of its listener: an interruption ends it. When no pipe was
 * under way then, nothing was left undone, and the exit code is that of the pipes there were.
 * Thread rule: as {@link PipeCommand}.
 */
final class ManyCommand {
  private final PipePlan plan;
  private final Flags flags;
  private final Lasting lasting;
  private final Console console;
  private final Places places = new Places();
  private final Contexts contexts;
  private final Leftovers leftovers;
  private final ManyPipes pipes;
  private final Progress progress;
  private final Once telling = new Once();
  private final AtomicInteger interruptedCount = new AtomicInteger();

  /** The worst of what waited in the spool and that no sender came for. */
  private final AtomicReference<ExitCode> ofLeftovers = new AtomicReference<>(ExitCode.OK);

  ManyCommand(PipePlan plan, Flags flags, Lasting lasting, Console console) {
    this.plan = plan;
    this.flags = flags;
    this.lasting = lasting;
    this.console = console;
    ManyLinks links =
        new ManyLinks(
            console,
            flags.quiet(),
            flags.verbosity() > 0,
            plan.intake().mode() == Intake.Mode.IN_TURN);
    this.contexts = new Contexts(flags, plan, lasting, end -> links);
    this.leftovers =
        new Leftovers(
            plan, flags, places, contexts, console, this::tellLeftover, this::tellPutAside);
    this.pipes = new ManyPipes(plan, flags, places, contexts, leftovers, this::tellPipe);
    this.progress = new Progress(console, pipes, pipes::state, flags.sizeBytes());
  }

  /** Takes pipes until it is told to end. */
  ExitCode run() {
    if (!flags.quiet()) {
      plan.pairs().forEach(pair -> console.say(pair.toString()));
    }
    try (Interruption interruption = new Interruption(this::abort, this::tellInterrupted)) {
      if (flags.showsProgress()) {
        progress.start();
      }
      Throwable failure = move();
      if (interruption.happened()) {
        tellInterrupted();
        ExitCode code = codeWhenInterrupted();
        interruption.told(code);
        // Here, because the process ends behind this block.
        lasting.close();
        return code;
      }
      ExitCode ofPipes = worst();
      ExitCode code = failure == null ? ofPipes : ofPipes.or(ExitCode.of(failure));
      tell(code, failure);
      interruption.told(code);
      return code;
    }
  }

  private @Nullable Throwable move() {
    try (places;
        leftovers) {
      Signals.onUser1(progress::sayOnce);
      places.open(plan, contexts);
      leftovers.start();
      Listener listener = places.listener(plan.intakeEnd());
      if (listener == null) {
        throw new IllegalStateException(plan.intakeEnd() + " was not opened");
      }
      pipes.run(listener);
      leftovers.finish();
      return contexts.doubts().failure();
    } catch (PipeException | InterruptedException | RuntimeException | Error e) {
      return e;
    }
  }

  private ExitCode codeWhenInterrupted() {
    ExitCode ofPipes = worst();
    return pipes.idle() && leftovers.idle() ? ofPipes : ofPipes.or(ExitCode.INTERRUPTED);
  }

  private ExitCode worst() {
    return pipes.totals().worst().or(Objects.requireNonNull(ofLeftovers.get()));
  }

  /** What waited in the spool cannot be delivered; others may be. */
  private void tellLeftover(StreamId stream, Throwable why) {
    ExitCode code = ExitCode.of(why);
    ofLeftovers.accumulateAndGet(code, ExitCode::or);
    console.say("the stream " + stream + " out of the spool: " + Failure.text(why, code));
    Failure.trace(why, flags.verbosity(), console);
    pipes.stopWithoutPlaces();
  }

  /** What waited in the spool has arrived, but for messages that are among the dead letters. */
  private void tellPutAside(StreamId stream, PipeException why) {
    ofLeftovers.accumulateAndGet(ExitCode.REJECTED, ExitCode::or);
    console.say("the stream " + stream + " out of the spool: " + why.getMessage());
  }

  /** The pipes first: each tells its peer. A writer that is blocked in a place hears it there. */
  private void abort() {
    pipes.close();
    leftovers.close();
    places.close();
  }

  private void tellInterrupted() {
    telling.say(() -> {
      ExitCode code = codeWhenInterrupted();
      if (!flags.quiet() && code != ExitCode.INTERRUPTED) {
        console.say("interrupted; no pipe was under way");
      }
      say(code, null);
    });
  }

  /** One pipe has ended. */
  private void tellPipe(PipeRun pipe, ExitCode code, boolean interrupted) {
    Throwable failure = pipe.outcome();
    String why = code == ExitCode.OK ? null : pipe.ending(failure, code);
    if (why == null) {
      if (plan.intake().mode() == Intake.Mode.IN_TURN ? !flags.quiet() : flags.verbosity() > 0) {
        long bytes = pipe.committedPosition() - pipe.startPosition();
        String how = failure == null ? "arrived" : String.valueOf(failure.getMessage());
        console.say(pipe + ": " + how + ", " + Quantity.groupedText(bytes) + " bytes");
      }
    } else if (!interrupted || interruptedCount.incrementAndGet() <= ManyPipes.LINES_MAX) {
      String peer = pipe.peer() + ": ";
      console.say(pipe + ": " + (why.startsWith(peer) ? why.substring(peer.length()) : why));
      Failure.trace(failure, flags.verbosity(), console);
    }
    if (flags.summary() == Flags.SummaryForm.JSON) {
      List<Summary> summaries = pipe.summaries(code, why);
      summaries.forEach(each -> console.lines(each.json()));
    }
  }

  private void tell(ExitCode code, @Nullable Throwable failure) {
    telling.say(() -> say(code, failure));
  }

  private void say(ExitCode code, @Nullable Throwable failure) {
    progress.close();
    int untold = interruptedCount.get() - ManyPipes.LINES_MAX;
    if (untold > 0) {
      console.say("and " + Quantity.groupedText(untold) + " more pipes were interrupted");
    }
    String why = failure == null ? null : Failure.text(failure, code);
    if (why != null) {
      console.say(why);
      Failure.trace(failure, flags.verbosity(), console);
    }
    if (flags.showsSummary()) {
      ManySummary summary = summary(code, why);
      console.lines(flags.summary() == Flags.SummaryForm.JSON ? summary.json() : summary.text());
    }
  }

  private ManySummary summary(ExitCode code, @Nullable String why) {
    return new ManySummary(
        code,
        plan.source().toString(),
        String.join(", ", plan.sinks().stream().map(End::toString).toList()),
        pipes.totals(),
        pipes.elapsedNanos(),
        plan.weakest(plan.source(), plan.sinks()),
        flags.ack(),
        why);
  }
}
