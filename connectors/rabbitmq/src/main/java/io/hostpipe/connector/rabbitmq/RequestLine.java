package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection over which requests go out, and their answers come back, by the server's direct
 * reply-to: answers go past all queues to the channel that asked, and to nobody when it is gone.
 *
 * <p>Thread rule: any thread.
 */
final class RequestLine implements AutoCloseable {
  /** Stands for this channel; the server tells whoever answers its real name. */
  static final String REPLY_TO = "amq.rabbitmq.reply-to";

  private final RabbitConnection connection;
  private final Channel channel;

  /** Whether it is known to be of no use: what else is heard of that is no news. */
  private final AtomicBoolean retired;

  private RequestLine(RabbitConnection connection, Channel channel, AtomicBoolean retired) {
    this.connection = connection;
    this.channel = channel;
    this.retired = retired;
  }

  /** Who hears of what comes over a line. Called on the thread that reads the socket. */
  interface Heard {
    /** Something came back. */
    void answered(String number, Answer answer);

    /** There is no queue for a request. */
    void returned(String number, Rejection why);

    /** The line broke. Once, and not when it was retired. */
    void doubt(PipeException why);
  }

  /** Connects. Blocks. */
  static RequestLine open(QueueOptions options, Heard heard, PipeEvents events)
      throws PipeException {
    AtomicBoolean retired = new AtomicBoolean();
    Consumer<PipeException> onBreak =
        why -> {
          if (retired.compareAndSet(false, true)) {
            heard.doubt(why);
          }
        };
    RabbitConnection connection = RabbitConnection.open(options, onBreak);
    boolean whole = false;
    try {
      new Queues(connection, options).checkExchange();
      Channel channel = connection.channel();
      channel.addReturnListener((code, text, exchange, key, properties, body) ->
          heard.returned(number(properties.getCorrelationId()), nobody(exchange, key, text)));
      channel.addShutdownListener(signal ->
          onBreak.accept(AmqpErrors.of(options.address() + ": the channel was closed", signal)));
      connection.onBlocked(reason ->
          events.warning(
              options.address()
                  + (reason == null
                      ? ": the server takes messages again"
                      : ": the server takes nothing for now (" + reason + "); it is waited for")));
      channel.basicConsume(
          REPLY_TO,
          true,
          (tag, message) ->
              heard.answered(
                  number(message.getProperties().getCorrelationId()),
                  new Answer(message.getBody(), AmqpHeaders.readAnswer(message.getProperties()))),
          tag -> {});
      whole = true;
      return new RequestLine(connection, channel, retired);
    } catch (IOException | ShutdownSignalException e) {
      throw e instanceof PipeException known
          ? known
          : AmqpErrors.of(options.address() + ": no answers can be read", e);
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  RabbitConnection connection() {
    return connection;
  }

  Channel channel() {
    return channel;
  }

  /** Nothing more is heard of its breaking. */
  void retire() {
    retired.set(true);
  }

  @Override
  public void close() {
    retire();
    connection.close();
  }

  private static String number(@Nullable String correlationId) {
    return correlationId == null ? "" : correlationId;
  }

  private static Rejection nobody(String exchange, String key, String text) {
    return new Rejection(
        Status.NOT_FOUND,
        exchange.isEmpty()
            ? "nobody answers: there is no queue " + key
            : "nobody answers: the exchange "
                + exchange
                + " has no queue for the routing key '"
                + key
                + "' ("
                + text
                + ")");
  }
}
