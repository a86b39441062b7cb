package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.spi.ForwardingSource;
import io.hostpipe.spi.MessageCommits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A raw source whose peer is answered when what it sent is committed. */
final class ReplyingSource extends ForwardingSource implements MessageCommits {
  private final RawReply reply;

  ReplyingSource(RawSource source, RawReply reply) {
    super(source);
    this.reply = reply;
  }

  /** The peer waits for them. */
  @Override
  public boolean wantsCommits() {
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return answerable(inner.read());
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return answerable(inner.read(timeout));
  }

  @Override
  public void commit(long position) throws PipeException {
    inner.commit(position);
    reply.onCommitted(position);
  }

  @Override
  public void commit(long position, @Nullable Digest digest) throws PipeException {
    commit(position);
  }

  /** Nothing: the peer is answered when the sink has it. */
  @Override
  public void durable(long position) {}

  @Override
  public void onFramed() {
    reply.countMessages();
  }

  @Override
  public void onMessagesCommitted(long count) throws PipeException {
    reply.onMessages(count);
  }

  private @Nullable Batch answerable(@Nullable Batch batch) {
    if (batch != null) {
      reply.onRead(batch.endPosition());
    }
    return batch;
  }
}
