package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A source whose batches are metered as they pass. Thread rule: as {@link Source}. */
final class MeteredSource implements Source {
  private final Source source;
  private final Meter meter;

  MeteredSource(Source source, Meter meter) {
    this.source = source;
    this.meter = meter;
  }

  @Override
  public boolean wantsCommits() {
    return source.wantsCommits();
  }

  @Override
  public void confirmsEnd() {
    source.confirmsEnd();
  }

  @Override
  public void commitsComeAtEnd() {
    source.commitsComeAtEnd();
  }

  @Override
  public StreamId stream() {
    return source.stream();
  }

  @Override
  public Encoding encoding() {
    return source.encoding();
  }

  @Override
  public boolean replayable() {
    return source.replayable();
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    return source.seek(from);
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return counted(source.read());
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return counted(source.read(timeout));
  }

  @Override
  public boolean finished() {
    return source.finished();
  }

  @Override
  public void commit(long position) throws PipeException {
    source.commit(position);
  }

  @Override
  public void commit(long position, @Nullable Digest digest) throws PipeException {
    source.commit(position, digest);
  }

  @Override
  public void reject(long endPosition, Rejection why) throws PipeException {
    source.reject(endPosition, why);
  }

  @Override
  public void abort(String reason) {
    source.abort(reason);
  }

  @Override
  public void close() {
    source.close();
  }

  private @Nullable Batch counted(@Nullable Batch batch) {
    if (batch != null) {
      meter.onRead(batch);
    }
    return batch;
  }
}
