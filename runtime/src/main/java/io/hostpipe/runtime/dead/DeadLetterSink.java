package io.hostpipe.runtime.dead;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RefusesFirst;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A sink around another one that puts aside what that refuses, and goes on: a message counts as
 * committed when either has it.
 *
 * <p>A sink that {@link RefusesFirst} has a message kept among the dead letters before anything
 * behind it is put, so wherever a process is killed, the place of the sink is never behind a
 * message that nobody has. Of any other sink each batch is kept here until it is committed, and a
 * message that is refused is put aside before a commit that passes it is told. What such a sink
 * told to a process that was killed before that, it may never tell again: then its place is behind
 * the message, and whoever chooses the pair says so.
 *
 * <p>Where that was asked for, a sink that stays unreachable leaves all that it has not committed,
 * and all that follows, to the dead letters. What was under way then may have arrived as well.
 *
 * <p>Thread rule: as {@link Sink}. The turn is held while commits are taken up and letters are
 * written, so that they are written in the order of the stream. It owns both.
 */
public final class DeadLetterSink extends ForwardingSink {
  /** How long one look at the commits waits. */
  private static final Duration LOOK = Duration.ofMillis(64);

  private final StreamId stream;
  private final DeadLetters letters;
  private final PipeEvents events;
  private final boolean takesRest;
  private final Commits commits = new Commits(0);

  /** Whoever has it takes up what became of messages. */
  private final ReentrantLock turn = new ReentrantLock(true);

  /** Guards the letters under way; never held while anything blocks. */
  private final ReentrantLock lock = new ReentrantLock();

  private final HeldBatches held;

  /** With the turn: what was refused and is in nobody's hands yet. The sink tells of it once. */
  private final ArrayDeque<Committed.Rejected> untaken = new ArrayDeque<>();

  /** The letters that are not kept yet, in order. */
  private final ArrayDeque<Pending> pending = new ArrayDeque<>();

  /** Under the lock: everything before it is committed, or was handed to the letters. */
  private long handledPosition;

  private volatile boolean rest;
  private volatile long restPosition;
  private volatile long position;

  /**
   * Puts aside what this sink refuses.
   *
   * @param takesRest whether what it does not take because it stays unreachable goes there as well
   * @param pool for what is kept until it is committed
   */
  public DeadLetterSink(
      Sink inner,
      StreamId stream,
      DeadLetters letters,
      boolean takesRest,
      PipeEvents events,
      BlockPool pool) {
    super(inner);
    this.held = new HeldBatches(pool);
    this.stream = stream;
    this.letters = letters;
    this.takesRest = takesRest;
    this.events = events;
    this.rest = letters.rest();
    if (inner instanceof RefusesFirst first) {
      first.onRefusal(this::refusedFirst);
    }
    var _ = inner.whenCommitted(Long.MAX_VALUE).exceptionally(this::failed);
  }

  @Override
  public Resume resume() throws PipeException, InterruptedException {
    if (position > 0 && rest) {
      return new Resume(position, null, null);
    }
    Resume from = inner.resume();
    if (from.position() > position) {
      position = from.position();
      handle(position);
      settle();
    }
    return from;
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, position));
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    if (batch.encoding() != Encoding.RECORDS) {
      batch.close();
      throw new PipeException.Config(
          Status.FAILED_PRECONDITION, "dead letters are messages, and this batch holds bytes");
    }
    if (rest) {
      return writeRest(batch);
    }
    long end = batch.endPosition();
    held.add(batch);
    try {
      position = inner.write(batch);
    } catch (PipeException e) {
      if (!turnsTo(e)) {
        throw e;
      }
      position = end;
    }
    if (inner.commitsAtEnd()) {
      held.letGo(end); // what it refuses it says at once
    }
    return position;
  }

  @Override
  public Committed committed() throws PipeException {
    // Whoever has the turn takes up the news; this never waits for it.
    if (turn.tryLock()) {
      try {
        takeUp();
      } catch (PipeException e) {
        commits.fail(e); // what was committed before it is told first
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        turn.unlock();
      }
    }
    return commits.committed();
  }

  @Override
  public Committed awaitCommitted(long wanted) throws PipeException, InterruptedException {
    bring(wanted, null);
    return commits.await(wanted);
  }

  @Override
  public Committed awaitCommitted(long wanted, Duration timeout)
      throws PipeException, InterruptedException {
    bring(wanted, timeout);
    return commits.await(wanted, Duration.ZERO);
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long wanted) {
    if (wanted != Long.MAX_VALUE) {
      // It asks as everybody else does: a refusal that came to it alone could be passed meanwhile.
      Thread.ofVirtual().name("hostpipe-dead-letters").start(() -> bringAll(wanted));
    }
    return commits.when(wanted);
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    if (!rest) {
      try {
        inner.finish();
      } catch (PipeException e) {
        if (!turnsTo(e)) {
          throw e;
        }
      }
    }
    turn.lockInterruptibly();
    try {
      takeUp();
    } finally {
      turn.unlock();
    }
    letters.finish();
    handle(position);
    settle();
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
    letters.abort(reason);
    held.letGo(Long.MAX_VALUE);
  }

  @Override
  public void close() {
    inner.close();
    letters.close();
    commits.fail(
        new PipeException.Closed(
            Status.CANCELLED, stream + " was closed on this side at position " + position));
    held.letGo(Long.MAX_VALUE);
  }

  /** How many messages it has put aside, and where. */
  public DeadLetters letters() {
    return letters;
  }

  /** Waits for commits up to there, and for the letters of what was refused on the way. */
  private void bring(long wanted, @Nullable Duration timeout)
      throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      if (!rest && commits.position() < wanted) {
        Committed news = null;
        try {
          news =
              timeout == null
                  ? inner.awaitCommitted(wanted)
                  : inner.awaitCommitted(wanted, timeout);
        } catch (PipeException e) {
          takeLast();
          if (!turnsTo(e)) {
            throw e;
          }
        }
        if (news != null) {
          take(news);
        }
      }
      Duration left = timeout;
      for (Pending next = first(); next != null && next.begin < wanted; next = first()) {
        if (letters.await(next.letterEnd, left) < next.letterEnd) {
          break; // it is asked again
        }
        left = timeout == null ? null : Duration.ZERO;
        settle();
      }
      settle();
    } finally {
      turn.unlock();
    }
  }

  /** As {@link #bring}, by looks: nobody else waits long for the turn. */
  private void bringAll(long wanted) {
    try {
      while (commits.position() < wanted) {
        bring(wanted, LOOK);
        if (rest) {
          LockSupport.parkNanos(LOOK.toNanos()); // for what is still to be written
        }
      }
    } catch (PipeException e) {
      commits.fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes up what the sink and the letters have committed. With the turn. */
  private void takeUp() throws PipeException, InterruptedException {
    if (!rest) {
      Committed news = null;
      try {
        news = inner.committed();
      } catch (PipeException e) {
        if (!turnsTo(e)) {
          throw e;
        }
      }
      if (news != null) {
        take(news);
      }
    }
    settle();
  }

  /** What the sink had committed before it failed. With the turn. */
  private void takeLast() throws PipeException, InterruptedException {
    Committed news;
    try {
      news = inner.committed();
    } catch (PipeException e) {
      return; // it has told all it had
    }
    take(news);
    settle();
  }

  /** With the turn. Whatever fails here is tried again before anything passes it. */
  private void take(Committed news) throws PipeException, InterruptedException {
    untaken.addAll(news.rejected());
    for (Committed.Rejected each = untaken.peek(); each != null; each = untaken.peek()) {
      if (!letters.has(each.endPosition())) {
        add(putAside(each.endPosition(), each.why()));
      }
      untaken.remove();
    }
    handle(news.position());
  }

  /** On the writer's thread, in the midst of a write: nothing behind the message was put. */
  private void refusedFirst(long endPosition, Rejection why)
      throws PipeException, InterruptedException {
    Pending letter = letters.has(endPosition) ? null : putAside(endPosition, why);
    if (letter != null) {
      letters.await(letter.letterEnd);
    }
  }

  /** Hands the message that ends there to the letters; null when they have it. */
  private @Nullable Pending putAside(long endPosition, Rejection why)
      throws PipeException, InterruptedException {
    Batch batch = held.holding(endPosition);
    if (batch == null) {
      throw lost(endPosition, why);
    }
    long[] begin = {batch.position()};
    Pending[] letter = {null};
    try (batch) {
      if (batch.beginsInsideRecord()) {
        throw lost(endPosition, why);
      }
      forEach(
          batch,
          (end, payload, headers) -> {
            if (end == endPosition) {
              long letterEnd = letters.put(end, payload, headers, why, false);
              letter[0] = new Pending(begin[0], letterEnd);
            }
            begin[0] = end;
          });
    }
    if (letter[0] == null) {
      throw lost(endPosition, why);
    }
    return letter[0].letterEnd < 0 ? null : letter[0];
  }

  private PipeException lost(long endPosition, Rejection why) {
    return new PipeException.DataLoss(
        "the message that ends at position "
            + endPosition
            + " of the stream "
            + stream
            + " was refused ("
            + why.reason()
            + ") and is not here any more to be put among the dead letters at "
            + letters.place()
            + ": it was sent by an earlier process; send it again");
  }

  /** The sink stays unreachable: what it has not committed, and all behind it, is put aside. */
  private boolean turnsTo(PipeException why) throws PipeException, InterruptedException {
    if (!takesRest
        || !(why instanceof PipeException.Unreachable)
        || inner.commitsAtEnd()
        || letters.failed()) {
      return false; // the letters themselves may be what is unreachable
    }
    turn.lockInterruptibly();
    try {
      if (!rest) {
        events.warning(
            why.getMessage()
                + "; what it has not confirmed, and all that follows, goes to the dead letters at "
                + letters.place());
        takeLast();
        restPosition = commits.position();
      }
      for (Batch each = held.first(); each != null; each = held.first()) {
        putRest(each, why);
      }
      rest = true; // not before: what could not be put aside is tried again
      settle();
    } finally {
      turn.unlock();
    }
    return true;
  }

  private long writeRest(Batch batch) throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      long end = batch.endPosition();
      putRest(batch, null);
      position = end;
      settle();
      return end;
    } finally {
      turn.unlock();
    }
  }

  /** Puts all of a batch aside that is not committed, and closes it. With the turn. */
  private void putRest(Batch batch, @Nullable PipeException why)
      throws PipeException, InterruptedException {
    String reason = why == null ? null : why.getMessage();
    Rejection cause =
        new Rejection(
            Status.UNAVAILABLE,
            reason == null
                ? "the destination stayed unreachable from position " + restPosition + " on"
                : "it may have arrived all the same: " + reason);
    try (batch) {
      if (batch.beginsInsideRecord()) {
        throw lost(batch.endPosition(), cause);
      }
      long[] begin = {batch.position()};
      forEach(
          batch,
          (end, payload, headers) -> {
            if (end > commits.position()) {
              long letterEnd = letters.put(end, payload, headers, cause, true);
              add(letterEnd < 0 ? null : new Pending(begin[0], letterEnd));
            }
            begin[0] = end;
          });
      handle(batch.endPosition());
    }
  }

  private interface EachMessage {
    void message(long endPosition, ByteBuffer payload, Headers headers)
        throws PipeException, InterruptedException;
  }

  private static void forEach(Batch batch, EachMessage each)
      throws PipeException, InterruptedException {
    InterruptedException[] interrupted = {null};
    try {
      batch.forEach((end, payload, headers) -> {
        if (interrupted[0] == null) {
          try {
            each.message(end, payload, headers);
          } catch (InterruptedException e) {
            interrupted[0] = e;
          }
        }
      });
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("a batch in memory cannot fail to be read", e);
    }
    if (interrupted[0] != null) {
      throw interrupted[0];
    }
  }

  /** Everything before the position is committed, or handed to the letters. */
  private void handle(long handled) {
    lock.lock();
    try {
      handledPosition = Math.max(handledPosition, handled);
    } finally {
      lock.unlock();
    }
    held.letGo(handled);
  }

  private void add(@Nullable Pending letter) {
    if (letter != null) {
      lock.lock();
      try {
        pending.add(letter);
      } finally {
        lock.unlock();
      }
    }
  }

  private @Nullable Pending first() {
    lock.lock();
    try {
      return pending.peek();
    } finally {
      lock.unlock();
    }
  }

  /** Tells what is committed by now: up to the first letter that is not kept yet. */
  private void settle() throws PipeException {
    long kept = first() == null ? 0 : letters.committed();
    long now;
    lock.lock();
    try {
      while (!pending.isEmpty() && pending.element().letterEnd <= kept) {
        pending.remove();
      }
      Pending next = pending.peek();
      now = next == null ? handledPosition : Math.min(handledPosition, next.begin);
    } finally {
      lock.unlock();
    }
    if (now > commits.position()) {
      letters.forgetUpTo(now);
      commits.advance(now);
    }
  }

  private Committed failed(Throwable cause) {
    Throwable why =
        cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
    if (why instanceof PipeException.Unreachable gone && takesRest) {
      // Nobody may write or ask for long. On a thread of its own: letters have to be written.
      Thread.ofVirtual().name("hostpipe-dead-letters").start(() -> turnTo(gone));
    } else {
      commits.fail(
          why instanceof PipeException known
              ? known
              : new PipeException.Closed(
                  Status.INTERNAL, stream + " could not be written on: " + why, why));
    }
    return new Committed(0, List.of());
  }

  private void turnTo(PipeException why) {
    try {
      if (!turnsTo(why)) {
        commits.fail(why);
      }
    } catch (PipeException e) {
      commits.fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * A letter that is not kept yet.
   *
   * @param begin nothing behind it counts as committed until then
   * @param letterEnd where it ends in the stream of the letters
   */
  private record Pending(long begin, long letterEnd) {}
}
