package io.hostpipe.cli;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.runtime.dead.DeadLetters;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One pipe from the opening of its ends to the end of its streams: one, or with {@code --duplex}
 * one each way, independent of each other until one of them fails.
 *
 * <p>What fails first is the cause; what the other way says after that is what it heard of it, and
 * counts only when it is lost data. Thread rule: {@link #run} on one thread, once; {@link #close}
 * and the rest from any.
 */
final class PipeRun implements Counts, AutoCloseable {
  private final PipePlan plan;
  private final Flags flags;
  private final Leftovers leftovers;
  private final @Nullable Pipe accepted;
  private final OpenEnds ends;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile List<StreamRun> streams = List.of();

  /**
   * A pipe whose ends are not open yet.
   *
   * @param leftovers what is on its way already
   * @param accepted the pipe of the plan's end that takes many; null where none does
   */
  PipeRun(
      PipePlan plan,
      Flags flags,
      Places places,
      Contexts contexts,
      Leftovers leftovers,
      @Nullable Pipe accepted) {
    this.plan = plan;
    this.flags = flags;
    this.leftovers = leftovers;
    this.accepted = accepted;
    this.ends = new OpenEnds(plan, places, contexts);
  }

  /** Opens the ends and moves everything; blocks. How it ended is {@link #failure}. */
  void run() {
    try (ends) {
      List<Way> ways = ends.open(accepted, leftovers);
      Leftover underWay = ways.getFirst().underWay();
      if (underWay != null) {
        streams = List.of(underWay.moving());
        Throwable why = underWay.awaitEnd();
        if (why != null) {
          failed(why);
        }
        return;
      }
      List<StreamRun> opened = new ArrayList<>();
      for (Way way : ways) {
        opened.add(new StreamRun(plan, way, flags));
      }
      streams = List.copyOf(opened);
      Thread back = opened.size() == 1 ? null : inBackground(opened.getLast());
      move(opened.getFirst());
      if (back != null) {
        back.join();
      }
    } catch (PipeException | InterruptedException | RuntimeException | Error e) {
      failed(e);
    }
  }

  /** Ends it before its end: what has not arrived is aborted. Idempotent. */
  @Override
  public void close() {
    ends.close();
  }

  /** Something else failed without which it is of no use. */
  void fail(Throwable why) {
    failed(why);
    ends.close();
  }

  /** What ended it before its end; null when nothing did. */
  @Nullable Throwable failure() {
    return failure.get();
  }

  /** What there is to tell of its end: a failure, or what was put aside; null for neither. */
  @Nullable Throwable outcome() {
    Throwable why = failure.get();
    return why == null ? deadLetters() : why;
  }

  /** What to tell of messages among the dead letters; null when there are none. */
  @Nullable PipeException deadLetters() {
    DeadLetterPlan letters = plan.deadLetters();
    return letters == null
        ? DeadLetters.ending(ends.refusedCount(), plan.source() + " (its own)")
        : DeadLetters.ending(
            streams.stream().mapToLong(StreamRun::deadLetterCount).sum(), letters.end().toString());
  }

  /** Why it ended so, and which part is where. */
  String ending(@Nullable Throwable cause, ExitCode code) {
    String why = Failure.text(cause, code);
    List<StreamRun> all = streams;
    if (all.isEmpty() || (code == ExitCode.REJECTED && failure.get() == null)) {
      return why;
    }
    String culprit = code == ExitCode.INTERRUPTED ? "" : all.getFirst().culprit();
    return culprit + why + "; " + each(StreamRun::reached) + wayOut(cause);
  }

  /** What may be done about a message that a destination refused; empty for anything else. */
  private String wayOut(@Nullable Throwable cause) {
    boolean couldBeKept =
        cause instanceof PipeException.Rejected
            && plan.deadLetters() == null
            && !plan.duplex()
            && streams.stream().anyMatch(each -> each.meter().failedSink() >= 0);
    return couldBeKept
        ? ". With --dlq ADDR a message that is refused is put aside there, and the rest goes on"
        : "";
  }

  /** What each stream did. Empty when none came so far. */
  List<Summary> summaries(ExitCode code, @Nullable String why) {
    PipeStats stats = ends.stats();
    boolean linked = plan.source().isLink() || plan.sinks().stream().anyMatch(End::isLink);
    return streams.stream()
        .map(each -> each.summary(code, why, stats, flags.ack(), linked))
        .toList();
  }

  @Override
  public long startPosition() {
    return streams.stream().mapToLong(each -> each.meter().startPosition()).sum();
  }

  @Override
  public long readPosition() {
    return streams.stream().mapToLong(each -> each.meter().readPosition()).sum();
  }

  @Override
  public long committedPosition() {
    return streams.stream().mapToLong(each -> each.meter().committedPosition()).sum();
  }

  @Override
  public long messageCount() {
    return streams.stream().mapToLong(each -> each.meter().messageCount()).max().orElse(-1);
  }

  @Override
  public long elapsedNanos() {
    return streams.stream().mapToLong(each -> each.meter().elapsedNanos()).max().orElse(0);
  }

  @Override
  public String positionsText() {
    return streams.isEmpty()
        ? Counts.positionsText(0, 0, 0)
        : each(one -> one.meter().positionsText());
  }

  /** Which of many it is. */
  @Override
  public String toString() {
    List<StreamRun> all = streams;
    return all.isEmpty() ? peer() : all.getFirst().stream() + " (" + peer() + ")";
  }

  /** Where it comes from, as the messages about it begin. */
  String peer() {
    return accepted == null ? plan.source().toString() : accepted.description();
  }

  private String each(Function<StreamRun, String> text) {
    List<StreamRun> all = streams;
    return all.size() == 1
        ? text.apply(all.getFirst())
        : all.stream()
            .map(one -> one.ends() + ": " + text.apply(one))
            .collect(Collectors.joining("; "));
  }

  private Thread inBackground(StreamRun stream) {
    return Thread.ofPlatform().daemon().name("hostpipe-back").start(() -> move(stream));
  }

  private void move(StreamRun stream) {
    try {
      stream.run();
    } catch (PipeException | InterruptedException | RuntimeException | Error e) {
      failed(e);
      // The other way is of no use without this one, and may be waiting for it.
      ends.close();
    }
  }

  private void failed(Throwable why) {
    if (!failure.compareAndSet(null, why) && why instanceof PipeException.DataLoss) {
      Throwable first = failure.get();
      if (first != null && !first.equals(why)) {
        first.addSuppressed(why);
      }
    }
  }
}
