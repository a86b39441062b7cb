package io.hostpipe.connector.nats;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
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
 * Messages as they arrive: no end, and no way back. What comes between two looks is one batch.
 *
 * <p>Thread rule: as {@link Source}.
 *
 * @param <R> what is read from, over one connection
 */
abstract class ArrivingSource<R extends AutoCloseable> implements Source {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  /** How the subject is used. */
  protected final NatsOptions options;

  /** What the pipe gave. */
  protected final PipeContext context;

  private final StreamId stream;
  private final Standing<R> standing;
  private long position;

  /** What a batch had no room for. */
  private @Nullable Message unread;

  ArrivingSource(NatsOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? Subjects.streamIdOf(options) : asked;
    this.standing = new Standing<>(options, context);
  }

  /** Begins to read over a new connection. On a thread of its own; blocks. */
  abstract R begin() throws PipeException, InterruptedException;

  /** Where what it brings is. */
  abstract Inbox inbox(R reader);

  /** Looks at a reader behind each wait. */
  void look(R reader) {}

  /** Whether a message was not read before. */
  boolean isNew(Message message) {
    return true;
  }

  /** Its headers in a record. */
  Headers headers(Message message) {
    return NatsHeaders.read(message.getHeaders());
  }

  /** A message was handed over, and ends at this position. */
  void taken(Message message, long endPosition) {}

  /** Why it cannot go to a position, and what can. */
  abstract String noWayTo(long wanted);

  /** What a break means for those who read. */
  abstract String missed();

  /** Where the next message begins. */
  final long position() {
    return position;
  }

  /** What is read from, begun when there is none. Blocks. */
  final R reader() throws PipeException, InterruptedException {
    return standing.get(this::begin);
  }

  @Override
  public final StreamId stream() {
    return stream;
  }

  @Override
  public final Encoding encoding() {
    return context.encoding();
  }

  @Override
  public final boolean replayable() {
    return false;
  }

  @Override
  public final boolean seek(Resume from) throws PipeException {
    if (from.position() > 0) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION, options.address() + noWayTo(from.position()));
    }
    return true;
  }

  @Override
  public final @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null) {
      batch = read(FOREVER_NANOS);
    }
    return batch;
  }

  @Override
  public final @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.compareTo(Duration.ofDays(365)) > 0 ? FOREVER_NANOS : timeout.toNanos());
  }

  /** Never: others may write at any time. */
  @Override
  public final boolean finished() {
    return false;
  }

  @Override
  public void close() {
    standing.close();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + options.address());
    }
    long deadline = System.nanoTime() + timeoutNanos;
    while (true) {
      long restNanos = Math.max(0, deadline - System.nanoTime());
      R open = reader();
      Message message = unread != null ? unread : inbox(open).poll(restNanos);
      unread = null;
      look(open);
      if (message != null) {
        standing.works(position);
        Batch batch = collect(inbox(open), message);
        if (batch != null) {
          return batch;
        }
      } else if (inbox(open).ended()) {
        standing.drop(
            open,
            new PipeException.Unreachable(
                options.address() + ": the connection broke behind position " + position + missed(),
                null));
      } else if (restNanos == 0) {
        return null;
      }
    }
  }

  /** A batch of this message and those that are here already. */
  private @Nullable Batch collect(Inbox inbox, Message first) throws PipeException {
    try (BatchWriter batch =
        new BatchWriter(
            context.pool(), encoding(), Math.max(BLOCK_BYTES, first.getData().length))) {
      Message message = first;
      while (message != null) {
        if (isNew(message)) {
          if (!add(batch, message)) {
            unread = message;
            break;
          }
          taken(message, position + batch.lengthBytes());
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
      return batch.add(payload, 0, payload.length, headers(message));
    }
    return payload.length == 0 || batch.add(payload, 0, payload.length, Headers.EMPTY);
  }
}
