package io.hostpipe.runtime.flow;

import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import org.jspecify.annotations.Nullable;

/** A source that only changes how the batches of another one come. It owns that one. */
abstract class SourceFilter implements Source {
  final Source inner;

  SourceFilter(Source inner) {
    this.inner = inner;
  }

  @Override
  public final boolean wantsCommits() {
    return inner.wantsCommits();
  }

  @Override
  public final void confirmsEnd() {
    inner.confirmsEnd();
  }

  @Override
  public final void commitsComeAtEnd() {
    inner.commitsComeAtEnd();
  }

  @Override
  public final StreamId stream() {
    return inner.stream();
  }

  @Override
  public final Encoding encoding() {
    return inner.encoding();
  }

  @Override
  public final boolean replayable() {
    return inner.replayable();
  }

  @Override
  public final boolean seek(Resume from) throws PipeException, InterruptedException {
    return inner.seek(from);
  }

  @Override
  public final void commit(long position) throws PipeException {
    inner.commit(position);
  }

  @Override
  public final void commit(long position, @Nullable Digest digest) throws PipeException {
    inner.commit(position, digest);
  }

  @Override
  public final void reject(long endPosition, Rejection why) throws PipeException {
    inner.reject(endPosition, why);
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
    close();
  }
}
