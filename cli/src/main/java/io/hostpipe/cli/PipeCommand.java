package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.StreamEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
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
  private final Lasting lasting;
  private final Console console;
  private final Places places = new Places();
  private final LinkWatches links;
  private final Contexts contexts;
  private final Leftovers leftovers;
  private final PipeRun pipe;
  private final Progress progress;
  private final Unanswered unanswered;

  /** Of a stream that waited in the spool and that no sender came for. */
  private final AtomicReference<@Nullable PipeException> putAside = new AtomicReference<>();

  private final Once telling = new Once();

  private PipeCommand(PipePlan plan, Flags flags, Lasting lasting, Console console) {
    this.plan = plan;
    this.flags = flags;
    this.lasting = lasting;
    this.console = console;
    this.links = new LinkWatches(console, flags.quiet(), flags.verbosity() > 0);
    this.contexts = new Contexts(flags, plan, lasting, links::of);
    this.leftovers =
        new Leftovers(
            plan,
            flags,
            places,
            contexts,
            console,
            (_, why) -> leftoverFailed(why),
            (_, why) -> putAside.compareAndSet(null, why));
    this.pipe = new PipeRun(plan, flags, places, contexts, leftovers, null);
    this.progress = new Progress(console, pipe, links::state, sizeBytes());
    this.unanswered = new Unanswered(console, pipe, links::connected);
  }

  /** Runs the pipe, or the many pipes, that a command line asks for. */
  static ExitCode run(Invocation invocation, Catalog catalog, Console console)
      throws PipeException {
    PipePlan plan = PipePlan.of(invocation, catalog, console);
    Flags flags = invocation.flags();
    PipeEvents events = new LinkWatch(console, flags.quiet(), flags.verbosity() > 0);
    try (Lasting lasting = Lasting.open(plan, flags.lasting(), events)) {
      StreamEnd untold = lasting.untold();
      if (untold != null) {
        return new DeliveredBefore(plan, flags, lasting, console).tell(untold);
      }
      if (plan.intake().many()) {
        return new ManyCommand(plan, flags, lasting, console).run();
      }
      if (!flags.quiet()) {
        plan.pairs().forEach(pair -> console.say(pair.toString()));
      }
      while (true) {
        ExitCode code = new PipeCommand(plan, flags, lasting, console).run();
        if (code != null) {
          return code;
        }
        if (!flags.quiet()) {
          console.say(
              "a receiver went back below the place where this process began, and the stream is"
                  + " gone on with from there");
        }
      }
    }
  }

  /** How it ended; null where it is to be run once more, from further back in its source. */
  private @Nullable ExitCode run() {
    try (Interruption interruption = new Interruption(this::abort, this::tellInterrupted)) {
      if (flags.showsProgress()) {
        progress.start();
      }
      if (!flags.quiet() && plan.sinks().stream().anyMatch(End::isLink)) {
        unanswered.start();
      }
      ExitCode code = move(interruption);
      if (code == null) {
        return null;
      }
      interruption.told(code);
      if (code != ExitCode.INTERRUPTED) {
        lasting.told();
      }
      // Here, because an interruption ends the process behind this block.
      lasting.close();
      return code;
    }
  }

  /** As {@link #run()}. */
  private @Nullable ExitCode move(Interruption interruption) {
    Throwable failure = null;
    try (places;
        leftovers) {
      // Before anything is waited for: without a handler the signal would end the process.
      Signals.onUser1(progress::sayOnce);
      places.open(plan, contexts);
      leftovers.start();
      pipe.run();
      leftovers.finish();
      failure = pipe.failure();
      if (failure == null) {
        failure = contexts.doubts().failure();
        failure = failure == null ? pipe.deadLetters() : failure;
        failure = failure == null ? putAside.get() : failure;
        lasting.finished(codeOf(failure));
      }
    } catch (PipeException | InterruptedException | RuntimeException | Error e) {
      failure = e;
    }
    if (interruption.happened()) {
      tellInterrupted();
      return ExitCode.INTERRUPTED;
    }
    if (GoneBack.canFollow(failure, plan)) {
      progress.close();
      unanswered.close();
      return null;
    }
    failure = GoneBack.known(failure, plan, lasting);
    ExitCode code = codeOf(failure);
    tell(code, failure);
    return code;
  }

  private static ExitCode codeOf(@Nullable Throwable failure) {
    return failure == null ? ExitCode.OK : ExitCode.of(failure);
  }

  /** There is one destination, and it has failed: nobody needs to be waited for. */
  private void leftoverFailed(Throwable why) {
    pipe.fail(why);
    places.close();
  }

  private void abort() {
    pipe.close();
    leftovers.close();
    places.close();
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
    telling.say(() -> say(code, failure));
  }

  private void say(ExitCode code, @Nullable Throwable failure) {
    progress.close();
    unanswered.close();
    String why = null;
    if (code != ExitCode.OK) {
      why = pipe.ending(failure, code);
      console.say(why);
      Failure.trace(failure, flags.verbosity(), console);
    }
    if (flags.showsSummary()) {
      tellSummaries(code, why);
    }
  }

  private void tellSummaries(ExitCode code, @Nullable String why) {
    List<Summary> summaries = pipe.summaries(code, why);
    if (flags.summary() == Flags.SummaryForm.JSON) {
      if (summaries.isEmpty()) {
        summaries = List.of(Summary.ofNothing(plan, flags.ack(), code, why));
      }
      summaries.forEach(each -> console.lines(each.json()));
    } else {
      summaries.forEach(each -> console.lines(each.text()));
    }
  }
}
