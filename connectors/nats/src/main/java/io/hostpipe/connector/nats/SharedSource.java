package io.hostpipe.connector.nats;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.spi.ArrivingSource;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import io.nats.client.Message;
import org.jspecify.annotations.Nullable;

/**
 * A subject of JetStream, read through a durable consumer: the server keeps the place, and gives
 * each message to one of those that read under the same name. At least once.
 *
 * <p>A message is acknowledged when the sink has committed it. Until then the server is told, again
 * and again, that it is being worked on, however long the sink is away; a reader that dies falls
 * silent, and its messages go to another one.
 */
final class SharedSource extends ArrivingSource<Message, SharedReader> {
  private final Unacknowledged unacknowledged;

  private final NatsOptions options;

  SharedSource(NatsOptions options, PipeContext context) {
    super(options.address(), context, Subjects.streamIdOf(options));
    this.options = options;
    this.unacknowledged = new Unacknowledged(options.ackWait());
  }

  @Override
  public void commit(long committedPosition) throws PipeException {
    unacknowledged.commit(committedPosition);
  }

  /** The server is told that no other try is wanted. */
  @Override
  public void reject(long endPosition, Rejection why) {
    unacknowledged.reject(endPosition);
  }

  @Override
  public void close() {
    unacknowledged.end();
    super.close();
  }

  @Override
  protected SharedReader begin() throws PipeException, InterruptedException {
    return SharedReader.open(options, unacknowledged);
  }

  @Override
  protected Inbox<Message> inbox(SharedReader reader) {
    return reader.inbox();
  }

  @Override
  protected @Nullable PipeException failure(SharedReader reader) {
    return reader.denial();
  }

  @Override
  protected byte[] payload(Message message) {
    return message.getData();
  }

  @Override
  protected Headers headers(Message message) {
    return NatsHeaders.read(message.getHeaders());
  }

  /** One that is held already may come once more. */
  @Override
  protected boolean isNew(Message message) {
    return !unacknowledged.has(message);
  }

  @Override
  protected void taken(Message message, long endPosition) {
    unacknowledged.add(endPosition, message);
  }

  @Override
  protected String noWayTo(long wanted) {
    return ": a consumer gives what was not acknowledged, and cannot go to position "
        + wanted
        + "; without durable=NAME all can be read again";
  }

  @Override
  protected String missed() {
    return "";
  }
}
