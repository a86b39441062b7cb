package io.hostpipe.connector.nats;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.spi.ArrivingSource;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import io.nats.client.Message;
import java.util.concurrent.TimeUnit;
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
  /** A cluster in which much has just changed may not find a consumer at once. */
  private static final long LOOKED_FOR_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Unacknowledged unacknowledged;

  private final NatsOptions options;

  /** A consumer that was read is not made again, or it would give everything once more. */
  private boolean begun;

  /** Since when it was not found, try after try; null when the last one came to anything else. */
  private @Nullable Long goneSinceNanos;

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
    Long since = goneSinceNanos;
    goneSinceNanos = null;
    SharedReader reader = SharedReader.open(options, unacknowledged, !begun);
    if (reader != null) {
      begun = true;
      return reader;
    }
    String what = options.address() + ": the consumer " + options.durable() + " is gone";
    long nowNanos = System.nanoTime();
    goneSinceNanos = since == null ? nowNanos : since;
    if (since != null && nowNanos - since >= LOOKED_FOR_NANOS) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          what
              + ": it was deleted while it was read; one that is made again gives messages once"
              + " more, so that is done by who begins, and not by who was at work with it");
    }
    throw new PipeException.Unreachable(Status.NOT_FOUND, what + ", and is looked for", null);
  }

  @Override
  protected Inbox<Message> inbox(SharedReader reader) {
    return reader.inbox();
  }

  @Override
  protected @Nullable PipeException failure(SharedReader reader) {
    return reader.failure();
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
    return unacknowledged.isNew(message);
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
