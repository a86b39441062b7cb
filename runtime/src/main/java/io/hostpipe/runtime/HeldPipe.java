package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Digest;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.ForwardingSource;
import io.hostpipe.spi.PairedPipe;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What the user of a pipe holds of it: the pipe itself, its source, its sink.
 *
 * <p>The pipe behind it is held by its links and timers for as long as it lives; this is held by
 * the user alone. So when all of it becomes unreachable before it was closed, the user has lost it,
 * and nobody can close the pipe any more: {@link Leak} does. Each call keeps this reachable until
 * it returns, since a thread that waits in it is a user, too.
 *
 * <p>Thread rule: as {@link Pipe}.
 */
final class HeldPipe extends PairedPipe {
  private final Hold hold;

  private HeldPipe(Hold hold) {
    super(new HeldSource(hold), new HeldSink(hold), hold.pipe::description);
    this.hold = hold;
  }

  /** Called on the thread of the user who opens the pipe: that place is remembered. */
  static HeldPipe of(SessionPipe pipe) {
    Hold hold = new Hold(pipe, new Leak(pipe, Leak.placeOfCaller()));
    HeldPipe held = new HeldPipe(hold);
    hold.leak.watch(hold);
    return held;
  }

  @Override
  public PipeStats stats() {
    return hold.pipe.stats();
  }

  @Override
  public void close() {
    hold.leak.closed();
    hold.pipe.close();
  }

  /** What the pipe and both its halves hold: it is unreachable when the user has none of them. */
  private static final class Hold {
    private final SessionPipe pipe;
    private final Leak leak;

    Hold(SessionPipe pipe, Leak leak) {
      this.pipe = pipe;
      this.leak = leak;
    }

    /** A half was closed; when that closed the whole, nothing can be lost any more. */
    void halfClosed() {
      if (pipe.isClosed()) {
        leak.closed();
      }
    }

    @SuppressWarnings("ReachabilityFenceUsage") // the callers call it in a finally block
    void keepReachable() {
      Reference.reachabilityFence(this);
    }
  }

  /** The incoming stream, as long as somebody holds it. */
  private static final class HeldSource extends ForwardingSource {
    private final Hold hold;

    HeldSource(Hold hold) {
      super(hold.pipe.source());
      this.hold = hold;
    }

    @Override
    public boolean seek(Resume from) throws PipeException, InterruptedException {
      try {
        return inner.seek(from);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public @Nullable Batch read() throws PipeException, InterruptedException {
      try {
        return inner.read();
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
      try {
        return inner.read(timeout);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public void commit(long position) throws PipeException {
      try {
        inner.commit(position);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public void commit(long position, @Nullable Digest digest) throws PipeException {
      try {
        inner.commit(position, digest);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public void durable(long position) throws PipeException {
      try {
        inner.durable(position);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public void durable(long position, @Nullable Digest digest) throws PipeException {
      try {
        inner.durable(position, digest);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public StreamId awaitStream() throws PipeException, InterruptedException {
      try {
        return inner.awaitStream();
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public void reject(long endPosition, Rejection why) throws PipeException {
      try {
        inner.reject(endPosition, why);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public void abort(String reason) {
      inner.abort(reason);
      hold.halfClosed();
    }

    @Override
    public void close() {
      inner.close();
      hold.halfClosed();
    }
  }

  /** The outgoing stream, as long as somebody holds it. */
  private static final class HeldSink extends ForwardingSink {
    private final Hold hold;

    HeldSink(Hold hold) {
      super(hold.pipe.sink());
      this.hold = hold;
    }

    @Override
    public Resume resume() throws PipeException, InterruptedException {
      try {
        return inner.resume();
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
      try {
        return inner.newBatch(leastBytes);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public long write(BatchWriter batch) throws PipeException, InterruptedException {
      try {
        return inner.write(batch);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public long write(Batch batch) throws PipeException, InterruptedException {
      try {
        return inner.write(batch);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
      try {
        return inner.awaitCommitted(position);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public Committed awaitCommitted(long position, Duration timeout)
        throws PipeException, InterruptedException {
      try {
        return inner.awaitCommitted(position, timeout);
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public CompletionStage<Committed> whenCommitted(long position) {
      // Who waits for the stage alone waits for the pipe.
      return inner.whenCommitted(position).whenComplete((now, failure) -> hold.keepReachable());
    }

    @Override
    public void finish() throws PipeException, InterruptedException {
      try {
        inner.finish();
      } finally {
        hold.keepReachable();
      }
    }

    @Override
    public void abort(String reason) {
      inner.abort(reason);
      hold.halfClosed();
    }

    @Override
    public void close() {
      inner.close();
      hold.halfClosed();
    }
  }
}
