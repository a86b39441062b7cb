package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.spi.MemoryExhaustion;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.RefusesFirst;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Moves one stream from its source into one or more sinks, and the commits back.
 *
 * <p>It asks every sink what it holds and seeks the source to the least of that; each sink drops
 * what lies below its own position, so after a restart everyone gets each record once. The source
 * is told as committed only what every sink has committed; the last call of {@link Source#commit},
 * for the stream's end, comes after every sink has finished. Batches are never copied: one sink
 * gets the source's own, several get one each over the same block.
 *
 * <p>Commits are collected without waiting after each batch. While something is uncommitted that
 * the source wants to hear of, an idle relay looks again each millisecond at first, later when an
 * eighth of the time that it has waited has passed once more, and at least after each {@link
 * #UNCOMMITTED_LOOK}; otherwise it waits in the source alone, so that bytes cross no thread. A sink
 * that fails meanwhile closes the source, which ends that wait.
 *
 * <p>Thread rule: has no thread; {@link #run} works on the caller's and blocks. {@link #progress}
 * and {@link #close} from any thread. The relay owns its source and sinks and closes them when it
 * ends, however it ends; a sink that was not finished is thereby aborted.
 */
public final class Relay implements Transfer {
  /** The longest pause between two looks at the commits while something is uncommitted. */
  public static final Duration UNCOMMITTED_LOOK = Duration.ofMillis(64);

  private static final long LOOK_NANOS_LEAST = TimeUnit.MILLISECONDS.toNanos(1);
  private static final Duration FIRST_LOOK = Duration.ofNanos(LOOK_NANOS_LEAST);

  /** A pause is this part of the time that passed without anything new. */
  private static final int LOOKS = 8;

  /** What happens to the stream when a sink refuses a message for good. */
  public enum OnRejection {
    /**
     * The pipe fails with {@link PipeException.Rejected}; what was committed before is told to the
     * source, the refused message never is.
     */
    FAIL,
    /** The source is told, and the stream goes on: who is upstream decides. */
    TELL_SOURCE
  }

  private final Source source;
  private final List<RelaySink> sinks;
  private final OnRejection onRejection;
  private final RelayProgress progress;
  private long position;
  private long committed;

  /** Whether the source stands where the sinks do: before that it knows nothing of their places. */
  private boolean started;

  /** Of the writer that the sinks were told of. */
  private long epoch;

  /** Whether a sink told of a refusal among its commits, which may have passed the message. */
  private boolean refusalTold;

  /** What failed first: a sink that is aborted for it fails too, and has nothing to add. */
  private volatile @Nullable String abortReason;

  /** A relay that fails with the first message that a sink refuses. */
  public Relay(Source source, List<Sink> sinks) {
    this(source, sinks, OnRejection.FAIL);
  }

  /** A relay of this source into these sinks, all of which it owns from here on. */
  public Relay(Source source, List<Sink> sinks, OnRejection onRejection) {
    if (sinks.isEmpty()) {
      throw new IllegalArgumentException("a relay has at least one sink");
    }
    this.source = source;
    this.progress = new RelayProgress(sinks.size());
    List<RelaySink> all = new ArrayList<>(sinks.size());
    for (Sink sink : sinks) {
      all.add(new RelaySink(sink, all.size(), progress));
    }
    this.sinks = List.copyOf(all);
    this.onRejection = onRejection;
  }

  @Override
  public RelayProgress progress() {
    return progress;
  }

  @Override
  public void run() throws PipeException, InterruptedException {
    try (this) {
      try {
        start();
        move();
        end();
      } catch (PipeException.Rejected e) {
        if (!refusalTold) {
          lastLook();
          standBeforeTheRefused();
        }
        abort(e);
        throw e;
      } catch (PipeException e) {
        lastLook();
        abort(e);
        throw e;
      } catch (InterruptedException e) {
        lastLook();
        throw e;
      } catch (OutOfMemoryError e) {
        PipeException why = MemoryExhaustion.toException("the stream " + source.stream(), e);
        abort(why);
        throw why;
      }
    }
  }

  /** As {@link #close}, and the peers of source and sinks hear what failed here. */
  private void abort(PipeException why) {
    String reason = reason(why);
    abortReason = reason;
    for (RelaySink each : sinks) {
      each.sink.abort(reason);
    }
    source.abort(reason);
  }

  private static String reason(Throwable told) {
    Throwable cause = told.getCause();
    Throwable why = told instanceof CompletionException && cause != null ? cause : told;
    String message = why.getMessage();
    return message == null ? why.getClass().getSimpleName() : message;
  }

  @Override
  public void close() {
    // The sinks first: whoever looks at them must see an abort, not an end of the source.
    for (RelaySink each : sinks) {
      each.sink.close();
    }
    source.close();
  }

  private void start() throws PipeException, InterruptedException {
    RelaySink least = sinks.getFirst();
    for (RelaySink each : sinks) {
      each.start();
      if (each.held.position() < least.held.position()) {
        least = each;
      }
    }
    Resume from = least.held;
    for (RelaySink each : sinks) {
      each.checkAgainst(from);
    }
    boolean verified = source.seek(from);
    source.confirmsEnd();
    for (RelaySink each : sinks) {
      if (each.sink.commitsAtEnd()) {
        source.commitsComeAtEnd();
      }
      var _ =
          each.sink
              .whenCommitted(Long.MAX_VALUE)
              .exceptionally(failure -> {
                String first = abortReason;
                source.abort(first == null ? reason(failure) : first);
                return null;
              });
    }
    fence();
    position = from.position();
    committed = position;
    progress.start(position, verified ? 0 : position);
    started = true;
  }

  private void move() throws PipeException, InterruptedException {
    boolean wantsCommits = source.wantsCommits();
    long waitedNanos = 0;
    while (true) {
      boolean owesCommits = wantsCommits && committed < position;
      Duration pause = owesCommits ? pause(waitedNanos) : null;
      Batch batch = next(pause);
      boolean moved = batch != null;
      if (batch != null) {
        deliver(batch);
      } else if (source.finished()) {
        return;
      }
      moved |= collect();
      waitedNanos = moved || pause == null ? 0 : waitedNanos + pause.toNanos();
    }
  }

  /** How long to wait for a batch until commits are looked at again. */
  private static Duration pause(long waitedNanos) {
    if (waitedNanos < LOOKS * LOOK_NANOS_LEAST) {
      return FIRST_LOOK;
    }
    long nanos = waitedNanos / LOOKS;
    return nanos < UNCOMMITTED_LOOK.toNanos() ? Duration.ofNanos(nanos) : UNCOMMITTED_LOOK;
  }

  /** The source's next batch; when it fails, a sink that failed before it is the cause. */
  private @Nullable Batch next(@Nullable Duration pause)
      throws PipeException, InterruptedException {
    try {
      return pause == null ? source.read() : source.read(pause);
    } catch (PipeException e) {
      collect();
      for (RelaySink each : sinks) {
        each.news();
      }
      throw e;
    }
  }

  private void deliver(Batch batch) throws PipeException, InterruptedException {
    if (batch.position() != position) {
      String told = "the source was at position " + position + " and handed over " + batch;
      batch.close();
      throw new IllegalStateException(told);
    }
    if (source.epoch() != epoch) {
      try {
        fence();
      } catch (PipeException e) {
        batch.close();
        throw e;
      }
    }
    long end = batch.endPosition();
    long taken = end;
    try (batch) {
      int last = sinks.size() - 1;
      for (int index = 0; index < last; index++) {
        taken = Math.min(taken, sinks.get(index).write(share(batch)));
      }
      taken = Math.min(taken, sinks.get(last).write(batch));
    }
    position = end;
    // A sink that stopped at a refused message says so with its commits.
    progress.moved(Math.max(progress.position(), taken));
  }

  /** Another writer goes on with the stream: the sinks refuse the one before from here on. */
  private void fence() throws PipeException {
    epoch = source.epoch();
    if (epoch > 0) {
      for (RelaySink each : sinks) {
        each.fence(epoch);
      }
    }
  }

  /** Another batch over the same block, for one more owner. */
  private static Batch share(Batch batch) {
    batch.block().retain();
    return new Batch(
        batch.stream(),
        batch.encoding(),
        batch.position(),
        batch.bytes(),
        batch.block(),
        batch.cursor());
  }

  /** Takes up what the sinks have committed by now; whether that was anything new. */
  private boolean collect() throws PipeException {
    for (RelaySink each : sinks) {
      take(each, each.news());
    }
    return tellSource();
  }

  /** The source is at its end: everything has to arrive, and every sink has to say so. */
  private void end() throws PipeException, InterruptedException {
    for (RelaySink each : sinks) {
      each.checkEnd(position);
    }
    for (RelaySink each : sinks) {
      while (each.committed < position && !each.sink.commitsAtEnd()) {
        take(each, each.awaitNews(position));
        // Look at the others too: one may have failed while this one is slow.
        collect();
      }
    }
    // Those that may still refuse the whole first: the others are then aborted, not finished.
    for (RelaySink each : sinks) {
      if (each.sink.commitsAtEnd()) {
        each.finish();
        take(each, each.sink.committed());
      }
    }
    for (RelaySink each : sinks) {
      if (!each.sink.commitsAtEnd()) {
        each.finish();
      }
    }
    progress.finish(tellSourceTheEnd());
  }

  /**
   * What was committed before a failure still counts, also the front of a batch; but not where it
   * may pass a message that was refused and is in nobody's hands.
   */
  private void lastLook() {
    if (!started) {
      return;
    }
    long least = Long.MAX_VALUE;
    for (RelaySink each : sinks) {
      try {
        Committed news = each.sink.committed();
        if (news.rejected().isEmpty()) {
          each.committed(news.position());
        }
      } catch (PipeException e) {
        // It has told all it had.
      }
      least = Math.min(least, each.committed);
    }
    if (least > committed) {
      position = Math.max(position, least);
      progress.moved(Math.max(progress.position(), least));
      progress.committed(least);
      try {
        tellSource();
      } catch (PipeException e) {
        // The source cannot hear it any more. What is thrown is what came first.
      }
    }
  }

  /**
   * A broker's sink that ends with a refusal has all that is before the message, and nothing that
   * is behind it, also where it heard of that only after more was handed over.
   */
  private void standBeforeTheRefused() {
    RelaySink only = sinks.getFirst();
    if (!started || sinks.size() > 1 || !(only.sink instanceof MessageSink)) {
      return;
    }
    try {
      var _ = only.sink.committed();
    } catch (PipeException.Rejected e) {
      progress.moved(only.committed);
    } catch (PipeException e) {
      // It ended otherwise.
    }
  }

  private void take(RelaySink from, Committed news) throws PipeException {
    for (Committed.Rejected each : news.rejected()) {
      if (onRejection == OnRejection.FAIL) {
        progress.sinkFailed(from.index);
        progress.rejected(each);
        tellSource();
        refusalTold = true;
        throw RefusesFirst.unkept(source.stream(), each.endPosition(), each.why());
      }
      if (progress.rejected(each)) {
        source.reject(each.endPosition(), each.why());
      }
    }
    from.committed(news.position());
  }

  /** Tells the source what all sinks have committed; whether that was news. */
  private boolean tellSource() throws PipeException {
    // A sink may hold more than was read yet; upstream that is nothing.
    long least = position;
    for (RelaySink each : sinks) {
      least = Math.min(least, each.committed);
    }
    if (least <= committed) {
      return false;
    }
    source.commit(least);
    committed = least;
    progress.committed(least);
    return true;
  }

  /**
   * All is committed and finished: told once more, with the digest of what the sinks hold.
   *
   * @return that digest; null where no sink can tell
   */
  private @Nullable Digest tellSourceTheEnd() throws PipeException, InterruptedException {
    Digest digest = null;
    boolean told = false;
    for (RelaySink each : sinks) {
      Resume end = each.sink.resume();
      if (end.position() == position) {
        source.commit(position, end.digest());
        told = true;
      }
      digest = digest == null ? end.digest() : digest;
    }
    if (!told) {
      source.commit(position, null);
    }
    committed = position;
    progress.committed(position);
    return digest;
  }

  /** One sink and what is known of it. Thread rule: the relay's thread. */
  private static final class RelaySink {
    final Sink sink;
    final int index;
    Resume held = Resume.START;
    long committed;

    private final RelayProgress progress;

    /** Of what this sink held at the start, when the stream is re-read from below it. */
    private @Nullable Digester check;

    RelaySink(Sink sink, int index, RelayProgress progress) {
      this.sink = sink;
      this.index = index;
      this.progress = progress;
    }

    void start() throws PipeException, InterruptedException {
      try {
        held = sink.resume();
        committed(held.position());
      } catch (PipeException e) {
        throw failed(e);
      }
    }

    void fence(long epoch) throws PipeException {
      try {
        sink.fence(epoch);
      } catch (PipeException e) {
        throw failed(e);
      }
    }

    /** What it has committed by now. */
    Committed news() throws PipeException {
      try {
        return sink.committed();
      } catch (PipeException e) {
        throw failed(e);
      }
    }

    /** Waits a moment for it to commit so far. */
    Committed awaitNews(long position) throws PipeException, InterruptedException {
      try {
        return sink.awaitCommitted(position, UNCOMMITTED_LOOK);
      } catch (PipeException e) {
        throw failed(e);
      }
    }

    void finish() throws PipeException, InterruptedException {
      try {
        sink.finish();
        progress.sinkFinished(index);
      } catch (PipeException e) {
        throw failed(e);
      }
    }

    void committed(long position) {
      committed = Math.max(committed, position);
      progress.sinkCommitted(index, committed);
    }

    private PipeException failed(PipeException why) {
      progress.sinkFailed(index);
      return why;
    }

    /** Two sinks that hold different things are not two copies of one stream. */
    void checkAgainst(Resume least) throws PipeException {
      Digest own = held.digest();
      Digest other = least.digest();
      if (own == null || other == null) {
        return;
      }
      if (held.position() == least.position()) {
        compare(own, other);
      } else {
        check = new Digester(other);
      }
    }

    /** Where what it took ends. */
    long write(Batch batch) throws PipeException, InterruptedException {
      try {
        if (check != null) {
          follow(batch, check);
        }
        return sink.write(batch);
      } catch (PipeException e) {
        throw failed(e);
      }
    }

    /** A stream that ends below what the sink holds of it is another one. */
    void checkEnd(long end) throws PipeException {
      if (held.position() > end) {
        progress.sinkFailed(index);
        throw new PipeException.DataLoss(
            "a sink holds "
                + held.position()
                + " bytes of a stream that ends at "
                + end
                + " now: its source has become another one; send it into another file");
      }
    }

    private void follow(Batch batch, Digester digester) throws PipeException {
      long restBytes = held.position() - batch.position();
      var bytes = batch.bytes();
      bytes.limit(bytes.position() + (int) Math.min(restBytes, bytes.remaining()));
      digester.update(bytes);
      if (batch.endPosition() >= held.position()) {
        check = null;
        Digest own = held.digest();
        if (own != null) {
          try {
            compare(own, digester.digest());
          } catch (PipeException e) {
            batch.close();
            throw e;
          }
        }
      }
    }

    private void compare(Digest own, Digest other) throws PipeException {
      if (!own.equals(other)) {
        progress.sinkFailed(index);
        throw new PipeException.DataLoss(
            "a sink holds other bytes before position "
                + held.position()
                + " than the stream has: there "
                + own
                + ", here "
                + other);
      }
    }
  }
}
