package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.session.Frame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The outgoing stream of a {@link SessionPipe}. The pipe's lock guards it. */
final class SessionSink implements Sink {
  /** A batch of default size: large enough for few system calls, small enough for the caches. */
  private static final int BATCH_BYTES = 256 << 10;

  /**
   * How much is taken from the source beyond what the peer takes now: so that there is something to
   * send when it takes more. All beyond that would only wait, and leave the processor's caches
   * before it is sent.
   */
  private static final int AHEAD_BYTES = 512 << 10;

  /** How much more memory than bytes may be held: of a block that is not full, all is. */
  private static final int SLACK_BYTES_MAX = 16 << 20;

  private final SessionPipe pipe;
  private final List<Committed.Rejected> rejected = new ArrayList<>();
  private final List<Pending> pending = new ArrayList<>();
  private final StreamId stream;

  SessionSink(SessionPipe pipe) {
    this.pipe = pipe;
    this.stream = new StreamId(pipe.session.stream());
  }

  @Override
  public Resume resume() throws PipeException, InterruptedException {
    pipe.lock.lock();
    try {
      awaitPositioned();
      long next = pipe.session.outgoing().next();
      if (next != pipe.session.outgoing().startPosition()) {
        return new Resume(
            next,
            null,
            Digest.fromLong(pipe.session.outgoing().digestNext()),
            next,
            pipe.session.outgoing().epoch());
      }
      byte[] cursor = pipe.session.outgoing().startCursor();
      Long digest = pipe.session.outgoing().startDigest();
      return new Resume(
          next,
          cursor == null ? null : Cursor.of(cursor),
          digest == null ? null : Digest.fromLong(digest),
          pipe.session.outgoing().startCursorPosition(),
          pipe.session.outgoing().epoch());
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    pipe.lock.lock();
    try {
      awaitPositioned();
      awaitWindow();
    } finally {
      pipe.lock.unlock();
    }
    return new BatchWriter(
        pipe.context.pool(), pipe.context.encoding(), leastBytes == 0 ? BATCH_BYTES : leastBytes);
  }

  @Override
  public long write(BatchWriter writer) throws PipeException, InterruptedException {
    pipe.lock.lock();
    try {
      awaitPositioned();
      return append(writer.toBatch(stream, pipe.session.outgoing().next()));
    } finally {
      writer.close();
      pipe.lock.unlock();
    }
  }

  @Override
  public long write(Batch given) throws PipeException, InterruptedException {
    Batch batch = given;
    pipe.lock.lock();
    try {
      awaitPositioned();
      awaitWindow();
      if (batch.encoding() != pipe.context.encoding()) {
        throw new IllegalArgumentException(
            pipe.where() + " carries " + pipe.context.encoding() + ", not " + batch.encoding());
      }
      long next = pipe.session.outgoing().next();
      if (batch.position() > next) {
        throw new IllegalArgumentException(
            pipe.where() + " stands at " + next + ", the batch begins at " + batch.position());
      }
      if (batch.endPosition() <= next) {
        return next;
      }
      if (batch.position() < next) {
        batch = batch.from(next);
      }
      return append(batch);
    } finally {
      batch.close();
      pipe.lock.unlock();
    }
  }

  @Override
  public Committed committed() throws PipeException {
    pipe.lock.lock();
    try {
      pipe.check();
      return committedNow();
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return awaitCommitted(position, Long.MAX_VALUE);
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return awaitCommitted(position, timeout.toNanos());
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    CompletableFuture<Committed> stage = new CompletableFuture<>();
    pipe.lock.lock();
    try {
      pending.add(new Pending(position, stage));
      completePending();
    } finally {
      pipe.lock.unlock();
    }
    return stage;
  }

  /** Known only once the far sink is open; then a peer that waits for commits hears it. */
  @Override
  public boolean commitsAtEnd() {
    pipe.lock.lock();
    try {
      return pipe.session.outgoing().appliesAtEnd();
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    pipe.lock.lock();
    try {
      awaitReceiver();
      pipe.session.finish();
      pipe.driver.flush();
      while (!pipe.session.outgoingFinished()) {
        pipe.check();
        pipe.driver.awaitChange(Long.MAX_VALUE);
        pipe.driver.flush();
      }
      pipe.driver.flush();
    } finally {
      pipe.lock.unlock();
    }
  }

  @Override
  public void abort(String reason) {
    if (!pipe.goesOnReading()) {
      pipe.close(reason);
    }
  }

  @Override
  public void close() {
    if (!pipe.goesOnReading()) {
      pipe.close();
    }
  }

  /** Completes the stages whose time has come, on a thread of their own. Locked. */
  void completePending() {
    if (pending.isEmpty()) {
      return;
    }
    PipeException ended = pipe.ended();
    long acknowledged = pipe.session.outgoing().acknowledged();
    List<Pending> due = new ArrayList<>();
    pending.removeIf(each -> (each.position <= acknowledged || ended != null) && due.add(each));
    if (due.isEmpty()) {
      return;
    }
    Committed now = committedNow();
    Thread.ofVirtual()
        .name("hostpipe-commit")
        .start(() -> {
          for (Pending each : due) {
            if (each.position <= acknowledged || ended == null) {
              each.stage.complete(now);
            } else {
              each.stage.completeExceptionally(ended);
            }
          }
        });
  }

  /** The pipe is closed: without a finish the peer hears why there is no more. Locked. */
  void endOrAbort(String reason) {
    boolean neverUsed =
        pipe.context.receives()
            && pipe.session.incomingFinished()
            && pipe.session.outgoing().next() == pipe.session.outgoing().startPosition();
    if (neverUsed) {
      pipe.session.finish();
    } else if (!pipe.session.outgoingFinished()
        || !(pipe.session.incomingFinished() || pipe.session.incoming().owesEnd())) {
      pipe.session.abort(reason);
    }
  }

  private Committed awaitCommitted(long position, long timeoutNanos)
      throws PipeException, InterruptedException {
    long deadline = timeoutNanos == Long.MAX_VALUE ? 0 : Ticker.now() + timeoutNanos;
    pipe.lock.lock();
    try {
      while (pipe.session.outgoing().acknowledged() < position) {
        pipe.check();
        long restNanos = timeoutNanos == Long.MAX_VALUE ? Long.MAX_VALUE : deadline - Ticker.now();
        if (restNanos <= 0) {
          break;
        }
        pipe.driver.flush();
        if (pipe.session.outgoing().acknowledged() < position) {
          pipe.check(); // It may have been closed while this thread was writing.
          pipe.driver.awaitChange(restNanos);
        }
      }
      return committedNow();
    } finally {
      pipe.lock.unlock();
    }
  }

  private long append(Batch batch) throws PipeException {
    try (batch) {
      pipe.check();
      Cursor cursor = batch.cursor();
      batch.block().retain();
      BlockLease lease = new BlockLease(batch.block(), pipe.heldBytes);
      long end;
      try {
        end = pipe.session.append(batch.bytes(), lease, cursor == null ? null : cursor.bytes());
      } catch (IllegalStateException e) {
        lease.release();
        throw e;
      }
      pipe.driver.onUserWrite();
      pipe.driver.flush();
      pipe.check();
      return end;
    }
  }

  /** Waits until it is known where the stream goes on. */
  private void awaitPositioned() throws PipeException, InterruptedException {
    awaitReceiver();
    if (!pipe.session.outgoing().positioned()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          pipe.where()
              + (pipe.context.sends() ? ": the peer only sends" : ": this side only receives")
              + ", nothing can be written to it");
    }
  }

  /** Waits until there is a receiver, or no need for one. */
  private void awaitReceiver() throws PipeException, InterruptedException {
    while (pipe.context.sends()
        && pipe.session.peerReceives()
        && !pipe.session.outgoing().positioned()) {
      pipe.check();
      pipe.driver.awaitChange(Long.MAX_VALUE);
      pipe.driver.flush();
    }
    pipe.check();
  }

  private void awaitWindow() throws PipeException, InterruptedException {
    while (!windowIsOpen()) {
      pipe.check();
      pipe.driver.flush();
      if (!windowIsOpen()) {
        pipe.check(); // It may have been closed while this thread was writing.
        pipe.driver.awaitChange(Long.MAX_VALUE);
      }
    }
    pipe.check();
  }

  private boolean windowIsOpen() {
    long windowBytes = pipe.options.windowBytes();
    long pendingBytes = pipe.session.outgoing().next() - pipe.session.outgoing().letGo();
    long aheadBytes = pipe.session.outgoing().next() - pipe.session.outgoing().credit();
    return pendingBytes < windowBytes
        && aheadBytes < AHEAD_BYTES
        && pipe.heldBytes.get() < windowBytes + Math.min(windowBytes, SLACK_BYTES_MAX);
  }

  private Committed committedNow() {
    for (Frame.@Nullable Reject reject = pipe.session.pollReject();
        reject != null;
        reject = pipe.session.pollReject()) {
      rejected.add(
          new Committed.Rejected(
              reject.endPosition(), new Rejection(Status.ofCode(reject.code()), reject.reason())));
    }
    Committed now = new Committed(pipe.session.outgoing().acknowledged(), rejected);
    rejected.clear();
    return now;
  }

  /** A commit that someone wants to hear of. */
  private record Pending(long position, CompletableFuture<Committed> stage) {}
}
