package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.spi.ForwardingSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A sink that keeps no place (standard output, a program), for a stream the first part of which an
 * earlier process has delivered: its positions begin there.
 *
 * <p>What the earlier part was is not known here any more, so nothing can be said of its digest.
 * Thread rule: as {@link Sink}.
 */
public final class ContinuedSink extends ForwardingSink {
  private final long deliveredBytes;

  /**
   * Wraps a sink, which it owns.
   *
   * @param deliveredBytes the position in the stream of the first byte that the sink gets
   */
  public ContinuedSink(Sink inner, long deliveredBytes) {
    super(inner);
    this.deliveredBytes = deliveredBytes;
  }

  @Override
  public Resume resume() throws PipeException, InterruptedException {
    return new Resume(deliveredBytes + inner.resume().position(), null, null);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return deliveredBytes + inner.write(batch);
  }

  @Override
  public long write(Batch given) throws PipeException, InterruptedException {
    long position = given.position() - deliveredBytes;
    if (given.endPosition() <= deliveredBytes) {
      given.close();
      return deliveredBytes + inner.resume().position();
    }
    try (Batch batch = position < 0 ? given.from(deliveredBytes) : given) {
      batch.block().retain();
      Batch moved =
          new Batch(
              batch.stream(),
              batch.encoding(),
              batch.position() - deliveredBytes,
              batch.bytes(),
              batch.block(),
              batch.cursor());
      return deliveredBytes + inner.write(moved);
    }
  }

  @Override
  public Committed committed() throws PipeException {
    return moved(inner.committed());
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return moved(inner.awaitCommitted(position - deliveredBytes));
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return moved(inner.awaitCommitted(position - deliveredBytes, timeout));
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    // The highest position there is means: for ever.
    long wanted = position == Long.MAX_VALUE ? position : position - deliveredBytes;
    return inner.whenCommitted(wanted).thenApply(this::moved);
  }

  private Committed moved(Committed news) {
    List<Committed.Rejected> rejected = new ArrayList<>(news.rejected().size());
    for (Committed.Rejected each : news.rejected()) {
      rejected.add(new Committed.Rejected(each.endPosition() + deliveredBytes, each.why()));
    }
    return new Committed(news.position() + deliveredBytes, rejected);
  }
}
