package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Inbox;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream of a pipe stands in a stream of RabbitMQ.
 *
 * <p>The server knows the number of its newest message, which is its position. The rest (digest,
 * cursor, epoch) that message itself says: it is looked for from the end, further back each time.
 *
 * <p>Thread rule: one thread; blocks.
 */
final class LastPlace implements StreamConnection.Listener {
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final int LOOK = 1;
  private static final int CREDIT = 2;
  private static final long FIRST_STEP = 1_000;
  private static final int FURTHER = 10;

  private final StreamOptions options;
  private final StreamConnection.Listener listener;
  private final Inbox<StreamChunk> chunks = new Inbox<>(chunk -> chunk.data().remaining());

  /** What was shown last, where one look is taken. */
  private final AtomicReference<@Nullable StreamChunk> shown = new AtomicReference<>();

  /** Whether all that comes is wanted, and not the last of it alone. */
  private volatile boolean searching;

  /**
   * Listens to a connection.
   *
   * @param listener who is told everything that is no message
   */
  LastPlace(StreamOptions options, StreamConnection.Listener listener) {
    this.options = options;
    this.listener = listener;
  }

  /**
   * How far the stream has got; null when the server knows of no message of it.
   *
   * @param suspicion what was found over other connections
   */
  @Nullable StreamPlace of(StreamId stream, Streams streams, Suspicion suspicion)
      throws PipeException, InterruptedException {
    long newest = streams.newestPublishingId(stream);
    if (newest == 0) {
      return null;
    }
    StreamChunk end = streams.last(LOOK, () -> shown.getAndSet(null));
    StreamPlace found = newest(stream, newest, end, streams);
    if (found != null && found.publishingId() >= newest) {
      return found;
    }
    String what =
        options.address()
            + ": the server knows that the stream "
            + stream
            + " has written up to position "
            + StreamPlace.position(newest)
            + ", and ";
    throw suspicion.of(
        List.of(
            newest, end == null ? -1 : end.lastOffset(), found == null ? -1 : found.publishingId()),
        what + "does not show its last message",
        new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            what
                + "its last message is not there any more: it was deleted. Begin anew under"
                + " another name (--session)"));
  }

  /**
   * Whether the stream has a message of this number, or a newer one. The server forgets the number
   * of who has not written for long.
   */
  boolean has(StreamId stream, long publishingId, Streams streams)
      throws PipeException, InterruptedException {
    StreamChunk end = streams.last(LOOK, () -> shown.getAndSet(null));
    StreamPlace found = newest(stream, publishingId, end, streams);
    return found != null && found.publishingId() >= publishingId;
  }

  /** The newest message of the stream, which is looked for until one is as new as this. */
  private @Nullable StreamPlace newest(
      StreamId stream, long newest, @Nullable StreamChunk end, Streams streams)
      throws PipeException, InterruptedException {
    StreamPlace found = end == null ? null : newestIn(end, stream);
    long step = FIRST_STEP;
    long from = Long.MAX_VALUE;
    while (end != null && from > 0 && (found == null || found.publishingId() < newest)) {
      from = Math.max(0, end.offset() - step);
      found = search(stream, streams, from, end.lastOffset());
      step *= FURTHER;
    }
    return found;
  }

  private @Nullable StreamPlace search(
      StreamId stream, Streams streams, long fromOffset, long untilOffset)
      throws PipeException, InterruptedException {
    searching = true;
    if (fromOffset == 0) {
      streams.subscribeFromBegin(LOOK, CREDIT);
    } else {
      streams.subscribeFrom(LOOK, fromOffset, CREDIT);
    }
    StreamPlace found = null;
    for (long offset = -1; offset < untilOffset; ) {
      StreamChunk chunk = chunks.poll(SILENCE_NANOS);
      if (chunk == null) {
        throw new PipeException.Unreachable(
            options.address() + ": the places in the stream cannot be read: no answer", null);
      }
      if (chunk.ends()) {
        streams.credit(LOOK, 1);
      }
      offset = chunk.lastOffset();
      StreamPlace here = newestIn(chunk, stream);
      found = here == null ? found : here;
    }
    // What comes behind the end is not wanted, and must not keep the answer from coming.
    searching = false;
    dropAll();
    streams.unsubscribe(LOOK);
    dropAll();
    shown.set(null);
    return found;
  }

  private void dropAll() {
    StreamChunk late = chunks.poll();
    while (late != null) {
      late = chunks.poll();
    }
  }

  private @Nullable StreamPlace newestIn(StreamChunk chunk, StreamId stream) throws PipeException {
    String where = options.address().toString();
    StreamPlace found = null;
    for (StreamChunk.Message each : chunk.messagesNotPacked(where)) {
      StreamPlace place = placeOf(where, each);
      if (place != null && place.stream().equals(stream)) {
        found = place;
      }
    }
    return found;
  }

  /** Null for a message of another program, which need not be one of AMQP 1.0. */
  private static @Nullable StreamPlace placeOf(String where, StreamChunk.Message message)
      throws PipeException {
    try {
      return StreamMessage.read(where, message).place();
    } catch (PipeException.Refused e) {
      return null;
    }
  }

  @Override
  public void delivered(int subscription, StreamChunk chunk) {
    try {
      if (searching) {
        chunks.put(chunk);
      } else {
        shown.set(chunk);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void confirmed(long[] publishingIds) {
    listener.confirmed(publishingIds);
  }

  @Override
  public void refused(long publishingId, int code) {
    listener.refused(publishingId, code);
  }

  @Override
  public void lost(PipeException why) {
    chunks.end();
    listener.lost(why);
  }
}
