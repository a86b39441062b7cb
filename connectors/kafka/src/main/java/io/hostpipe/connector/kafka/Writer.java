package io.hostpipe.connector.kafka;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Abroad;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RefusesFirst;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes the batches of one stream, several in each transaction, and asks the brokers what they
 * have when something is doubtful.
 *
 * <p>While a transaction is committed, the next batches gather; what has gathered goes into the
 * next one. So a slow stream has a transaction for each batch, and a fast one few large ones,
 * without anybody waiting for more than is there. What is not committed is kept, because a broken
 * transaction takes all of its messages with it.
 *
 * <p>On any doubt (an error, no answer in time) the producer is closed. Another one fences it, has
 * what it left open decided, and reads how far the stream got: what is committed is, and all behind
 * it is sent again.
 *
 * <p>Thread rule: one thread adds; one of its own sends; {@link #close} from any.
 */
final class Writer implements AutoCloseable {
  /** Shorter batches than that are of one message each. */
  private static final int BATCH_BYTES_MIN = 1 << 10;

  private static final long WAITING_BYTES_MAX = 32L << 20;
  private static final long TRANSACTION_BYTES_MAX = 16L << 20;
  private static final long TRANSACTION_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long MORE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final KafkaOptions options;
  private final StreamId stream;
  private final long id;
  private final Attempts attempts;
  private final Commits commits;
  private final Resume held;
  private final Topic topic;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** In the open transaction, in order; all below under the lock. */
  private final ArrayDeque<Load> sent = new ArrayDeque<>();

  /** Behind those. */
  private final ArrayDeque<Load> waiting = new ArrayDeque<>();

  /** Of both. */
  private long heldBytes;

  /** Behind the newest message that is surely committed. */
  private long storedPosition;

  private @Nullable PipeException ended;
  private boolean closed;
  private volatile long epoch;
  private volatile Transactions open;
  private volatile RefusesFirst.@Nullable Refusal refusal;

  /** How much may go together where it is not known what the topic takes. Of the thread below. */
  private int batchBytesMax = ClientSettings.SEND_BATCH_BYTES;

  /** Where the message ended that was told last to be refused by a broker. Of that thread. */
  private long toldPosition = -1;

  private Writer(
      KafkaOptions options, StreamId stream, long id, Attempts attempts, Transactions first) {
    Place place = first.place();
    this.options = options;
    this.stream = stream;
    this.id = id;
    this.attempts = attempts;
    this.open = first;
    this.topic = first.topic();
    this.held = place == null ? Resume.START : place.held();
    this.epoch = held.epoch();
    this.storedPosition = held.position();
    this.commits = new Commits(held.position());
  }

  /** Connects, makes the topic where there is none, and finds the place. Blocks. */
  static Writer open(KafkaOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    Attempts attempts = new Attempts(context, options.address());
    long id = UUID.randomUUID().getMostSignificantBits();
    Transactions first = null;
    SecondLook look = new SecondLook();
    while (first == null) {
      try {
        first = begin(options, stream, encoding, id, context.events());
      } catch (PipeException e) {
        attempts.pauseAfter(look.at(e));
      }
    }
    Writer writer = new Writer(options, stream, id, attempts, first);
    attempts.succeeded(writer.held.position());
    Thread.ofVirtual().name("kafka-" + options.topic()).start(writer::keepUp);
    return writer;
  }

  private static Transactions begin(
      KafkaOptions options, StreamId stream, Encoding encoding, long id, PipeEvents events)
      throws PipeException, InterruptedException {
    Transactions first =
        Abroad.call(() -> Transactions.open(options, stream, encoding, id, events));
    Place place = first.place();
    if (place != null && place.held().position() > 0 && place.encoding() != encoding) {
      first.close();
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": the stream "
              + stream
              + " holds "
              + place.encoding()
              + " there, not "
              + encoding);
    }
    return first;
  }

  /** How far the stream had got when it was opened. */
  Resume held() {
    return held;
  }

  /** Its own among all that ever write the stream. */
  long id() {
    return id;
  }

  Commits commits() {
    return commits;
  }

  /** Which topic it writes into. */
  Topic topic() {
    return topic;
  }

  boolean closed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Has a message kept that the brokers refuse for good, before anything behind it is sent. */
  void onRefusal(RefusesFirst.Refusal told) {
    refusal = told;
  }

  /** The writer has this epoch from here on. */
  void fence(long newEpoch) {
    epoch = newEpoch;
  }

  /** Takes a batch, and then blocks while too much waits. */
  void add(Load load) throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      checkNotEnded();
      waiting.add(load);
      heldBytes += load.heldBytes();
      changed.signalAll();
      while (heldBytes > WAITING_BYTES_MAX) {
        changed.await();
        checkNotEnded();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Blocks until all is committed. */
  void awaitCommitted() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!waiting.isEmpty() || !sent.isEmpty()) {
        checkNotEnded();
        changed.await();
      }
      checkNotEnded();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
    end(closedHere());
    attempts.stop();
    open.close();
  }

  /** On a thread of its own, until it is closed or cannot go on. */
  private void keepUp() {
    try {
      while (true) {
        try {
          writeAll(open);
          return;
        } catch (PipeException e) {
          boolean known = isTooLong();
          if (!known && !(e instanceof PipeException.Unreachable)) {
            throw e;
          }
          clearUp(e, !known);
        }
      }
    } catch (PipeException e) {
      end(withPosition(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(closedHere());
    } catch (RuntimeException e) {
      // Who waits is told, and what was not committed stays so.
      end(
          new PipeException.Unreachable(
              Status.INTERNAL,
              options.address()
                  + ": what writes the stream "
                  + stream
                  + " has failed: "
                  + Attempts.reason(e),
              e));
    } finally {
      open.close();
    }
  }

  /** Who has lost a right is told how much was written with it. */
  private PipeException withPosition(PipeException why) {
    if (why.status() != Status.PERMISSION_DENIED && why.status() != Status.UNAUTHENTICATED) {
      return why;
    }
    return new PipeException.Refused(
        why.status(),
        why.getMessage()
            + "; the stream "
            + stream
            + " is certainly committed up to position "
            + storedPosition(),
        why);
  }

  private long storedPosition() {
    lock.lock();
    try {
      return storedPosition;
    } finally {
      lock.unlock();
    }
  }

  /** One transaction after another, until the writer ends. */
  private void writeAll(Transactions over) throws PipeException, InterruptedException {
    for (Load first = take(Long.MAX_VALUE); first != null; first = take(Long.MAX_VALUE)) {
      refuse(first);
      Load next = first;
      Place place = first.place();
      long bytes = 0;
      while (next != null) {
        place = next.place();
        over.send(next);
        bytes += next.heldBytes();
        boolean full = bytes >= TRANSACTION_BYTES_MAX || over.openNanos() >= TRANSACTION_NANOS_MAX;
        next = full || isRefusedNext() ? null : take(MORE_NANOS);
      }
      over.commit(place);
      committed(sent, Integer.MAX_VALUE, place);
    }
  }

  /** Tells of a message that a broker has refused, when all before it is committed. */
  private void refuse(Load load) throws PipeException, InterruptedException {
    Rejection why = load.refusal();
    long position = load.place().held().position();
    if (why == null || position <= toldPosition) {
      return;
    }
    RefusesFirst.Refusal told = refusal;
    if (told != null) {
      told.refused(position, why);
    }
    toldPosition = position;
    commits.reject(position, why);
  }

  private boolean isRefusedNext() {
    lock.lock();
    try {
      Load next = waiting.peek();
      return next != null && next.refusal() != null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether what went wrong is that something was too long, and it is known what to do. */
  private boolean isTooLong() {
    Load.Written bad = open.tooLong();
    return (bad != null && bad.behind() != null) || (open.isBatchTooLong() && batchBytesMax > 0);
  }

  /** What was too long is refused, or goes in shorter batches. Under the lock. */
  private void shorten() {
    Load.Written bad = open.tooLong();
    Place behind = bad == null ? null : bad.behind();
    if (bad != null && behind != null) {
      Rejection why =
          new Rejection(
              Status.OUT_OF_RANGE,
              "a message of "
                  + bad.lengthBytes()
                  + " bytes with its headers, and the topic takes none that is as long"
                  + " (max.message.bytes)");
      List<Load> all = List.copyOf(waiting);
      waiting.clear();
      all.forEach(each -> waiting.addAll(each.without(bad, behind, why)));
    } else if (open.isBatchTooLong()) {
      batchBytesMax = batchBytesMax > BATCH_BYTES_MIN ? batchBytesMax / 4 : 0;
    }
  }

  private void clearUp(PipeException trouble, boolean pauses)
      throws PipeException, InterruptedException {
    open.close();
    lock.lock();
    try {
      while (!sent.isEmpty()) {
        waiting.addFirst(sent.removeLast());
      }
      shorten();
    } finally {
      lock.unlock();
    }
    boolean waits = pauses;
    PipeException why = trouble;
    SecondLook look = new SecondLook();
    while (true) {
      checkNotEnded();
      if (waits) {
        attempts.pauseAfter(why);
        checkNotEnded();
      }
      waits = true;
      try {
        Transactions next =
            Transactions.again(options, stream, topic.id(), batchBytesMax, this::checkOurs);
        open = next;
        settle(next);
        return;
      } catch (PipeException e) {
        why = look.at(e);
        if (!(why instanceof PipeException.Unreachable)) {
          throw e;
        }
      }
    }
  }

  /** What is committed after a doubt. */
  private void settle(Transactions over) throws PipeException {
    // Close may have come while there was none to close.
    if (closed()) {
      over.close();
      throw closedHere();
    }
    Place stored = over.place();
    long position = stored == null ? 0 : stored.held().position();
    int count = stored == null ? 0 : countUpTo(stored);
    lock.lock();
    try {
      if (position < storedPosition) {
        throw new PipeException.DataLoss(
            options.address()
                + ": the topic has the stream "
                + stream
                + " up to position "
                + position
                + ", and had committed it up to position "
                + storedPosition
                + ": what lies between is lost");
      }
    } finally {
      lock.unlock();
    }
    if (stored != null && count > 0) {
      committed(waiting, count, stored);
    } else if (isIdle()) {
      attempts.succeeded(position);
    }
  }

  /**
   * What is committed is this writer's, as far as can be seen before another writer is fenced. The
   * brokers may tell less than they have committed: what is on its way is not there yet.
   */
  private void checkOurs(Place committed) throws PipeException {
    if (committed.writer() != id) {
      throw new PipeException.Refused(
          Status.ABORTED,
          options.address()
              + ": another process writes the stream "
              + stream
              + " as well, or a later writer goes on with it; this one hung, and looked before it"
              + " went on");
    }
    int _ = countUpTo(committed);
  }

  /** How many of the batches that wait are committed, with this place behind them. */
  private int countUpTo(Place stored) throws PipeException {
    if (stored.held().epoch() > epoch) {
      throw new PipeException.Refused(
          Status.ABORTED,
          options.address() + ": a later writer of the stream " + stream + " goes on with it");
    }
    int count = 0;
    int index = 0;
    lock.lock();
    try {
      for (Load each : waiting) {
        index++;
        if (isSame(each.place(), stored)) {
          count = index;
        }
      }
      if (count > 0 || stored.held().position() <= storedPosition) {
        return count;
      }
    } finally {
      lock.unlock();
    }
    throw new PipeException.Refused(
        Status.ABORTED,
        options.address()
            + ": another process writes the stream "
            + stream
            + " as well, and is at position "
            + stored.held().position());
  }

  private boolean isIdle() {
    lock.lock();
    try {
      return waiting.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The mark of an end has the position of what is before it, and is another place all the same.
   */
  private static boolean isSame(Place ours, Place stored) {
    return ours.held().position() == stored.held().position()
        && Objects.equals(ours.held().digest(), stored.held().digest())
        && ours.end() == stored.end();
  }

  /** So many batches at most are committed, the oldest first. */
  private void committed(ArrayDeque<Load> from, int countMax, Place place) {
    long position = -1;
    lock.lock();
    try {
      for (int count = 0; count < countMax && !from.isEmpty(); count++) {
        Load load = from.remove();
        heldBytes -= load.heldBytes();
        position = load.endPosition();
      }
      storedPosition = place.held().position();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    commits.advance(position);
    attempts.succeeded(position);
  }

  /** The next batch, which is in the open transaction from now on; null when none comes in time. */
  private @Nullable Load take(long timeoutNanos) throws InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (waiting.isEmpty() && ended == null && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
      Load next = ended == null ? waiting.poll() : null;
      if (next != null) {
        sent.add(next);
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  private void end(PipeException why) {
    lock.lock();
    try {
      if (ended == null) {
        ended = why;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    commits.fail(why);
  }

  private void checkNotEnded() throws PipeException {
    lock.lock();
    try {
      if (ended != null) {
        throw ended;
      }
    } finally {
      lock.unlock();
    }
  }

  private PipeException closedHere() {
    return new PipeException.Closed(
        Status.CANCELLED, options.address() + " was closed on this side");
  }
}
