package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RefusingSource;
import io.hostpipe.spi.Standing;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A queue that is read from. A message is acknowledged when the sink has committed it; what is not
 * by the time a reader ends the server gives to the next one.
 *
 * <p>Messages that Hostpipe wrote tell their place, and none is handed over twice. Where one reader
 * at a time gets them, what was read travels with each batch and comes back from the sink, so that
 * it holds for the next process as well.
 *
 * <p>Where a message may be tried so often and no more, what comes again is handed over alone, so
 * whatever kills its process was the only one in its hands. All that its reader had been given is
 * counted by the server all the same. Where order is kept, that is told apart by its place: what
 * killed the process before comes first, and nothing else is refused. Where it is not, the server
 * gives one message at a time until the first comes that nobody had.
 *
 * <p>Thread rule: as {@link Source}.
 */
final class QueueSource implements Source, RefusingSource {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final QueueOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Standing<QueueReader> standing;
  private final Ledger ledger;
  private final Tries tries;
  private final AtomicLong refusedCount = new AtomicLong();
  private final ArrayDeque<Batch> ready = new ArrayDeque<>();

  /** Of everything that was yielded. */
  private Digester digester = new Digester(Digest.EMPTY);

  private long position;

  /** The sink has everything before it already, and this is its digest. */
  private long startPosition;

  private @Nullable Digest startDigest;
  private volatile int prefetch;
  private Queues.Care care = Queues.Care.NONE;
  private volatile @Nullable Keeper keeper;
  private boolean begun;
  private boolean finished;
  private boolean saidGap;

  /** Whether something was handed over, or put aside. */
  private boolean moved;

  /** Whether that was handed over alone, and nothing may follow before it is committed. */
  private boolean alone;

  /** What a batch had no room for. */
  private @Nullable Delivery unread;

  QueueSource(QueueOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? options.streamId() : asked;
    this.standing = new Standing<>(options.address(), context);
    this.ledger = new Ledger(options.single());
    this.tries = new Tries(context.attempts());
    this.prefetch = options.prefetch();
  }

  @Override
  public void commitsComeAtEnd() {
    prefetch = 0;
    if (tries.limited()) {
      tries.suspend();
      context
          .events()
          .warning(
              options.address()
                  + ": --attempts does not count what is read here: the destination commits all of"
                  + " it at its end, or nothing");
    }
  }

  @Override
  public void onRefused(Keeper told) {
    keeper = told;
  }

  @Override
  public long refusedCount() {
    return refusedCount.get();
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return context.encoding();
  }

  @Override
  public boolean replayable() {
    return options.single();
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    if (from.cursor() != null && options.single()) {
      Seen.Kept kept = Seen.of(from.cursor());
      position = from.cursorPosition();
      startPosition = from.position();
      startDigest = from.digest();
      digester = new Digester(kept.digest());
      ledger.goOn(kept.seen(), position);
      return false;
    }
    if (from.position() > 0) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": a queue gives what was not acknowledged, and cannot go to position "
              + from.position()
              + "; give the stream a new sink"
              + (options.single() ? ", or the one that keeps its place" : ", or read with single"));
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null && !finished()) {
      batch = read(FOREVER_NANOS);
    }
    return batch;
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.compareTo(Duration.ofDays(365)) > 0 ? FOREVER_NANOS : timeout.toNanos());
  }

  @Override
  public boolean finished() {
    return finished && ready.isEmpty();
  }

  @Override
  public void commit(long committedPosition) {
    tries.commit(committedPosition);
    ledger.commit(committedPosition);
  }

  @Override
  public void reject(long endPosition, Rejection why) {
    ledger.reject(endPosition);
  }

  @Override
  public void close() {
    standing.close();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + options.address());
    }
    standing.checkOpen();
    long deadline = System.nanoTime() + timeoutNanos;
    while (ready.isEmpty() && !finished) {
      long restNanos = Math.max(0, deadline - System.nanoTime());
      QueueReader open = standing.get(this::begin);
      begun = true;
      // What a broken connection has brought and nobody has read comes again over the next one.
      Delivery message = open.failure() == null ? next(open, restNanos) : null;
      if (message != null) {
        standing.works(position);
        if (open.isNarrow() && !message.cameBefore() && tries.allowsMany()) {
          open.widen(prefetch);
        }
        collect(open, message);
        if (unread != null && ready.isEmpty()) {
          if (restNanos == 0) {
            return null;
          }
          ledger.awaitCommitted(position, Math.min(restNanos, LOOK_NANOS));
        }
      } else if (open.failure() != null || open.inbox().ended()) {
        onBreak(open);
      } else if (restNanos == 0) {
        return null;
      }
    }
    return ready.poll();
  }

  private QueueReader begin() throws PipeException {
    QueueReader reader =
        QueueReader.open(
            options, !begun, prefetch, tries.limited() && !options.single(), context.events());
    if (!begun) {
      care = reader.care();
      tries.counted(care.counts());
    }
    return reader;
  }

  private @Nullable Delivery next(QueueReader open, long timeoutNanos) throws InterruptedException {
    Delivery message = unread;
    unread = null;
    if (message != null) {
      return message;
    }
    if (options.until() != Until.EMPTY) {
      return open.inbox().poll(timeoutNanos);
    }
    message = open.inbox().poll(Math.min(timeoutNanos, LOOK_NANOS));
    if (message != null) {
      open.gaveOne();
    } else if (open.isEmpty()) {
      // The answer came behind all that was sent before it.
      message = open.inbox().poll();
      finished = message == null;
    }
    return message;
  }

  private void onBreak(QueueReader open) throws PipeException, InterruptedException {
    unread = null;
    int unknown = ledger.dropHeld();
    if (unknown > 0) {
      context
          .events()
          .warning(
              options.address()
                  + ": "
                  + unknown
                  + " messages that no Hostpipe wrote were not committed yet when the connection"
                  + " broke; they come twice");
    }
    PipeException why = open.failure();
    standing.drop(
        open,
        why != null
            ? why
            : new PipeException.Unreachable(
                options.address() + ": the connection broke behind position " + position, null));
  }

  /** Makes a batch of this message and those that are here already. */
  private void collect(QueueReader open, Delivery first)
      throws PipeException, InterruptedException {
    try (BatchWriter batch =
        new BatchWriter(context.pool(), encoding(), Math.max(BLOCK_BYTES, first.body().length))) {
      Delivery message = first;
      while (message != null && !finished) {
        long end = position + batch.lengthBytes();
        if (!isNew(message, end)) {
          ledger.passed(message, end);
        } else if (!take(message, batch)) {
          unread = message;
          break;
        }
        message = alone || batch.lengthBytes() >= BLOCK_BYTES ? null : open.inbox().poll();
      }
      if (batch.lengthBytes() > 0) {
        yieldBatch(batch);
      }
    }
  }

  /**
   * Hands a message over, or puts it aside.
   *
   * @return false when what lies before it has to be handed over first, or to be committed
   */
  private boolean take(Delivery message, BatchWriter batch)
      throws PipeException, InterruptedException {
    long begin = position + batch.lengthBytes();
    boolean known = begin < startPosition; // the sink has it
    int used = known || (options.single() && moved) ? 0 : tries.used(message);
    boolean apart = !known && options.single() && tries.suspects(message);
    if (batch.lengthBytes() > 0 && (used > 0 || apart)) {
      return false;
    }
    if (used > 0) {
      putAside(message, used);
      moved = true;
      return true;
    }
    if ((apart || alone) && position > startPosition && !ledger.hasCommitted(position)) {
      return false;
    }
    if (!add(batch, message)) {
      return false;
    }
    moved |= !known;
    alone = apart;
    long end = position + batch.lengthBytes();
    tries.handedOver(message, end);
    ledger.taken(message, message.wasDeadLetterOf(options.queue()), end);
    return true;
  }

  /** It was given out as often as it may be. */
  private void putAside(Delivery message, int times) throws PipeException, InterruptedException {
    Rejection why =
        new Rejection(
            Status.ABORTED,
            "the queue has given it out "
                + times
                + (times == 1 ? " time" : " times")
                + ", and nobody has committed it",
            times);
    Keeper keeps = keeper;
    if (keeps != null) {
      keeps.keep(position, ByteBuffer.wrap(message.body()), message.headers(), why);
      ledger.putAside(message, true);
    } else if (care.catches()) {
      ledger.putAside(message, false);
      if (refusedCount.incrementAndGet() == 1) {
        context
            .events()
            .warning(
                options.address()
                    + ": a message goes where the queue puts what is refused, and so does each like"
                    + " it: "
                    + why.reason());
      }
    } else {
      throw new PipeException.Rejected(
          why.status(),
          options.address()
              + ": the message behind position "
              + position
              + " is refused: "
              + why.reason()
              + ". It stays in the queue, and nothing behind it is read: put it aside with --dlq"
              + " ADDR, or read from a queue with dead-letters=QUEUE");
    }
  }

  private void yieldBatch(BatchWriter batch) throws PipeException {
    Batch full = batch.toBatch(stream, position);
    ByteBuffer bytes = full.bytes();
    long before = Math.clamp(startPosition - position, 0, full.lengthBytes());
    digester.update(bytes.slice(bytes.position(), (int) before));
    if (before > 0 && position + before == startPosition) {
      checkStart(full);
    }
    digester.update(bytes.slice(bytes.position() + (int) before, bytes.remaining() - (int) before));
    position = full.endPosition();
    Cursor cursor = ledger.endBatch(position, digester.digest());
    if (ledger.forgot()) {
      onForgotten(full);
    }
    Batch whole = options.single() ? with(cursor, full) : full;
    ready.addAll(whole.behind(Math.max(startPosition, whole.position())));
  }

  private static Batch with(Cursor cursor, Batch batch) {
    try (Batch given = batch) {
      given.block().retain();
      return new Batch(
          given.stream(), given.encoding(), given.position(), given.bytes(), given.block(), cursor);
    }
  }

  /** What the sink has beyond the place it keeps has to be what comes again. */
  private void checkStart(Batch full) throws PipeException {
    Digest wanted = startDigest;
    if (wanted != null && !wanted.equals(digester.digest())) {
      full.close();
      throw new PipeException.DataLoss(
          options.address()
              + " gives other messages before position "
              + startPosition
              + " than the sink holds: another reader took some of them, or their order changed;"
              + " give the rest a new sink");
    }
  }

  private void onForgotten(Batch full) throws PipeException {
    String what =
        options.address()
            + ": more streams are written into the queue, or with more gaps, than a sink can keep"
            + " the places of";
    if (options.once()) {
      full.close();
      throw new PipeException.Refused(
          Status.RESOURCE_EXHAUSTED,
          what + "; give each writer a queue of its own, or read with single instead of once");
    }
    context.events().warning(what + ": of the oldest, messages may come twice after a restart");
  }

  private boolean isNew(Delivery message, long endPosition) throws PipeException {
    Place place = message.place();
    if (place == null) {
      if (options.once()) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            options.address()
                + ": the message behind position "
                + endPosition
                + " tells no place, so that another program wrote it, and nobody could tell"
                + " whether it comes twice; read with single instead of once");
      }
      return true;
    }
    if (place.isEnd()) {
      finished = options.until() == Until.MARK;
      return false;
    }
    if (message.wasDeadLetterOf(options.queue())) {
      return ledger.isPutBackAnew(place, message.cameBefore());
    }
    Seen.Finding finding = ledger.look(place);
    if (finding == Seen.Finding.OTHER) {
      throw new PipeException.DataLoss(
          options.address()
              + ": the message with positions "
              + place.start()
              + " to "
              + place.end()
              + " of the stream "
              + place.stream()
              + " has other content than was read there before: two writers use one name; give"
              + " each its own --session");
    }
    if (finding == Seen.Finding.NEW && options.single() && !saidGap) {
      sayGap(place);
    }
    return finding == Seen.Finding.NEW;
  }

  private void sayGap(Place place) {
    long top = ledger.gapBefore(place);
    if (top >= 0) {
      saidGap = true;
      context
          .events()
          .warning(
              options.address()
                  + ": positions "
                  + top
                  + " to "
                  + place.start()
                  + " of the stream "
                  + place.stream()
                  + " were not in the queue, or come later: refused by its writer, dropped by the"
                  + " server, or taken by another reader");
    }
  }

  private boolean add(BatchWriter batch, Delivery message) throws PipeException {
    byte[] payload = message.body();
    if (encoding() == Encoding.RECORDS) {
      return batch.add(payload, 0, payload.length, message.headers());
    }
    return payload.length == 0 || batch.add(payload, 0, payload.length, Headers.EMPTY);
  }
}
