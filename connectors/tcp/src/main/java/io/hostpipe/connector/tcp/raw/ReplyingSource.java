package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.MessageCommits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A raw source whose peer is answered when what it sent is committed. */
final class ReplyingSource implements Source, MessageCommits {
  private final RawSource source;
  private final RawReply reply;

  ReplyingSource(RawSource source, RawReply reply) {
    this.source = source;
    this.reply = reply;
  }

  /** The peer waits for them. */
  @Override
  public boolean wantsCommits() {
    return true;
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
  public boolean seek(Resume from) throws PipeException {
    return source.seek(from);
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return answerable(source.read());
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return answerable(source.read(timeout));
  }

  @Override
  public boolean finished() {
    return source.finished();
  }

  @Override
  public void commit(long position) throws PipeException {
    source.commit(position);
    reply.onCommitted(position);
  }

  @Override
  public void commit(long position, @Nullable Digest digest) throws PipeException {
    commit(position);
  }

  @Override
  public void onFramed() {
    reply.countMessages();
  }

  @Override
  public void onMessagesCommitted(long count) throws PipeException {
    reply.onMessages(count);
  }

  @Override
  public void reject(long endPosition, Rejection why) {
    source.reject(endPosition, why);
  }

  @Override
  public void close() {
    source.close();
  }

  private @Nullable Batch answerable(@Nullable Batch batch) {
    if (batch != null) {
      reply.onRead(batch.endPosition());
    }
    return batch;
  }
}
