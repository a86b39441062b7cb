package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Queues and exchanges of a server: found, or made where there is none; one that is there is looked
 * at and never changed.
 *
 * <p>Thread rule: any thread; every method asks the server and blocks.
 */
final class Queues {
  private static final String TYPE = "x-queue-type";
  private static final String ONE_READER = "x-single-active-consumer";
  private static final String LIMIT = "x-delivery-limit";
  private static final String DEAD_EXCHANGE = "x-dead-letter-exchange";
  private static final String DEAD_KEY = "x-dead-letter-routing-key";
  private static final String DEAD_STRATEGY = "x-dead-letter-strategy";
  private static final String OVERFLOW = "x-overflow";
  private static final String AT_LEAST_ONCE = "at-least-once";
  private static final String REJECT = "reject-publish";

  /** From this version on a quorum queue has a delivery limit of 20 unless it has another one. */
  private static final int LIMITS_BY_ITSELF = 4;

  private static final int NAME_BYTES_MAX = 255;

  private static final int LIMIT_OF_THE_SERVER = 20;

  private final RabbitConnection connection;
  private final QueueOptions options;

  Queues(RabbitConnection connection, QueueOptions options) {
    this.connection = connection;
    this.options = options;
  }

  /**
   * A queue that is there.
   *
   * @param messages that wait in it
   * @param readers that it has
   */
  record Found(long messages, long readers) {}

  /**
   * What becomes of a queue's messages that are given back, or refused.
   *
   * @param counts whether it counts how often each is given to a reader
   * @param catches whether what is refused goes to another place
   * @param turnsAway whether it refuses to be written into when it is full
   */
  record Care(boolean counts, boolean catches, boolean turnsAway) {
    static final Care NONE = new Care(false, false, false);
  }

  /** Finds the queue, or makes it, with what is bound to it; what it is agrees with the options. */
  Care prepare(boolean asSource, PipeEvents events) throws PipeException {
    prepareExchange();
    if (options.ownQueue()) {
      return Care.NONE;
    }
    Care care;
    QueueShape shape = find(options.queue()) == null ? null : look();
    if (shape == null) {
      make();
      if (asSource && options.until() == Until.EMPTY) {
        events.warning(
            options.address()
                + ": there was no queue of this name; it was made, and nothing is in it");
      }
      care = new Care(options.quorum(), options.deadLetters() != null, false);
    } else {
      check(shape, asSource, events);
      care =
          new Care(
              shape.isQuorum(),
              shape.argument(DEAD_EXCHANGE) != null,
              isLimited(shape) && isRejecting(shape));
    }
    bind(options.queue());
    return care;
  }

  /** That there is an exchange to publish to, where one is asked for. */
  void checkExchange() throws PipeException {
    if (!options.exchange().isEmpty() && !exchangeExists()) {
      throw new PipeException.Unreachable(
          Status.NOT_FOUND,
          options.address()
              + ": there is no exchange "
              + options.exchange()
              + " yet; whoever answers makes it",
          null);
    }
  }

  /** That what was there is still there; nothing is made. */
  void checkStillThere() throws PipeException {
    if (!options.exchange().isEmpty() && !exchangeExists()) {
      throw missing("the exchange " + options.exchange());
    }
    if (!options.ownQueue() && find(options.queue()) == null) {
      throw missing("the queue " + options.queue());
    }
  }

  /** The queue; null when there is none of this name. */
  @Nullable Found find(String queue) throws PipeException {
    Channel channel = connection.channel();
    try {
      AMQP.Queue.DeclareOk found = channel.queueDeclarePassive(queue);
      channel.abort();
      return new Found(found.getMessageCount(), found.getConsumerCount());
    } catch (IOException | ShutdownSignalException e) {
      ShutdownSignalException signal = AmqpErrors.signal(e);
      if (signal != null
          && AmqpErrors.code(signal) == AMQP.NOT_FOUND
          && AmqpErrors.text(signal).contains("no queue")) {
        return null;
      }
      throw AmqpErrors.of(options.address() + ": the queue " + queue + " cannot be used", e);
    }
  }

  /** What the queue was declared as; null when it is not there any more. */
  @Nullable QueueShape look() throws PipeException {
    return QueueShape.of(connection, options, options.queue(), asked());
  }

  /**
   * How often a queue gives a message out before it puts that aside; 0 where this cannot be told.
   */
  int givesOut(String queue) {
    if (queue.isEmpty() || queue.getBytes(UTF_8).length > NAME_BYTES_MAX) {
      return 0; // whoever wrote the message says that there is such a queue
    }
    try {
      if (find(queue) == null) {
        return 0;
      }
      QueueShape shape = QueueShape.of(connection, options, queue, Map.of());
      if (shape == null) {
        return 0;
      }
      Object limit = shape.argument(LIMIT);
      boolean limited = shape.isQuorum() && connection.majorVersion() >= LIMITS_BY_ITSELF;
      long times = limit instanceof Long own ? own : limited ? LIMIT_OF_THE_SERVER : -1;
      return Math.clamp(times + 1, 0, Integer.MAX_VALUE);
    } catch (PipeException e) {
      // It may be a queue that this user has no right to.
      return 0;
    }
  }

  /** What a queue that is made is, for people. */
  String wouldMake() {
    return (options.quorum() ? "quorum" : "classic")
        + ", "
        + (options.durable() ? "durable" : "not durable")
        + (options.single() ? ", one reader at a time" : "")
        + (options.deadLetters() == null ? "" : ", dead letters to " + options.deadLetters());
  }

  /** Refuses a queue that is not what was asked for, and warns of one that loses messages. */
  void check(QueueShape shape, boolean asSource, PipeEvents events) throws PipeException {
    String name = options.address() + ": the queue " + options.queue();
    if (shape.isStream()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          name + " is a stream, which is read by offsets and not from here");
    }
    if (!shape.differences().isEmpty()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          name
              + " was declared otherwise than is asked for: "
              + String.join("; ", shape.differences())
              + ". It is not changed from here: ask for what it is"
              + (shape.isDurable() ? "" : " (durable=false)")
              + ", take another name, or delete it");
    }
    Object limit = shape.argument(LIMIT);
    boolean caught = shape.argument(DEAD_EXCHANGE) != null;
    if (asSource && limit instanceof Long times && times >= 0 && !caught) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          name
              + " drops what has come again "
              + limit
              + " times, as it does when readers are killed, and has no place for it; give it an"
              + " x-dead-letter-exchange, or take a queue with dead-letters=QUEUE");
    }
    if (asSource
        && shape.isQuorum()
        && limit == null
        && !caught
        && connection.majorVersion() >= LIMITS_BY_ITSELF) {
      events.warning(
          name
              + " has no delivery limit of its own, and this server then drops what has come again"
              + " 20 times unless a policy says otherwise; make it with dead-letters=QUEUE");
    }
    if (caught && shape.isQuorum() && !AT_LEAST_ONCE.equals(shape.argument(DEAD_STRATEGY))) {
      events.warning(
          name
              + " passes dead letters on at most once: with x-dead-letter-strategy=at-least-once"
              + " and x-overflow=reject-publish none is lost");
    }
    warnOfLimits(shape, name, events);
  }

  private static void warnOfLimits(QueueShape shape, String name, PipeEvents events) {
    Object lives = shape.argument("x-message-ttl");
    if (lives != null) {
      events.warning(name + " drops messages that are not read within " + lives + " ms");
    }
    Object unused = shape.argument("x-expires");
    if (unused != null) {
      events.warning(name + " is deleted when nobody uses it for " + unused + " ms");
    }
    Object overflow = shape.argument(OVERFLOW);
    if (isLimited(shape) && (overflow == null || overflow.equals("drop-head"))) {
      events.warning(
          name + " has a limit, and drops its oldest messages when it is full (x-overflow)");
    }
  }

  private static boolean isLimited(QueueShape shape) {
    return shape.argument("x-max-length") != null || shape.argument("x-max-length-bytes") != null;
  }

  /** As well with {@code reject-publish-dlx}. */
  private static boolean isRejecting(QueueShape shape) {
    return shape.argument(OVERFLOW) instanceof String how && how.startsWith(REJECT);
  }

  /** A queue of the reader's own, bound to the exchange; its name. */
  String makeOwn(Channel channel) throws IOException, PipeException {
    String name = channel.queueDeclare("", false, true, true, Map.of()).getQueue();
    bind(name);
    return name;
  }

  private void make() throws PipeException {
    String dead = options.deadLetters();
    if (dead != null && find(dead) == null) {
      Map<String, Object> arguments = new TreeMap<>();
      if (options.quorum()) {
        arguments.put(TYPE, "quorum");
        unlimit(arguments);
      }
      declare(dead, arguments);
    }
    Map<String, Object> arguments = asked();
    if (options.quorum() && options.deliveryLimit() < 0) {
      unlimit(arguments);
    }
    declare(options.queue(), arguments);
  }

  private void unlimit(Map<String, Object> arguments) {
    if (connection.majorVersion() >= LIMITS_BY_ITSELF) {
      arguments.put(LIMIT, -1L);
    }
  }

  /** What the options say of a queue, and no more. */
  private Map<String, Object> asked() {
    Map<String, Object> arguments = new TreeMap<>();
    if (options.quorum()) {
      arguments.put(TYPE, "quorum");
    }
    if (options.single()) {
      arguments.put(ONE_READER, true);
    }
    if (options.deliveryLimit() >= 0) {
      arguments.put(LIMIT, (long) options.deliveryLimit());
    }
    String dead = options.deadLetters();
    if (dead != null) {
      arguments.put(DEAD_EXCHANGE, "");
      arguments.put(DEAD_KEY, dead);
      if (options.quorum()) {
        arguments.put(DEAD_STRATEGY, AT_LEAST_ONCE);
        arguments.put(OVERFLOW, REJECT);
      }
    }
    return arguments;
  }

  private void declare(String queue, Map<String, Object> arguments) throws PipeException {
    Channel channel = connection.channel();
    try {
      channel.queueDeclare(queue, options.durable(), false, false, arguments);
      channel.abort();
    } catch (IOException | ShutdownSignalException e) {
      throw AmqpErrors.of(options.address() + ": the queue " + queue + " cannot be made", e);
    }
  }

  private void prepareExchange() throws PipeException {
    if (options.exchange().isEmpty()) {
      return;
    }
    boolean known = exchangeExists();
    if (known && !options.asks(QueueOptions.EXCHANGE_TYPE)) {
      return;
    }
    Channel channel = connection.channel();
    try {
      channel.exchangeDeclare(options.exchange(), options.exchangeType(), true);
      channel.abort();
    } catch (IOException | ShutdownSignalException e) {
      throw AmqpErrors.of(
          options.address()
              + ": the exchange "
              + options.exchange()
              + (known ? " is another one than was asked for" : " cannot be made"),
          e);
    }
  }

  private boolean exchangeExists() throws PipeException {
    Channel channel = connection.channel();
    try {
      channel.exchangeDeclarePassive(options.exchange());
      channel.abort();
      return true;
    } catch (IOException | ShutdownSignalException e) {
      ShutdownSignalException signal = AmqpErrors.signal(e);
      if (signal != null && AmqpErrors.code(signal) == AMQP.NOT_FOUND) {
        return false;
      }
      throw AmqpErrors.of(
          options.address() + ": the exchange " + options.exchange() + " cannot be used", e);
    }
  }

  private void bind(String queue) throws PipeException {
    if (options.exchange().isEmpty()) {
      return;
    }
    Channel channel = connection.channel();
    try {
      for (String key : options.keys().isEmpty() ? java.util.List.of("") : options.keys()) {
        channel.queueBind(queue, options.exchange(), key);
      }
      channel.abort();
    } catch (IOException | ShutdownSignalException e) {
      throw AmqpErrors.of(
          options.address()
              + ": the queue "
              + queue
              + " cannot be bound to the exchange "
              + options.exchange(),
          e);
    }
  }

  private PipeException missing(String what) {
    return new PipeException.Unreachable(
        Status.NOT_FOUND,
        options.address()
            + ": "
            + what
            + " was deleted meanwhile, with what was in it; it is not made again from here, and is"
            + " waited for",
        null);
  }
}
