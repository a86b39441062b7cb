package io.hostpipe.connector.nats;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import io.nats.client.Message;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A subject of JetStream, read through a durable consumer: the server keeps the place, and gives
 * each message to one of those that read under the same name. At least once.
 *
 * <p>A message is acknowledged when the sink has committed it. Until then the server is told, again
 * and again, that it is being worked on, however long the sink is away; a reader that dies falls
 * silent, and its messages go to another one.
 *
 * <p>Thread rule: as {@link Source}.
 */
final class SharedSource implements Source {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  private final NatsOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Standing<SharedReader> standing;
  private final Unacknowledged unacknowledged;
  private long position;
  private @Nullable Message unread;

  SharedSource(NatsOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? Subjects.streamIdOf(options) : asked;
    this.standing = new Standing<>(options, context);
    this.unacknowledged = new Unacknowledged(options.ackWait());
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return context.encoding();
  }

  @Override
  public boolean replayable() {
    return false;
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    if (from.position() > 0) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": a consumer gives what was not acknowledged, and cannot go to position "
              + from.position()
              + "; without durable=NAME all can be read again");
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null) {
      batch = read(FOREVER_NANOS);
    }
    return batch;
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.compareTo(Duration.ofDays(365)) > 0 ? FOREVER_NANOS : timeout.toNanos());
  }

  /** Never: others may write, and others may give back what they did not acknowledge. */
  @Override
  public boolean finished() {
    return false;
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
    unacknowledged.giveBack();
    standing.close();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + options.address());
    }
    long deadline = System.nanoTime() + timeoutNanos;
    while (true) {
      long restNanos = Math.max(0, deadline - System.nanoTime());
      SharedReader open = standing.get(() -> SharedReader.open(options, unacknowledged));
      Message message = unread != null ? unread : open.inbox().poll(restNanos);
      unread = null;
      if (message != null) {
        standing.works(position);
        Batch batch = collect(open.inbox(), message);
        if (batch != null) {
          return batch;
        }
      } else if (open.inbox().ended()) {
        standing.drop(
            open,
            new PipeException.Unreachable(
                options.address() + ": the connection broke behind position " + position, null));
      } else if (restNanos == 0) {
        return null;
      }
    }
  }

  private @Nullable Batch collect(Inbox inbox, Message first) throws PipeException {
    try (BatchWriter batch =
        new BatchWriter(
            context.pool(), encoding(), Math.max(BLOCK_BYTES, first.getData().length))) {
      Message message = first;
      while (message != null) {
        if (!unacknowledged.has(message)) {
          if (!add(batch, message)) {
            unread = message;
            break;
          }
          unacknowledged.add(position + batch.lengthBytes(), message);
        }
        message = batch.lengthBytes() < BLOCK_BYTES ? inbox.poll() : null;
      }
      if (batch.lengthBytes() == 0) {
        return null;
      }
      Batch full = batch.toBatch(stream, position);
      position = full.endPosition();
      return full;
    }
  }

  private boolean add(BatchWriter batch, Message message) throws PipeException {
    byte[] payload = message.getData();
    if (encoding() == Encoding.RECORDS) {
      return batch.add(payload, 0, payload.length, NatsHeaders.read(message.getHeaders()));
    }
    return payload.length == 0 || batch.add(payload, 0, payload.length, Headers.EMPTY);
  }
}
