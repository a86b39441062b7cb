package io.hostpipe.connector.memory;

import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The reading end of a {@link MemoryWay}. */
final class MemorySource implements Source {
  private final MemoryWay way;

  MemorySource(MemoryWay way) {
    this.way = way;
  }

  @Override
  public StreamId stream() {
    return way.stream();
  }

  @Override
  public Encoding encoding() {
    return way.encoding();
  }

  @Override
  public boolean replayable() {
    return false;
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    long here = way.readPosition();
    if (from.position() != here) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "the stream "
              + way.stream()
              + " goes on at position "
              + here
              + ", and the sink holds it up to "
              + from.position()
              + "; a pipe in memory cannot go elsewhere");
    }
    return here == 0;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return way.read(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return way.read(timeout.toNanos());
  }

  @Override
  public boolean finished() {
    return way.ended();
  }

  @Override
  public void commit(long position) throws PipeException {
    way.commit(position);
  }

  @Override
  public void reject(long endPosition, Rejection why) throws PipeException {
    way.reject(endPosition, why);
  }

  @Override
  public void close() {
    way.closeReader();
  }
}
