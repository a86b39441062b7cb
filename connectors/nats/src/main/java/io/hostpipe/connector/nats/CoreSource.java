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
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is published under a subject while this listens: at most once.
 *
 * <p>What a slow destination does not take in time the library drops; how many those were is said,
 * as is every break, during which nobody listened.
 *
 * <p>Thread rule: as {@link Source}.
 */
final class CoreSource implements Source {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final int WAITING_MESSAGES_MAX = 512 << 10;
  private static final long WAITING_BYTES_MAX = 64L << 20;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  private final NatsOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Standing<Subscribed> standing;
  private long position;
  private long dropped;
  private @Nullable Message unread;

  private CoreSource(NatsOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? Subjects.streamIdOf(options) : asked;
    this.standing = new Standing<>(options, context);
  }

  /** Subscribes: what is published from here on is heard. Blocks. */
  static CoreSource open(NatsOptions options, PipeContext context)
      throws PipeException, InterruptedException {
    CoreSource source = new CoreSource(options, context);
    source.connect();
    return source;
  }

  @Override
  public boolean wantsCommits() {
    return false;
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
              + " keeps nothing, and cannot give again what lies before position "
              + from.position()
              + "; give the stream a new sink, or read from jetstream");
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

  /** Never: nobody says that a subject has ended. */
  @Override
  public boolean finished() {
    return false;
  }

  /** Nothing: nobody waits for it. */
  @Override
  public void commit(long committedPosition) {}

  /** Nothing: nobody could give it again. */
  @Override
  public void reject(long endPosition, Rejection why) {}

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
      Subscribed open = connect();
      Message message = unread != null ? unread : open.inbox.poll(restNanos);
      unread = null;
      sayWhatWasDropped(open);
      if (message != null) {
        standing.works(position);
        Batch batch = collect(open.inbox, message);
        if (batch != null) {
          return batch;
        }
      } else if (open.inbox.ended()) {
        dropped = 0;
        standing.drop(
            open,
            new PipeException.Unreachable(
                options.address()
                    + ": the connection broke behind position "
                    + position
                    + "; what is published until it stands again is missed",
                null));
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
        if (!add(batch, message)) {
          unread = message;
          break;
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
      return batch.add(payload, 0, payload.length, headersOf(message));
    }
    return payload.length == 0 || batch.add(payload, 0, payload.length, Headers.EMPTY);
  }

  private static Headers headersOf(Message message) {
    Headers headers = NatsHeaders.read(message.getHeaders());
    String replyTo = message.getReplyTo();
    if (replyTo == null || headers.text(Headers.REPLY_TO) != null) {
      return headers;
    }
    Headers.Builder more = Headers.builder();
    headers.forEach(more::add);
    return more.add(Headers.REPLY_TO, replyTo).build();
  }

  private void sayWhatWasDropped(Subscribed open) {
    long now = open.dispatcher.getDroppedCount();
    if (now > dropped) {
      context
          .events()
          .warning(
              options.address()
                  + ": "
                  + (now - dropped)
                  + " messages were dropped behind position "
                  + position
                  + ": the destination takes them more slowly than they come, and a subject keeps"
                  + " nothing");
      dropped = now;
    }
  }

  private Subscribed connect() throws PipeException, InterruptedException {
    return standing.get(() -> Subscribed.open(options));
  }

  /** A subscription over one connection. */
  private record Subscribed(NatsConnection connection, Dispatcher dispatcher, Inbox inbox)
      implements AutoCloseable {
    static Subscribed open(NatsOptions options) throws PipeException, InterruptedException {
      Inbox inbox = new Inbox();
      NatsConnection connection = NatsConnection.open(options, inbox::end);
      try {
        Dispatcher dispatcher = connection.nats().createDispatcher(inbox::put);
        dispatcher.setPendingLimits(WAITING_MESSAGES_MAX, WAITING_BYTES_MAX);
        String queue = options.queue();
        if (queue == null) {
          dispatcher.subscribe(options.subject());
        } else {
          dispatcher.subscribe(options.subject(), queue);
        }
        connection.flush();
        return new Subscribed(connection, dispatcher, inbox);
      } catch (PipeException e) {
        connection.close();
        throw e;
      }
    }

    @Override
    public void close() {
      inbox.close();
      connection.close();
    }
  }
}
