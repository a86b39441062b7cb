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
import io.hostpipe.spi.Republisher;
import java.io.IOException;
import java.util.List;
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
  private final Window window;

  private final Republisher<Unconfirmed, Way> publishing;

  private Publisher(QueueOptions options, PipeContext context, Commits commits)
      throws PipeException, InterruptedException {
    this.options = options;
    this.context = context;
    this.window = new Window(commits, options.inFlight());
    Attempts attempts = new Attempts(context, options.address());
    this.publishing = new Republisher<>(options.address(), attempts, new Steps());
    Way first = attempts.first(() -> connect(true));
    attempts.succeeded(0);
    publishing.start(first, commits, window, "rabbitmq-" + options.queue());
  }

  /** Connects, and makes the queue where there is none. Blocks. */
  static Publisher open(QueueOptions options, PipeContext context, Commits commits)
      throws PipeException, InterruptedException {
    return new Publisher(options, context, commits);
  }

  /** Why the server does not take such a message; null where it does. */
  @Nullable Rejection refusal(
      int lengthBytes, Headers headers, BasicProperties properties, String routingKey) {
    return publishing.route().connection().refusal(lengthBytes, headers, properties, routingKey);
  }

  boolean closed() {
    return publishing.closed();
  }

  /**
   * Hands over a message, which goes out with those behind it, at the latest when they are flushed.
   * Blocks while too much is unconfirmed, or the server takes nothing.
   */
  void publish(Unconfirmed message) throws PipeException, InterruptedException {
    if (!window.hasRoom()) {
      flush();
    }
    window.add(message);
    if (message.refusal() != null) {
      return;
    }
    publishing.send(over -> {
      over.connection().gather();
      send(message, over, false);
    });
  }

  /** Sends what was handed over. */
  void flush() {
    publishing.send(this::flush);
  }

  /** Blocks until the server has confirmed all. */
  void awaitConfirmed() throws PipeException, InterruptedException {
    flush();
    window.awaitEmpty();
  }

  @Override
  public void close() {
    publishing.close();
  }

  /** Within {@link Republisher#send}. */
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

  /** Within {@link Republisher#send}. */
  private void flush(Way over) {
    try {
      over.connection().flush();
    } catch (IOException e) {
      doubt(over, AmqpErrors.of(options.address() + ": the server cannot be written to", e));
    }
  }

  private void doubt(Way over, PipeException why) {
    publishing.doubt(over, why);
  }

  private void confirmed(Way over, long number, boolean andBefore) {
    window.confirm(over, number, andBefore);
    publishing.confirmed(over);
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

  private final class Steps implements Republisher.Steps<Unconfirmed, Way> {
    @Override
    public Way connect() throws PipeException {
      return Publisher.this.connect(false);
    }

    @Override
    public void sendAgain(List<Unconfirmed> messages, Way over) {
      over.connection().gather();
      for (Unconfirmed each : messages) {
        send(each, over, each.isSent());
      }
      flush(over);
    }
  }
}
