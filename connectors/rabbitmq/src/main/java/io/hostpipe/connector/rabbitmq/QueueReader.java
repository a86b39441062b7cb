package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Command;
import com.rabbitmq.client.DeliverCallback;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a queue, over one connection. What was not acknowledged when it closes the server
 * gives to the next reader.
 *
 * <p>Thread rule: as {@link Inbox}; answers from any thread.
 */
final class QueueReader implements AutoCloseable {
  /**
   * So long the server has to say that no message waits. What a quorum queue has given to this
   * reader comes by way of the server that it is connected to, and may be behind the answer of
   * another one, which leads the queue.
   */
  private static final long EMPTY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final AtomicLong COUNT = new AtomicLong();

  private final long number = COUNT.incrementAndGet();
  private final QueueOptions options;
  private final Inbox<Delivery> inbox = new Inbox<>(Delivery::bytes);
  private final RabbitConnection connection;
  private final Channel channel;
  private final String queue;
  private final Queues.Care care;
  private volatile @Nullable PipeException failure;

  /** Whether it is given one message at a time. */
  private boolean narrow;

  private String consumer;

  /** How many messages wait; null while that was not asked. */
  private @Nullable CompletableFuture<Command> question;

  /** Since when the server has said so again and again; null while it has not. */
  private @Nullable Long emptySinceNanos;

  private QueueReader(
      QueueOptions options, boolean first, int prefetch, boolean narrow, PipeEvents events)
      throws PipeException, IOException {
    this.options = options;
    this.narrow = narrow;
    this.connection = RabbitConnection.open(options, this::fail);
    boolean opened = false;
    try {
      Queues queues = new Queues(connection, options);
      if (first) {
        care = queues.prepare(true, events);
      } else {
        queues.checkStillThere();
        care = Queues.Care.NONE;
      }
      channel = connection.channel();
      queue = options.ownQueue() ? queues.makeOwn(channel) : options.queue();
      channel.addShutdownListener(signal -> fail(closed(signal)));
      consumer = consume(narrow ? 1 : prefetch);
      opened = true;
    } finally {
      if (!opened) {
        connection.close();
      }
    }
  }

  /**
   * Begins to read.
   *
   * @param first whether the queue may be made
   * @param prefetch how many messages may be uncommitted; 0 for any number
   * @param narrow whether it is given one at a time until {@link #widen}
   */
  static QueueReader open(
      QueueOptions options, boolean first, int prefetch, boolean narrow, PipeEvents events)
      throws PipeException {
    try {
      return new QueueReader(options, first, prefetch, narrow, events);
    } catch (IOException | ShutdownSignalException e) {
      throw e instanceof PipeException known
          ? known
          : AmqpErrors.of(options.address() + ": the queue cannot be read", e);
    }
  }

  /** Another one for each reader of this process. */
  long number() {
    return number;
  }

  Inbox<Delivery> inbox() {
    return inbox;
  }

  /** What becomes of what is given back or refused; known to the first reader of a queue alone. */
  Queues.Care care() {
    return care;
  }

  /** Whether it is given one message at a time. */
  boolean isNarrow() {
    return narrow;
  }

  /**
   * From here on it is given as many as may be uncommitted. Blocks until the server has answered;
   * what is in hand stays there.
   */
  void widen(int prefetch) {
    try {
      channel.basicCancel(consumer);
      consumer = consume(prefetch);
      narrow = false;
    } catch (IOException | ShutdownSignalException e) {
      // Nobody knows what the channel is still given, where it is not gone.
      fail(AmqpErrors.of(options.address() + ": the queue cannot be read on", e));
      connection.abandon();
    }
  }

  /** Why no more comes; null while it may. */
  @Nullable PipeException failure() {
    return failure;
  }

  /**
   * Whether no message has waited for a while, each time the server was asked, after all that has
   * come so far. Asks, and answers at once: false until the server has answered.
   */
  boolean isEmpty() {
    CompletableFuture<Command> asked = question;
    try {
      if (asked == null) {
        question =
            channel.asyncCompletableRpc(
                new AMQP.Queue.Declare.Builder().queue(queue).passive().build());
        return false;
      }
      if (!asked.isDone() || asked.isCompletedExceptionally()) {
        return false;
      }
      question = null;
      if (!(asked.join().getMethod() instanceof AMQP.Queue.DeclareOk found && saysEmpty(found))) {
        emptySinceNanos = null;
        return false;
      }
    } catch (IOException | ShutdownSignalException e) {
      // The channel is gone, and says so.
      return false;
    }
    long nowNanos = System.nanoTime();
    Long since = emptySinceNanos;
    if (since == null) {
      emptySinceNanos = nowNanos;
      return false;
    }
    return nowNanos - since >= EMPTY_NANOS;
  }

  /** A message came: what the server said before counts no more. */
  void gaveOne() {
    emptySinceNanos = null;
  }

  /**
   * When the leader of a quorum queue does not answer the server within a quarter of a second, that
   * server says that there are no messages, and no readers either: but this one is there.
   */
  private static boolean saysEmpty(AMQP.Queue.DeclareOk found) {
    return found.getMessageCount() == 0 && found.getConsumerCount() > 0;
  }

  /** The message is dealt with, and all before it. */
  void acknowledge(long tag) {
    try {
      channel.basicAck(tag, true);
    } catch (IOException | ShutdownSignalException e) {
      // It comes again, as this end says of itself.
    }
  }

  /** This message is dealt with. */
  void acknowledgeOne(long tag) {
    try {
      channel.basicAck(tag, false);
    } catch (IOException | ShutdownSignalException e) {
      // It comes again.
    }
  }

  /** No reader is to have it again: it is a dead letter, where the queue has a place for them. */
  void refuse(long tag) {
    try {
      channel.basicNack(tag, false, false);
    } catch (IOException | ShutdownSignalException e) {
      // It comes again.
    }
  }

  @Override
  public void close() {
    inbox.close();
    connection.close();
  }

  private String consume(int prefetch) throws IOException {
    channel.basicQos(prefetch);
    DeliverCallback deliver =
        (tag, message) -> put(message.getEnvelope(), message.getProperties(), message.getBody());
    return channel.basicConsume(queue, false, deliver, tag -> fail(deleted()));
  }

  private void put(Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
    try {
      inbox.put(new Delivery(this, envelope, properties, body));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void fail(PipeException why) {
    if (failure == null) {
      failure = why;
    }
    inbox.end();
  }

  /** A reader that is refused nothing when it begins is refused later for its slowness alone. */
  private PipeException closed(ShutdownSignalException signal) {
    String what = options.address() + ": the channel was closed";
    return AmqpErrors.code(signal) == AMQP.PRECONDITION_FAILED
        ? new PipeException.Unreachable(what + ": " + AmqpErrors.text(signal), signal)
        : AmqpErrors.of(what, signal);
  }

  private PipeException deleted() {
    return new PipeException.Unreachable(
        Status.NOT_FOUND,
        options.address()
            + ": the queue "
            + queue
            + " was deleted, or its server is gone; it is not made again from here, and is waited"
            + " for",
        null);
  }
}
