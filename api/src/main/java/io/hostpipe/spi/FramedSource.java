package io.hostpipe.spi;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.FrameDecoder;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Makes messages of a source of raw bytes.
 *
 * <p>The stream it yields is records, and its positions count those. Where the source can go back,
 * each batch carries a {@link FramedCursor}: the source's position and cursor behind the batch's
 * last message. A resume goes there and reads on, so nothing before it is read again; what then
 * lies below the resume position is left out. Without a cursor, a source that can go back is read
 * from its start, and the digest is compared on the way.
 *
 * <p>Bytes that are no messages (one longer than allowed, an end inside one) end the stream with
 * {@link PipeException.Closed}, once the messages before them were handed over. Thread rule: as
 * {@link Source}. It owns the inner source.
 */
public final class FramedSource extends ForwardingSource {
  /**
   * The most bytes of records that are put into one batch, unless one message is longer: with a
   * frame around it, it fits into a block of 256 KiB.
   */
  private static final int BATCH_BYTES = 252 << 10;

  /** So that what the reader holds is let go of by nobody else while the reader is inside. */
  private enum State {
    IDLE,
    BUSY,
    CLOSING,
    CLOSED;

    State closing() {
      return this == BUSY ? CLOSING : this;
    }
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
  private final String where;
  private final FrameDecoder decoder;
  private final BlockPool pool;
  private final FramedCommits commits;

  /** Of the inner bytes read; null where nobody could go back and compare. */
  private @Nullable Digester digester;

  /** Batches that were made while seeking. */
  private final ArrayDeque<Batch> ready = new ArrayDeque<>();

  private @Nullable Batch current;
  private ByteBuffer in = ByteBuffer.allocate(0);
  private long position;

  /** The last of the inner source's own places that is not behind the messages handed out. */
  private @Nullable Cursor innerCursor;

  private long innerCursorPosition;

  /** The next one, which may still be behind them. */
  private @Nullable Cursor nextCursor;

  private long nextCursorPosition;
  private @Nullable PipeException failure;
  private boolean ended;

  /** Messages of at most {@link Records#PAYLOAD_BYTES_MAX} bytes. */
  public FramedSource(Source inner, Framing framing, BlockPool pool) {
    this(inner, framing.decoder(), pool);
  }

  /** Messages as this decoder finds them; it belongs to the source from here on. */
  public FramedSource(Source inner, FrameDecoder decoder, BlockPool pool) {
    this(inner, decoder, pool, inner.stream().toString());
  }

  /**
   * The same with a name of its own in messages.
   *
   * @param where what a person knows the inner source by
   */
  public FramedSource(Source inner, FrameDecoder decoder, BlockPool pool, String where) {
    super(inner);
    this.where = where;
    if (inner.encoding() != Encoding.RAW) {
      throw new IllegalArgumentException("only raw bytes can be framed, not " + inner.encoding());
    }
    this.decoder = decoder;
    this.pool = pool;
    this.commits = new FramedCommits(inner);
    this.digester = inner.replayable() ? new Digester(Digest.EMPTY) : null;
  }

  @Override
  public boolean wantsCommits() {
    return commits.wanted();
  }

  @Override
  public void commitsComeAtEnd() {
    inner.commitsComeAtEnd();
    commits.comeAtEnd();
  }

  @Override
  public Encoding encoding() {
    return Encoding.RECORDS;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    enter();
    try {
      return seekInside(from);
    } finally {
      leave();
    }
  }

  private boolean seekInside(Resume from) throws PipeException, InterruptedException {
    Cursor cursor = from.cursor();
    FramedCursor place =
        cursor == null
            ? FramedCursor.START
            : FramedCursor.read(cursor, decoder.framing(), stream());
    if (from.position() > 0 && !inner.replayable()) {
      boolean _ = inner.seek(from);
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          where + " cannot go back, and the sink holds it up to " + from.position() + " already");
    }
    boolean verified = inner.seek(place.inner());
    position = place.position();
    innerCursor = place.inner().cursor();
    innerCursorPosition = place.inner().cursorPosition();
    decoder.startAt(place.inner().position());
    commits.startAt(position, decoder.position());
    Digest there = place.inner().digest();
    digester = there == null ? null : new Digester(there);
    Digest wanted = from.digest();
    if (position == 0 && wanted != null) {
      skip(from.position(), new Digester(Digest.EMPTY), wanted);
      return true;
    }
    verified &= position == from.position();
    skip(from.position(), null, null);
    return verified;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return read(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.toNanos());
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    enter();
    try {
      Batch first = ready.poll();
      return first == null ? next(timeoutNanos) : first;
    } finally {
      leave();
    }
  }

  @Override
  public boolean finished() {
    return ended && ready.isEmpty();
  }

  @Override
  public void commit(long committed) throws PipeException {
    commit(committed, false);
  }

  /**
   * The digest is that of the records; the inner source is told that there is none of its bytes.
   */
  @Override
  public void commit(long committed, @Nullable Digest digest) throws PipeException {
    commit(committed, true);
  }

  private void commit(long committed, boolean told) throws PipeException {
    State now = state.get();
    if (now == State.IDLE || now == State.BUSY) { // once it was closed nobody is left to be told
      commits.commit(committed, told);
    }
  }

  @Override
  public void durable(long kept) throws PipeException {
    long innerPosition = commits.innerAt(kept);
    if (innerPosition >= 0) {
      inner.durable(innerPosition);
    }
  }

  /** The digest is that of the records, as with {@link #commit(long, Digest)}. */
  @Override
  public void durable(long kept, @Nullable Digest digest) throws PipeException {
    long innerPosition = commits.innerAt(kept);
    if (innerPosition >= 0) {
      inner.durable(innerPosition, null);
    }
  }

  @Override
  public void reject(long endPosition, Rejection why) {
    commits.reject(endPosition, why);
  }

  @Override
  public void abort(String reason) {
    close(() -> inner.abort(reason));
  }

  @Override
  public void close() {
    close(inner::close);
  }

  private void close(Runnable closeInner) {
    State before = state.getAndUpdate(now -> now == State.IDLE ? State.CLOSED : now.closing());
    closeInner.run();
    if (before == State.IDLE) {
      release();
    }
  }

  private void enter() throws PipeException {
    if (!state.compareAndSet(State.IDLE, State.BUSY)) {
      throw new PipeException.Closed(Status.CANCELLED, where + " was closed on this side");
    }
  }

  private void leave() {
    if (!state.compareAndSet(State.BUSY, State.IDLE)) {
      state.set(State.CLOSED);
      release();
    }
  }

  private void release() {
    if (current != null) {
      current.close();
      current = null;
    }
    ready.forEach(Batch::close);
    ready.clear();
    commits.close();
  }

  /** The next messages; null when none came in time, or the stream ended. */
  private @Nullable Batch next(long timeoutNanos) throws PipeException, InterruptedException {
    long deadline = timeoutNanos == Long.MAX_VALUE ? 0 : System.nanoTime() + timeoutNanos;
    while (!ended) {
      if (failure != null) {
        throw failure;
      }
      if (current == null && !take(timeoutNanos, deadline)) {
        return ended ? last() : null;
      }
      Batch batch = decoded();
      if (batch != null) {
        return batch;
      }
    }
    return null;
  }

  /** Takes the inner source's next batch; false when there is none. */
  private boolean take(long timeoutNanos, long deadline)
      throws PipeException, InterruptedException {
    Batch batch;
    if (timeoutNanos == Long.MAX_VALUE) {
      batch = inner.read();
    } else {
      batch = inner.read(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }
    if (batch == null) {
      ended = inner.finished();
      return false;
    }
    current = batch;
    in = batch.bytes();
    return true;
  }

  /** The messages that the inner batch completes, as many as one batch has room for. */
  private @Nullable Batch decoded() throws PipeException {
    int leastBytes = in.remaining() + in.remaining() / 4 + 2 * Records.VARINT_BYTES_MAX;
    try (BatchWriter writer =
        new BatchWriter(pool, Encoding.RECORDS, Math.min(leastBytes, BATCH_BYTES))) {
      writer.limit(BATCH_BYTES);
      ByteBuffer taken = in.duplicate();
      try {
        decoder.moveTo(in, writer);
      } catch (PipeException e) {
        failure = failed(e);
      }
      Digest there = follow(taken);
      if (failure != null || !in.hasRemaining()) {
        letGo();
      }
      return writer.count() == 0 ? null : batch(writer, there);
    }
  }

  /** The message that the end of the input completes. */
  private @Nullable Batch last() throws PipeException {
    ByteBuffer message;
    try {
      message = decoder.end();
    } catch (PipeException e) {
      ended = false;
      failure = failed(e);
      throw failure;
    }
    if (message == null) {
      return null;
    }
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 0)) {
      writer.add(message);
      return batch(writer, digester == null ? null : digester.digest());
    }
  }

  private Batch batch(BatchWriter writer, @Nullable Digest there) {
    if (inner.replayable()) {
      passCursor();
      writer.cursor(
          new FramedCursor(
                  position + writer.lengthBytes(),
                  new Resume(decoder.position(), innerCursor, there, innerCursorPosition))
              .write(decoder.framing(), stream()));
    }
    Batch batch = writer.toBatch(stream(), position);
    position = batch.endPosition();
    commits.add(batch, decoder.position());
    return batch;
  }

  /**
   * Digests the bytes that were taken.
   *
   * @return the digest up to the decoder's position; null when that is not known
   */
  private @Nullable Digest follow(ByteBuffer taken) {
    Digester known = digester;
    if (known == null) {
      return null;
    }
    int takenBytes = in.position() - taken.position();
    int restBytes = decoder.restBytes();
    if (restBytes > takenBytes) {
      known.update(taken.limit(in.position()));
      return null;
    }
    known.update(taken.limit(in.position() - restBytes));
    Digest there = known.digest();
    known.update(taken.limit(in.position()).position(in.position() - restBytes));
    return there;
  }

  /** The inner batch is used up. */
  private void letGo() {
    Batch done = current;
    if (done == null) {
      return;
    }
    Cursor cursor = done.cursor();
    if (cursor != null) {
      passCursor();
      nextCursor = cursor;
      nextCursorPosition = done.endPosition();
    }
    current = null;
    done.close();
  }

  /** Takes the inner source's next place for the last one once its bytes were all handed out. */
  private void passCursor() {
    if (nextCursor != null && nextCursorPosition <= decoder.position()) {
      innerCursor = nextCursor;
      innerCursorPosition = nextCursorPosition;
      nextCursor = null;
    }
  }

  /** Reads on to this position; what lies behind it is handed out by the next reads. */
  private void skip(long target, @Nullable Digester check, @Nullable Digest wanted)
      throws PipeException, InterruptedException {
    while (position < target) {
      Batch batch = next(Long.MAX_VALUE);
      if (batch == null) {
        throw new PipeException.DataLoss(
            where
                + " ends at position "
                + position
                + " of its messages, and the sink holds "
                + target
                + " already: it was cut or replaced");
      }
      ByteBuffer passed = batch.bytes();
      passed.limit(
          passed.position() + (int) Math.min(passed.remaining(), target - batch.position()));
      if (check != null) {
        check.update(passed);
      }
      ready.addAll(batch.behind(target));
    }
    if (check != null && wanted != null && !check.digest().equals(wanted)) {
      throw new PipeException.DataLoss(
          where
              + " has other messages before position "
              + target
              + " than the sink holds: here "
              + check.digest()
              + ", there "
              + wanted);
    }
  }

  private PipeException failed(PipeException cause) {
    return new PipeException.Closed(cause.status(), where + ": " + cause.getMessage(), cause);
  }
}
