package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.session.Delivery;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The incoming stream of a {@link SessionPipe}. The pipe's lock guards it. */
final class SessionSource implements Source {
  /**
   * A read that brought less than this has probably emptied the socket: what the peer should know
   * is sent before waiting for more. While data pours in, acknowledgements go by the window.
   */
  private static final int DRAINED_BYTES = 64 << 10;

  /** As many as the session may have unconfirmed. */
  private static final int REFUSED_COUNT_MAX = 65_536;

  private final SessionPipe pipe;
  private final RecordBorders borders;

  /** What no commit has passed yet, by the position behind it. */
  private final TreeMap<Long, Rejection> refused = new TreeMap<>();

  private @Nullable StreamId stream;

  /** Of the last batch's writer; 0 before the first one. Written under the lock. */
  private volatile long epoch;

  /** Whether the stream was met, and what is counted here begins where it does. */
  private boolean begun;

  private long handedPosition;
  private long creditedPosition;
  private boolean ended;

  SessionSource(SessionPipe pipe) {
    this.pipe = pipe;
    this.borders =
        new RecordBorders(pipe.context.pool(), pipe.options.access().limits().messageBytesMax());
  }

  @Override
  public StreamId stream() {
    pipe.lock.lock();
    try {
      return streamLocked();
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public StreamId awaitStream() throws PipeException, InterruptedException {
    pipe.lock.lock();
    try {
      while (!begin() && pipe.context.receives()) {
        pipe.check();
        pipe.driver.flush();
        if (pipe.session.incoming().stream() == null) {
          pipe.check(); // It may have been closed while this thread was writing.
          pipe.driver.awaitChange(Long.MAX_VALUE);
        }
      }
      return streamLocked();
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public long epoch() {
    long ofBatch = epoch;
    if (ofBatch != 0) {
      return ofBatch;
    }
    pipe.lock.lock();
    try {
      return pipe.session.incoming().epoch();
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public Encoding encoding() {
    return pipe.context.encoding();
  }

  @Override
  public boolean replayable() {
    return false;
  }

  @Override
  public void commitsComeAtEnd() {
    pipe.lock.lock();
    try {
      pipe.session.onAppliesAtEnd();
      afterProgress();
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public void confirmsEnd() {
    pipe.lock.lock();
    try {
      pipe.session.holdEnd();
    } finally {
      pipe.lock.unlock();
    }
  }

  /** The peer was told where the stream goes on, before this: the sink has to stand just there. */
  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    pipe.lock.lock();
    try {
      if (from.position() > 0 || pipe.session.incoming().holdsAny()) {
        StreamId _ = awaitStream();
      }
      boolean _ = begin();
      if (from.position() != handedPosition) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            pipe.where()
                + ": the sink stands at "
                + from.position()
                + ", this pipe goes on at "
                + handedPosition
                + "; the peer cannot be asked to go back");
      }
      return from.position() == 0 || isWhatPeerWasTold(from);
    } finally {
      pipe.lock.unlock();
    }
  }

  /** Whether the digest of the stream so far is known, and goes on. Locked. */
  private boolean isWhatPeerWasTold(Resume from) throws PipeException {
    Long told = pipe.session.incoming().startDigest();
    Digest own = from.digest();
    if (told == null || own == null || handedPosition != pipe.session.incoming().startPosition()) {
      return false;
    }
    if (told != own.toLong()) {
      throw new PipeException.DataLoss(
          pipe.where()
              + ": the sink holds other bytes before position "
              + from.position()
              + " than this side said it does: there "
              + own
              + ", here "
              + Digest.fromLong(told));
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return read(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.toNanos());
  }

  @Override
  public boolean finished() {
    pipe.lock.lock();
    try {
      return ended;
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public void commit(long position) throws PipeException {
    commit(position, null, false);
  }

  @Override
  public void commit(long position, @Nullable Digest digest) throws PipeException {
    commit(position, digest, true);
  }

  private void commit(long position, @Nullable Digest digest, boolean mayBeEnd)
      throws PipeException {
    pipe.lock.lock();
    try {
      checkRead(position);
      Long there = digest == null ? null : digest.toLong();
      tellRefused(position);
      if (mayBeEnd && ended) {
        pipe.session.onFinished(position, there, Ticker.now());
      } else {
        pipe.session.onApplied(position, there, Ticker.now());
      }
      // What the sink has takes no room here: one acknowledgement tells of both.
      if (!creditUpTo(Math.min(position, handedPosition))) {
        afterProgress();
      }
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public void durable(long position) throws PipeException {
    durable(position, null, false);
  }

  @Override
  public void durable(long position, @Nullable Digest digest) throws PipeException {
    durable(position, digest, true);
  }

  private void durable(long position, @Nullable Digest digest, boolean mayBeEnd)
      throws PipeException {
    pipe.lock.lock();
    try {
      checkRead(position);
      if (mayBeEnd && ended) {
        Long there = digest == null ? null : digest.toLong();
        pipe.session.onDurableEnd(position, there, Ticker.now());
      } else {
        pipe.session.onDurable(position, Ticker.now());
      }
      if (!creditUpTo(Math.min(position, handedPosition))) {
        afterProgress();
      }
    } finally {
      pipe.lock.unlock();
    }
  }

  private void checkRead(long position) throws PipeException {
    if (position > pipe.session.incoming().received()) {
      throw new IllegalArgumentException(
          "position " + position + " was not read yet; read up to there first");
    }
    pipe.check();
  }

  @Override
  public void reject(long endPosition, Rejection why) throws PipeException {
    pipe.lock.lock();
    try {
      pipe.check();
      if (refused.size() >= REFUSED_COUNT_MAX) {
        throw new IllegalStateException(
            "more than " + REFUSED_COUNT_MAX + " rejections that no commit has passed");
      }
      refused.putIfAbsent(endPosition, why);
    } finally {
      pipe.lock.unlock();
    }
  }

  /** The peer hears of rejections in the order of the stream, whoever made them first. Locked. */
  private void tellRefused(long position) {
    while (!refused.isEmpty() && refused.firstKey() <= position) {
      Map.Entry<Long, Rejection> first = refused.pollFirstEntry();
      Rejection why = first.getValue();
      pipe.session.onRejected(first.getKey(), why.status().code(), why.reason());
    }
  }

  @Override
  public void abort(String reason) {
    if (!pipe.goesOnWriting()) {
      pipe.close(reason);
    }
  }

  @Override
  public void close() {
    if (!pipe.goesOnWriting()) {
      pipe.close();
    }
  }

  /** Lets go of what was received and not taken. Locked. */
  void release() {
    borders.close();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    pipe.lock.lock();
    try {
      boolean _ = begin();
      // The last batch is in good hands, since the next one is asked for.
      creditUpTo(handedPosition);
      long deadline = timeoutNanos == Long.MAX_VALUE ? 0 : Ticker.now() + timeoutNanos;
      while (true) {
        Batch batch = poll();
        if (batch != null) {
          handedPosition = batch.endPosition();
          epoch = pipe.session.incoming().epoch();
          return batch;
        }
        if (ended) {
          return null;
        }
        pipe.check();
        if (pipe.driver.lastReadBytes() < DRAINED_BYTES) {
          pipe.session.flushAcks();
        }
        pipe.driver.flush();
        if (pipe.session.incoming().hasDelivery() || pipe.session.incomingEnded()) {
          continue;
        }
        pipe.check();
        long restNanos = Long.MAX_VALUE;
        if (timeoutNanos != Long.MAX_VALUE) {
          restNanos = deadline - Ticker.now();
          if (restNanos <= 0) {
            return null;
          }
        }
        pipe.driver.awaitChange(restNanos);
      }
    } finally {
      pipe.lock.unlock();
    }
  }

  private @Nullable Batch poll() throws PipeException {
    try {
      while (true) {
        Batch batch = borders.poll(streamLocked(), encoding());
        if (batch != null) {
          return batch;
        }
        boolean _ = begin();
        Delivery delivery = pipe.session.pollDelivery();
        if (delivery == null) {
          // What began a message was copied, and its rest has to come however long it is.
          creditUpTo(borders.takenPosition());
          ended = pipe.session.incomingEnded();
          return null;
        }
        borders.add(delivery);
      }
    } catch (IllegalArgumentException e) {
      boolean tooLong = e instanceof RecordBorders.TooLong;
      PipeException why =
          new PipeException.Refused(
              tooLong ? Status.OUT_OF_RANGE : Status.INVALID_ARGUMENT,
              pipe.where()
                  + (tooLong
                      ? ": the peer sends what is too much"
                      : ": what the peer sends are no messages")
                  + ", before position "
                  + pipe.session.incoming().received()
                  + ": "
                  + e.getMessage());
      pipe.fail(why);
      throw why;
    }
  }

  /**
   * What lies before the position no longer takes room in the window: as much more may come.
   *
   * @return whether that was news, of which the peer hears
   */
  private boolean creditUpTo(long position) {
    if (position <= creditedPosition) {
      return false;
    }
    pipe.session.onConsumed(position - creditedPosition, Ticker.now());
    creditedPosition = position;
    afterProgress();
    return true;
  }

  private void afterProgress() {
    if (pipe.session.wantsToSend(Ticker.now())) {
      pipe.driver.flush();
    }
    pipe.driver.arm();
  }

  /** Whether the stream is known; what is counted here begins where it goes on. Locked. */
  private boolean begin() {
    if (!begun && pipe.session.incoming().stream() != null) {
      begun = true;
      handedPosition = pipe.session.incoming().startPosition();
      creditedPosition = handedPosition;
    }
    return begun;
  }

  private StreamId streamLocked() {
    StreamId known = stream;
    if (known != null) {
      return known;
    }
    String told = pipe.session.incoming().stream();
    if (told == null) {
      return new StreamId("unknown");
    }
    known = new StreamId(told);
    stream = known;
    return known;
  }
}
