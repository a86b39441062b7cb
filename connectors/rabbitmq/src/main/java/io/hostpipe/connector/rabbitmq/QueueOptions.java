package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.BrokerOptions;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.tls.BrokerTls;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a queue is used.
 *
 * @param address as it was written
 * @param virtualHost the part of the server that the queue is in
 * @param queue its name; empty for a queue of the reader's own, or for none
 * @param servers all that may be tried
 * @param tls how the connection is encrypted
 * @param quorum whether several servers keep it
 * @param durable whether it outlives its server's process
 * @param single whether one reader at a time gets its messages
 * @param once whether only messages that tell their place are taken
 * @param deadLetters the queue for what is refused; null for none
 * @param deliveryLimit how often a message may come again before it is a dead letter; -1: always
 * @param exchange what the queue is bound to, or what is published to; empty for the queue itself
 * @param exchangeType of an exchange that is made
 * @param keys a writer's one routing key, or those that a reader's queue is bound with
 * @param inFlight how many messages a writer may have unconfirmed
 * @param prefetch how many a reader may have uncommitted
 * @param until where a reader ends
 * @param marksEnd whether the end of a stream is written as a message of its own
 * @param timeout how long a request waits for its answer
 */
record QueueOptions(
    Address address,
    String virtualHost,
    String queue,
    List<Server> servers,
    BrokerTls tls,
    boolean quorum,
    boolean durable,
    boolean single,
    boolean once,
    @Nullable String deadLetters,
    int deliveryLimit,
    String exchange,
    String exchangeType,
    List<String> keys,
    int inFlight,
    int prefetch,
    Until until,
    boolean marksEnd,
    Duration timeout) {
  static final String SCHEME = "amqp";
  static final String ENCRYPTED_SCHEME = "amqps";
  static final String QUORUM = "quorum";
  static final String DURABLE = "durable";
  static final String SINGLE = "single";
  static final String ONCE = "once";
  static final String DEAD_LETTERS = "dead-letters";
  static final String DELIVERY_LIMIT = "delivery-limit";
  static final String EXCHANGE = "exchange";
  static final String EXCHANGE_TYPE = "exchange-type";

  static final String TEMPORARY = "temporary";

  private static final String KEY = "routing-key";
  private static final String IN_FLIGHT = "in-flight";
  private static final String PREFETCH = "prefetch";
  private static final int PORT = 5672;
  private static final int ENCRYPTED_PORT = 5671;

  static final List<OptionSpec> SPECS =
      Stream.of(ownSpecs(), duplexSpecs(), BrokerTls.SPECS).flatMap(List::stream).toList();

  /** Reads them from an address. */
  static QueueOptions of(Address address, boolean asSource) throws PipeException {
    BrokerOptions.refuseTimeout(address);
    return read(address, asSource);
  }

  /** The same for requests and answers over one queue. */
  static QueueOptions ofDialogue(Address address, boolean answers) throws PipeException {
    for (String name : List.of(ONCE, BrokerOptions.UNTIL, BrokerOptions.END)) {
      if (address.option(name) != null) {
        throw new PipeException.Config(
            address
                + ": '"
                + name
                + "' means nothing for requests and their answers; with a queue for each"
                + " direction it does (back=NAME)");
      }
    }
    return read(address, answers);
  }

  private static QueueOptions read(Address address, boolean asSource) throws PipeException {
    OptionValues.checkNames(address, SPECS, asSource);
    BackWay.refuse(address);
    String path = address.path();
    int slash = path.lastIndexOf('/');
    boolean once = address.option(ONCE) != null;
    BrokerTls tls = BrokerTls.of(address, address.scheme().equals(ENCRYPTED_SCHEME));
    QueueOptions options =
        new QueueOptions(
            address,
            slash < 0 ? "/" : path.substring(0, slash),
            path.substring(slash + 1),
            Server.of(address, tls.wanted() ? ENCRYPTED_PORT : PORT, "amqp://host:5672/orders"),
            tls,
            address.option(QUORUM) != null,
            !OptionValues.isSecond(address, DURABLE, "true", "false"),
            once || address.option(SINGLE) != null,
            once,
            address.option(DEAD_LETTERS),
            OptionValues.integer(address, DELIVERY_LIMIT, -1, -1, 1_000_000),
            text(address, EXCHANGE, ""),
            exchangeType(address),
            address.optionValues(KEY),
            OptionValues.integer(address, IN_FLIGHT, 4096, 1, 1_000_000),
            OptionValues.integer(address, PREFETCH, 500, 1, 65_535),
            Until.of(address, Until.EMPTY),
            BrokerOptions.marksEnd(address),
            BrokerOptions.timeout(address));
    options.checkTogether(asSource);
    return options;
  }

  /** Whether the address has this option. */
  boolean asks(String name) {
    return address.option(name) != null;
  }

  /** A queue that lives as long as its reader's connection. */
  boolean ownQueue() {
    return queue.isEmpty();
  }

  /** What a message is published with: the address says it, or the message to an exchange. */
  String routingKey(Headers headers) {
    if (exchange.isEmpty()) {
      return queue;
    }
    if (!keys.isEmpty()) {
      return keys.getFirst();
    }
    String key = headers.text(Headers.KEY);
    return key == null ? "" : key;
  }

  /** The stream that a reader makes of it; a name that is too long is summed. */
  StreamId streamId() {
    return BrokerOptions.streamId(SCHEME, ownQueue() ? exchange : queue);
  }

  private static List<OptionSpec> ownSpecs() {
    return List.of(
        OptionSpec.flag(
            QUORUM, "a queue that is made is kept by several servers, as far as there are any"),
        OptionSpec.value(
            DURABLE,
            "YES",
            "true",
            "false: a queue that is made is gone with its server, and so is what is in it"),
        OptionSpec.flag(
            SINGLE,
            "one reader at a time gets the messages, in their order, and takes no message of"
                + " Hostpipe twice; said when the queue is made, too"),
        OptionSpec.flag(
                ONCE,
                "as single, and refuses messages that do not tell their place, as those of other"
                    + " programs do not")
            .ofSource(),
        OptionSpec.value(
            DEAD_LETTERS,
            "QUEUE",
            null,
            "where the server puts messages that are refused; made with the queue"),
        OptionSpec.value(
            DELIVERY_LIMIT,
            "N",
            null,
            "how often a message of a quorum queue may come again before it is a dead letter"),
        OptionSpec.value(
            EXCHANGE,
            "NAME",
            null,
            "write to this exchange, or read what it gives to the queue, which is bound to it"),
        OptionSpec.value(
            EXCHANGE_TYPE,
            "TYPE",
            "fanout",
            "of an exchange that is made: fanout, direct, topic or headers"),
        OptionSpec.value(
                KEY,
                "KEY",
                null,
                "the routing key; else, to an exchange, the key of the message. To read, more than"
                    + " one may be given")
            .repeated(),
        OptionSpec.flag(
                TEMPORARY,
                "read what the exchange gives from now on, through a queue without a name that is"
                    + " gone with its reader")
            .ofSource(),
        OptionSpec.value(IN_FLIGHT, "N", "4096", "how many messages may be unconfirmed")
            .ofDestination(),
        OptionSpec.value(PREFETCH, "N", "500", "how many messages may be uncommitted").ofSource(),
        Until.option(Until.EMPTY),
        BrokerOptions.end(),
        OptionSpec.value(BrokerOptions.SERVER, "HOST:PORT", null, "one more server of the cluster")
            .repeated());
  }

  private static List<OptionSpec> duplexSpecs() {
    return List.of(BackWay.option("queue"), BrokerOptions.timeout());
  }

  private void checkTogether(boolean asSource) throws PipeException {
    if (queue.isEmpty() && exchange.isEmpty()) {
      throw wrong(" has no queue; write it as in amqp://host:5672/orders");
    }
    if (asSource && queue.isEmpty() != asks(TEMPORARY)) {
      throw wrong(
          queue.isEmpty()
              ? " has no queue to read from; name one, which keeps what comes while nobody reads,"
                  + " or add temporary"
              : ": a temporary queue has no name; leave out the one or the other");
    }
    if (queue.getBytes(StandardCharsets.UTF_8).length > 255) {
      throw wrong(" names a queue of more than 255 bytes");
    }
    if (exchange.isEmpty() && (asks(EXCHANGE_TYPE) || asks(KEY))) {
      throw wrong(": exchange-type and routing-key mean something with exchange=NAME only");
    }
    if (!asSource && keys.size() > 1) {
      throw wrong(": a message is published with one routing key, and there are " + keys.size());
    }
    if (queue.isEmpty()
        && (single || quorum || deadLetters != null || asks(DURABLE) || asks(DELIVERY_LIMIT))) {
      throw wrong(
          ": a queue without a name is its reader's own, and gone with it; what the options say"
              + " needs one with a name");
    }
    if (quorum && !durable) {
      throw wrong(": a quorum queue is durable; leave one of the two options out");
    }
    if (asks(DELIVERY_LIMIT) && !quorum) {
      throw wrong(": delivery-limit is for quorum queues; add quorum, or leave it out");
    }
    if (deliveryLimit >= 0 && deadLetters == null) {
      throw wrong(
          ": the server drops a message that has come again "
              + deliveryLimit
              + " times, unless there is a place for it: add dead-letters=QUEUE");
    }
  }

  private PipeException wrong(String what) {
    return new PipeException.Config(address + what);
  }

  private static String exchangeType(Address address) throws PipeException {
    String type = text(address, EXCHANGE_TYPE, "fanout");
    if (!List.of("fanout", "direct", "topic", "headers").contains(type)) {
      throw new PipeException.Config(
          address + ": exchange-type is fanout, direct, topic or headers, not '" + type + "'");
    }
    return type;
  }

  private static String text(Address address, String name, String standard) {
    String value = address.option(name);
    return value == null ? standard : value;
  }
}
