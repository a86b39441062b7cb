package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.ForwardingSource;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * A source that cannot go back and begins at position 0 with each start (standard input, a
 * program), in front of a sink that already holds a part of its stream.
 *
 * <p>What it yields is either the same stream again, whose beginning is read, compared with the
 * sink's digest and left out; or what follows, whose positions go on where the sink stands. Nobody
 * but a person knows which. Thread rule: as {@link Source}.
 */
public final class RestartedSource extends ForwardingSource {
  /** What a source yields when its stream was begun before. */
  public enum Yields {
    /** The stream from its beginning. */
    REPLAY,
    /** What follows behind all that was taken of it. */
    CONTINUE
  }

  private final @Nullable Yields yields;

  /** What lies before the inner source's position 0. */
  private volatile long shiftBytes;

  /** What was read while seeking and lies behind. */
  private final ConcurrentLinkedQueue<Batch> ready = new ConcurrentLinkedQueue<>();

  /**
   * Wraps a source, which it owns.
   *
   * @param yields what it yields when the stream was begun before; null when nobody said, and then
   *     such a stream is refused
   */
  public RestartedSource(Source inner, @Nullable Yields yields) {
    super(inner);
    this.yields = yields;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    boolean begins = inner.seek(Resume.START);
    if (from.position() == 0) {
      return begins;
    }
    return switch (yields) {
      case null -> throw unknown(from.position());
      case CONTINUE -> {
        shiftBytes = from.position();
        yield false;
      }
      case REPLAY -> replay(from);
    };
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    Batch left = ready.poll();
    return left == null ? shifted(inner.read()) : left;
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    Batch left = ready.poll();
    return left == null ? shifted(inner.read(timeout)) : left;
  }

  @Override
  public boolean finished() {
    return ready.isEmpty() && inner.finished();
  }

  @Override
  public void commit(long position) throws PipeException {
    if (position >= shiftBytes) {
      inner.commit(position - shiftBytes);
    }
  }

  @Override
  public void commit(long position, @Nullable Digest digest) throws PipeException {
    if (shiftBytes == 0) {
      inner.commit(position, digest);
    } else {
      commit(position);
    }
  }

  @Override
  public void durable(long position) throws PipeException {
    if (position >= shiftBytes) {
      inner.durable(position - shiftBytes);
    }
  }

  @Override
  public void reject(long endPosition, Rejection why) throws PipeException {
    inner.reject(endPosition - shiftBytes, why);
  }

  @Override
  public void close() {
    inner.close();
    for (Batch left = ready.poll(); left != null; left = ready.poll()) {
      left.close();
    }
  }

  @Override
  public boolean replayable() {
    return false;
  }

  private boolean replay(Resume from) throws PipeException, InterruptedException {
    Digest wanted = from.digest();
    Digester digester = new Digester(Digest.EMPTY);
    long position = 0;
    while (position < from.position()) {
      Batch batch = inner.read();
      if (batch == null) {
        throw new PipeException.DataLoss(
            "the producer of "
                + stream()
                + " ended at position "
                + position
                + ", and the sink holds "
                + from.position()
                + " of it already; with --restarted replay it has to give the same bytes again");
      }
      position = batch.endPosition();
      ByteBuffer bytes = batch.bytes();
      long surplusBytes = Math.max(0, position - from.position());
      bytes.limit(bytes.limit() - (int) surplusBytes);
      digester.update(bytes);
      ready.addAll(batch.behind(from.position()));
    }
    if (wanted != null && !wanted.equals(digester.digest())) {
      throw new PipeException.DataLoss(
          "the producer of "
              + stream()
              + " came back with other bytes before position "
              + from.position()
              + " than the sink holds: here "
              + digester.digest()
              + ", there "
              + wanted
              + "; with --restarted replay it has to give the same ones again");
    }
    return wanted != null;
  }

  private PipeException unknown(long position) {
    return new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        "the stream "
            + stream()
            + " was begun before and is held up to position "
            + position
            + ", and its source begins anew; say what it gives: --restarted replay (the same bytes"
            + " again: what is there is skipped and compared) or --restarted continue (what"
            + " follows); or 'hostpipe session reset "
            + stream()
            + "' to forget it");
  }

  private @Nullable Batch shifted(@Nullable Batch batch) {
    if (batch == null || shiftBytes == 0) {
      return batch;
    }
    try (batch) {
      batch.block().retain();
      return new Batch(
          batch.stream(),
          batch.encoding(),
          batch.position() + shiftBytes,
          batch.bytes(),
          batch.block(),
          batch.cursor());
    }
  }
}
