package io.hostpipe.connector.nats;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.spi.ArrivingSource;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is published under a subject while this listens: at most once.
 *
 * <p>What a slow destination does not take in time the library drops; how many those were is said,
 * as is every break, during which nobody listened.
 */
class CoreSource extends ArrivingSource<Message, CoreSource.Subscribed> {
  private static final int WAITING_MESSAGES_MAX = 512 << 10;
  private static final long WAITING_BYTES_MAX = 64L << 20;

  private final Dropped dropped;

  private final NatsOptions options;
  private volatile @Nullable NatsConnection connection;

  CoreSource(NatsOptions options, PipeContext context) {
    super(options.address(), context, Subjects.streamIdOf(options));
    this.options = options;
    this.dropped = new Dropped(options.address(), context.events());
  }

  /** Subscribes: what is published from here on is heard. Blocks. */
  final void open() throws PipeException, InterruptedException {
    var _ = reader();
  }

  /** What it listened over last. Any thread. */
  NatsConnection connection() {
    return Objects.requireNonNull(connection);
  }

  @Override
  public boolean wantsCommits() {
    return false;
  }

  /** Nothing: nobody waits for it. */
  @Override
  public void commit(long committedPosition) {}

  /** Nothing: nobody could give it again. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  protected Subscribed begin() throws PipeException, InterruptedException {
    Subscribed subscribed = Subscribed.open(options);
    connection = subscribed.connection();
    return subscribed;
  }

  @Override
  protected Inbox<Message> inbox(Subscribed reader) {
    return reader.inbox;
  }

  @Override
  protected @Nullable PipeException failure(Subscribed reader) {
    return reader.connection().denial();
  }

  @Override
  protected void look(Subscribed reader) {
    dropped.look(reader.dispatcher, position(), reader.inbox.ended());
  }

  @Override
  public void close() {
    dropped.tell();
    super.close();
  }

  @Override
  protected byte[] payload(Message message) {
    return message.getData();
  }

  @Override
  protected Headers headers(Message message) {
    Headers headers = NatsHeaders.read(message.getHeaders());
    String replyTo = message.getReplyTo();
    if (replyTo == null || headers.text(Headers.REPLY_TO) != null) {
      return headers;
    }
    Headers.Builder more = Headers.builder();
    headers.forEach(more::add);
    return more.add(Headers.REPLY_TO, replyTo).build();
  }

  @Override
  protected String noWayTo(long wanted) {
    return " keeps nothing, and cannot give again what lies before position "
        + wanted
        + "; give the stream a new sink, or read from jetstream";
  }

  @Override
  protected String missed() {
    return "; what is published until it stands again is missed";
  }

  /** A subscription over one connection. */
  record Subscribed(NatsConnection connection, Dispatcher dispatcher, Inbox<Message> inbox)
      implements AutoCloseable {
    static Subscribed open(NatsOptions options) throws PipeException, InterruptedException {
      Inbox<Message> inbox = new Inbox<>(Message::consumeByteCount);
      NatsConnection connection = NatsConnection.openToListen(options, inbox::end);
      boolean whole = false;
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
        whole = true;
        return new Subscribed(connection, dispatcher, inbox);
      } catch (IllegalStateException e) {
        throw connection.failed("the subject cannot be listened to", e);
      } finally {
        if (!whole) {
          connection.close();
        }
      }
    }

    @Override
    public void close() {
      inbox.close();
      connection.close();
    }
  }
}
