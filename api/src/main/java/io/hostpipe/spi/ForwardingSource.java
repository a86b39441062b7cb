package io.hostpipe.spi;

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

/**
 * A source that stands around another one and hands everything on, for those that change a little.
 *
 * <p>It hands on the methods that {@link Source} has a default for as well: a wrapper that forgets
 * one of those loses what the inner source promises by it. Who changes a commit changes both of its
 * forms. Thread rule: as {@link Source}. It owns the inner source.
 */
public abstract class ForwardingSource implements Source {
  /** The source that is wrapped. */
  protected final Source inner;

  /** A source that owns this one. */
  protected ForwardingSource(Source inner) {
    this.inner = inner;
  }

  @Override
  public boolean wantsCommits() {
    return inner.wantsCommits();
  }

  @Override
  public void commitsComeAtEnd() {
    inner.commitsComeAtEnd();
  }

  @Override
  public void confirmsEnd() {
    inner.confirmsEnd();
  }

  @Override
  public StreamId stream() {
    return inner.stream();
  }

  @Override
  public StreamId awaitStream() throws PipeException, InterruptedException {
    return inner.awaitStream();
  }

  @Override
  public Encoding encoding() {
    return inner.encoding();
  }

  @Override
  public long epoch() {
    return inner.epoch();
  }

  @Override
  public boolean replayable() {
    return inner.replayable();
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    return inner.seek(from);
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return inner.read();
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return inner.read(timeout);
  }

  @Override
  public boolean finished() {
    return inner.finished();
  }

  @Override
  public void commit(long position) throws PipeException {
    inner.commit(position);
  }

  @Override
  public void commit(long position, @Nullable Digest digest) throws PipeException {
    inner.commit(position, digest);
  }

  @Override
  public void durable(long position) throws PipeException {
    inner.durable(position);
  }

  @Override
  public void durable(long position, @Nullable Digest digest) throws PipeException {
    inner.durable(position, digest);
  }

  @Override
  public void reject(long endPosition, Rejection why) throws PipeException {
    inner.reject(endPosition, why);
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
  }

  @Override
  public void close() {
    inner.close();
  }
}
