package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmCallback;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the messages of one stream, each of which the server has to confirm.
 *
 * <p>On any doubt (a broken connection, a message that no queue takes or that one refuses, no
 * answer) nothing more is sent: the connection is closed, and over another one everything that was
 * not confirmed is sent once more, with a header that says so. What was confirmed and whose
 * confirmation was lost is twice in the queue then; a reader knows it by its place.
 *
 * <p>Thread rule: one thread publishes; a thread of its own clears up; {@link #close} from any.
 */
final class Publisher implements AutoCloseable {
  private final QueueOptions options;
  private final PipeContext context;
  private final Attempts attempts;
  private final Commits commits;
  private final Window window;

  /** Held while messages are handed to the library: they go out in the order of the stream. */
  private final ReentrantLock sending = new ReentrantLock();

  private volatile boolean closed;
  private volatile boolean works;
  private volatile Way way;

  private Publisher(QueueOptions options, PipeContext context, Commits commits)
      throws PipeException, InterruptedException {
    this.options = options;
    this.context = context;
    this.attempts = new Attempts(context, options.address());
    this.commits = commits;
    this.window = new Window(commits, options.inFlight());
    this.way = connectFirst();
  }

  /** Connects, and makes the queue where there is none. Blocks. */
  static Publisher open(QueueOptions options, PipeContext context, Commits commits)
      throws PipeException, InterruptedException {
    Publisher publisher = new Publisher(options, context, commits);
    Thread.ofVirtual().name("rabbitmq-" + options.queue()).start(publisher::keepUp);
    return publisher;
  }

  /** Why the server does not take such a message; null where it does. */
  @Nullable Rejection refusal(
      int lengthBytes, Headers headers, BasicProperties properties, String routingKey) {
    return way.connection().refusal(lengthBytes, headers, properties, routingKey);
  }

  boolean closed() {
    return closed;
  }

  /** Hands over a message. Blocks while too much is unconfirmed, or the server takes nothing. */
  void publish(Unconfirmed message) throws PipeException, InterruptedException {
    window.add(message);
    if (message.refusal() != null) {
      return;
    }
    sending.lock();
    try {
      send(message, way, false);
    } finally {
      sending.unlock();
    }
  }

  /** Blocks until the server has confirmed all. */
  void awaitConfirmed() throws PipeException, InterruptedException {
    window.awaitEmpty();
  }

  @Override
  public void close() {
    closed = true;
    window.end(closedHere());
    attempts.stop();
    way.close();
  }

  /** Under {@link #sending}. */
  private void send(Unconfirmed message, Way over, boolean again) {
    Channel channel = over.channel();
    if (!window.sends(message, over, channel.getNextPublishSeqNo())) {
      return;
    }
    BasicProperties properties =
        again ? AmqpHeaders.again(message.properties()) : message.properties();
    try {
      channel.basicPublish(
          options.exchange(), message.routingKey(), true, properties, message.payload());
    } catch (IOException | ShutdownSignalException e) {
      doubt(over, AmqpErrors.of(options.address() + ": the server cannot be written to", e));
    } catch (IllegalArgumentException e) {
      // It was looked at before it was taken in, by what another server takes.
      window.end(
          new PipeException.Refused(
              Status.OUT_OF_RANGE,
              options.address()
                  + ": the server takes smaller frames than the one before, and the headers of the"
                  + " message that ends at position "
                  + message.endPosition()
                  + " fit in none (frame_max)",
              e));
    }
  }

  private void doubt(Way over, PipeException why) {
    if (over == way) {
      window.doubt(why);
    }
  }

  private void confirmed(Way over, long number, boolean andBefore) {
    window.confirm(over, number, andBefore);
    if (!works && over == way) {
      works = true;
      attempts.succeeded(commits.position());
    }
  }

  /** Clears up what is doubtful, until the publisher is closed. On a thread of its own. */
  private void keepUp() {
    try {
      for (PipeException trouble = window.awaitTrouble();
          trouble != null;
          trouble = window.awaitTrouble()) {
        clearUp(trouble);
      }
    } catch (PipeException e) {
      window.end(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      window.end(closedHere());
    } catch (RuntimeException e) {
      // Who waits must not wait for a thread that is gone.
      window.end(AmqpErrors.of(options.address() + ": the server is not understood", e));
    } finally {
      way.close();
    }
  }

  private void clearUp(PipeException trouble) throws PipeException, InterruptedException {
    way.connection().abandon();
    PipeException why = trouble;
    while (true) {
      works = false;
      attempts.pauseAfter(why);
      if (closed) {
        throw closedHere();
      }
      try {
        sendAgain(connect(false));
        return;
      } catch (PipeException e) {
        why = e;
      }
    }
  }

  private void sendAgain(Way next) {
    sending.lock();
    try {
      way = next;
      for (Unconfirmed each : window.clearUp()) {
        send(each, next, each.sentOver() != null);
      }
    } finally {
      sending.unlock();
    }
    if (closed) {
      next.close();
    }
  }

  private Way connectFirst() throws PipeException, InterruptedException {
    while (true) {
      try {
        Way opened = connect(true);
        attempts.succeeded(0);
        works = true;
        return opened;
      } catch (PipeException e) {
        attempts.pauseAfter(e);
      }
    }
  }

  private Way connect(boolean first) throws PipeException {
    Way[] opened = {null};
    RabbitConnection connection =
        RabbitConnection.open(
            options,
            why -> {
              Way lost = opened[0];
              if (lost != null) {
                doubt(lost, why);
              }
            });
    boolean whole = false;
    try {
      Queues queues = new Queues(connection, options);
      if (first) {
        var _ = queues.prepare(false, context.events());
      } else {
        queues.checkStillThere();
      }
      Channel channel = connection.channel();
      Way next = new Way(connection, channel);
      opened[0] = next;
      listen(next);
      whole = true;
      return next;
    } catch (IOException | ShutdownSignalException e) {
      throw e instanceof PipeException known
          ? known
          : AmqpErrors.of(options.address() + ": no confirmations", e);
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  private void listen(Way next) throws IOException {
    Channel channel = next.channel();
    ConfirmCallback refused =
        (number, andBefore) ->
            doubt(
                next,
                new PipeException.Unreachable(
                    Status.RESOURCE_EXHAUSTED,
                    options.address() + ": the queue refuses messages for now: it is full",
                    null));
    var _ =
        channel.addConfirmListener(
            (number, andBefore) -> confirmed(next, number, andBefore), refused);
    channel.addReturnListener((code, text, exchange, key, properties, body) ->
        doubt(
            next,
            new PipeException.Unreachable(
                Status.NOT_FOUND,
                options.address()
                    + ": no queue takes what is published"
                    + (exchange.isEmpty() ? "" : " to the exchange " + exchange)
                    + (key.isEmpty() ? "" : " with the routing key " + key)
                    + " ("
                    + text
                    + "); it is sent again until one does",
                null)));
    channel.addShutdownListener(signal ->
        doubt(next, AmqpErrors.of(options.address() + ": the channel was closed", signal)));
    next.connection()
        .onBlocked(reason -> {
          window.blocked(reason != null);
          PipeEvents events = context.events();
          events.warning(
              options.address()
                  + (reason == null
                      ? ": the server takes messages again"
                      : ": the server takes nothing for now (" + reason + "); it is waited for"));
        });
    channel.confirmSelect();
  }

  private PipeException closedHere() {
    return new PipeException.Closed(
        Status.CANCELLED, options.address() + " was closed on this side");
  }
}
