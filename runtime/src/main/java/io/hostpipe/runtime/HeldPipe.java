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
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.ForwardingSource;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What the user of a pipe holds of it: the pipe itself, its source, its sink.
 *
 * <p>The pipe behind it is held by its links and timers for as long as it lives; this is held by
 * the user alone. So when it becomes unreachable before it was closed, the user has lost it, and
 * nobody can close the pipe any more: {@link Leak} does. Each call keeps this reachable until it
 * returns, since a thread that waits in it is a user, too.
 *
 * <p>Thread rule: as {@link Pipe}.
 */
final class HeldPipe implements Pipe {
  private final SessionPipe pipe;
  private final Leak leak;
  private final Source source;
  private final Sink sink;

  private HeldPipe(SessionPipe pipe) {
    this.pipe = pipe;
    this.leak = new Leak(pipe, Leak.placeOfCaller());
    this.source = new HeldSource();
    this.sink = new HeldSink();
  }

  /** Called on the thread of the user who opens the pipe: that place is remembered. */
  static HeldPipe of(SessionPipe pipe) {
    HeldPipe held = new HeldPipe(pipe);
    held.leak.watch(held);
    return held;
  }

  @Override
  public Source source() {
    return source;
  }

  @Override
  public Sink sink() {
    return sink;
  }

  @Override
  public String description() {
    return pipe.description();
  }

  @Override
  public PipeStats stats() {
    return pipe.stats();
  }

  @Override
  public void close() {
    leak.closed();
    pipe.close();
  }

  /** A half was closed; when that closed the whole, nothing can be lost any more. */
  private void halfClosed() {
    if (pipe.isClosed()) {
      leak.closed();
    }
  }

  @SuppressWarnings("ReachabilityFenceUsage") // the callers call it in a finally block
  private void keepReachable() {
    Reference.reachabilityFence(this);
  }

  /** The incoming stream, as long as somebody holds it. */
  private final class HeldSource extends ForwardingSource {
    HeldSource() {
      super(pipe.source());
    }

    @Override
    public boolean seek(Resume from) throws PipeException, InterruptedException {
      try {
        return inner.seek(from);
      } finally {
        keepReachable();
      }
    }

    @Override
    public @Nullable Batch read() throws PipeException, InterruptedException {
      try {
        return inner.read();
      } finally {
        keepReachable();
      }
    }

    @Override
    public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
      try {
        return inner.read(timeout);
      } finally {
        keepReachable();
      }
    }

    @Override
    public void commit(long position) throws PipeException {
      try {
        inner.commit(position);
      } finally {
        keepReachable();
      }
    }

    @Override
    public void commit(long position, @Nullable Digest digest) throws PipeException {
      try {
        inner.commit(position, digest);
      } finally {
        keepReachable();
      }
    }

    @Override
    public void durable(long position) throws PipeException {
      try {
        inner.durable(position);
      } finally {
        keepReachable();
      }
    }

    @Override
    public void durable(long position, @Nullable Digest digest) throws PipeException {
      try {
        inner.durable(position, digest);
      } finally {
        keepReachable();
      }
    }

    @Override
    public StreamId awaitStream() throws PipeException, InterruptedException {
      try {
        return inner.awaitStream();
      } finally {
        keepReachable();
      }
    }

    @Override
    public void reject(long endPosition, Rejection why) throws PipeException {
      try {
        inner.reject(endPosition, why);
      } finally {
        keepReachable();
      }
    }

    @Override
    public void abort(String reason) {
      inner.abort(reason);
      halfClosed();
    }

    @Override
    public void close() {
      inner.close();
      halfClosed();
    }
  }

  /** The outgoing stream, as long as somebody holds it. */
  private final class HeldSink extends ForwardingSink {
    HeldSink() {
      super(pipe.sink());
    }

    @Override
    public Resume resume() throws PipeException, InterruptedException {
      try {
        return inner.resume();
      } finally {
        keepReachable();
      }
    }

    @Override
    public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
      try {
        return inner.newBatch(leastBytes);
      } finally {
        keepReachable();
      }
    }

    @Override
    public long write(BatchWriter batch) throws PipeException, InterruptedException {
      try {
        return inner.write(batch);
      } finally {
        keepReachable();
      }
    }

    @Override
    public long write(Batch batch) throws PipeException, InterruptedException {
      try {
        return inner.write(batch);
      } finally {
        keepReachable();
      }
    }

    @Override
    public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
      try {
        return inner.awaitCommitted(position);
      } finally {
        keepReachable();
      }
    }

    @Override
    public Committed awaitCommitted(long position, Duration timeout)
        throws PipeException, InterruptedException {
      try {
        return inner.awaitCommitted(position, timeout);
      } finally {
        keepReachable();
      }
    }

    @Override
    public CompletionStage<Committed> whenCommitted(long position) {
      // Who waits for the stage alone waits for the pipe.
      return inner.whenCommitted(position).whenComplete((now, failure) -> keepReachable());
    }

    @Override
    public void finish() throws PipeException, InterruptedException {
      try {
        inner.finish();
      } finally {
        keepReachable();
      }
    }

    @Override
    public void abort(String reason) {
      inner.abort(reason);
      halfClosed();
    }

    @Override
    public void close() {
      inner.close();
      halfClosed();
    }
  }
}
