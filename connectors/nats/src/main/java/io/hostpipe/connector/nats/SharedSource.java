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

  private final Deliveries deliveries = new Deliveries();
  private final DeletedUnread deleted;
  private final NatsOptions options;

  /** What is read from; null before the first. Written while nobody takes messages. */
  private volatile @Nullable SharedReader present;

  /** What was told of lies up to here. */
  private volatile long toldUpTo;

  /** A consumer that was read is not made again, or it would give everything once more. */
  private boolean begun;

  /** Since when it was not found, try after try; null when the last one came to anything else. */
  private @Nullable Long goneSinceNanos;

  SharedSource(NatsOptions options, PipeContext context) {
    super(options.address(), context, Subjects.streamIdOf(options));
    this.options = options;
    this.deleted = new DeletedUnread(options, context.events());
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
    SharedReader reader = SharedReader.open(options, unacknowledged, deliveries, !begun);
    if (reader != null) {
      begun = true;
      beginBehindWhatWasDeleted(reader);
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

  /** Tells what the consumer has given to nobody and the stream has no more, before it reads. */
  private void beginBehindWhatWasDeleted(SharedReader reader) throws PipeException {
    boolean begins = false;
    try {
      String stream = reader.stream().getConfiguration().getName();
      long from = Math.max(reader.givenUpTo(), toldUpTo) + 1;
      long to = reader.stream().getStreamState().getFirstSequence() - 1;
      if (from <= to) {
        toldUpTo = to;
        if (reader.readsWholeStream()) {
          deleted.tell(stream, from, to, to - from + 1);
        } else {
          // A consumer that rests does not pass over what others write: that is no loss by itself.
          deleted.warn(stream, from, to);
        }
      }
      present = reader;
      reader.start();
      begins = true;
    } finally {
      if (!begins) {
        reader.close();
      }
    }
  }

  /** Looks whether what was given to nobody was deleted at the front of the stream. */
  private void look() throws PipeException {
    Deliveries.Missing missing = deliveries.take();
    SharedReader reader = present;
    if (missing == null || reader == null || !reader.readsWholeStream()) {
      return;
    }
    long first;
    try {
      first = reader.askFirstSequence();
    } catch (PipeException e) {
      // The connection is gone, and the next one is asked.
      deliveries.giveBack(missing);
      return;
    }
    long from = Math.max(missing.from(), toldUpTo + 1);
    long to = Math.min(first - 1, missing.to());
    if (from <= to) {
      toldUpTo = to;
      deleted.tell(
          reader.stream().getConfiguration().getName(),
          from,
          to,
          Math.min(missing.least(), to - from + 1));
    }
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
  protected void taken(Message message, long endPosition) throws PipeException {
    unacknowledged.add(endPosition, message);
    look();
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
