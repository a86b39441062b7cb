package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Guarantee;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Target;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.BrokerOptions;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Queues of RabbitMQ ({@code amqp://host:5672/queue}, {@code amqps} over TLS). */
public final class RabbitConnector implements Connector {
  private static final Capabilities SHARED =
      new Capabilities(
          false,
          false,
          true,
          true,
          true,
          false,
          "a queue gives a message again, to another reader and behind later ones, when it was not"
              + " acknowledged",
          Guarantee.AT_LEAST_ONCE);

  private static final Capabilities SINGLE =
      new Capabilities(
          true,
          false,
          true,
          true,
          true,
          true,
          "messages of Hostpipe are taken once, and those of other programs again when a reader"
              + " ended before they were acknowledged; once refuses those",
          Guarantee.AT_LEAST_ONCE);

  private static final Capabilities ONCE =
      new Capabilities(
          true, false, true, true, true, true, "messages that do not tell their place are refused");

  private static final Capabilities FLEETING =
      new Capabilities(
          false,
          false,
          false,
          true,
          true,
          true,
          "what is in a queue that is not durable is gone with its server",
          Guarantee.AT_MOST_ONCE);

  private static final Capabilities TEMPORARY =
      new Capabilities(
          false,
          false,
          false,
          true,
          true,
          true,
          "a queue without a name is gone with its reader's connection, and what comes to the"
              + " exchange until the next one is missed",
          Guarantee.AT_MOST_ONCE);

  @Override
  public Set<String> schemes() {
    return Set.of(QueueOptions.SCHEME, QueueOptions.ENCRYPTED_SCHEME);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  @Override
  public String help(String scheme) {
    return scheme
        + "://user:password@host/queue writes into a queue of RabbitMQ or reads from it; a virtual"
        + " host stands before the queue"
        + (scheme.equals(QueueOptions.ENCRYPTED_SCHEME) ? "; over TLS" : "");
  }

  @Override
  public Capabilities capabilities(Address address) {
    if ("false".equals(address.option(QueueOptions.DURABLE))) {
      return FLEETING;
    }
    if (address.option(QueueOptions.ONCE) != null) {
      return ONCE;
    }
    if (address.option(QueueOptions.SINGLE) != null) {
      return SINGLE;
    }
    return address.option(QueueOptions.TEMPORARY) == null ? SHARED : TEMPORARY;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return QueueOptions.SPECS;
  }

  @Override
  public String check(Address address, boolean asSource)
      throws PipeException, InterruptedException {
    Address oneWay = address.withoutOption(BackWay.BACK).withoutOption(BrokerOptions.TIMEOUT);
    QueueOptions options = QueueOptions.of(oneWay, asSource);
    List<String> warnings = new ArrayList<>();
    try (RabbitConnection connection = RabbitConnection.open(options, why -> {})) {
      Queues queues = new Queues(connection, options);
      if (options.ownQueue()) {
        return connection.server()
            + "; the exchange "
            + options.exchange()
            + ", no queue of a name";
      }
      Queues.Found found = queues.find(options.queue());
      QueueShape shape = found == null ? null : queues.look();
      if (found == null || shape == null) {
        return connection.server()
            + "; there is no queue "
            + options.queue()
            + " yet, and one would be made: "
            + queues.wouldMake();
      }
      queues.check(
          shape,
          asSource,
          new PipeEvents() {
            @Override
            public void warning(String text) {
              warnings.add(text);
            }
          });
      if (!shape.isQuorum() && connection.majorVersion() < 4) {
        warnings.add(
            "whether a policy mirrors it cannot be seen from here, and a mirrored queue can lose"
                + " what it had confirmed when its servers part; quorum queues and streams do not");
      }
      return connection.server()
          + "; the queue "
          + options.queue()
          + " has "
          + found.messages()
          + " messages and "
          + found.readers()
          + " readers, and is "
          + shape.describe()
          + (warnings.isEmpty() ? "" : ". Mind: " + String.join(". ", warnings));
    }
  }

  /** A queue for each direction, or requests. */
  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    if (address.option(BackWay.BACK) == null) {
      return Requests.open(QueueOptions.ofDialogue(address, false), context);
    }
    checkQueues(address);
    return BackWay.open(this, address, context, false);
  }

  /** A queue for each direction, the one that is named first to be read; or answers to requests. */
  @Override
  public Pipe connectAsSource(Address address, PipeContext context) throws PipeException {
    if (address.option(BackWay.BACK) == null) {
      return Responses.open(QueueOptions.ofDialogue(address, true), context);
    }
    checkQueues(address);
    return BackWay.open(this, address, context, true);
  }

  private static void checkQueues(Address address) throws PipeException {
    if (address.option(QueueOptions.EXCHANGE) != null) {
      throw new PipeException.Config(
          address + ": --duplex joins two queues, and an exchange is none; leave exchange out");
    }
  }

  @Override
  public Source source(Address address, PipeContext context) throws PipeException {
    return new QueueSource(QueueOptions.of(address, true), context);
  }

  @Override
  public Target target(Address address, PipeContext context) throws PipeException {
    return new QueueTarget(QueueOptions.of(address, false), context);
  }

  @Override
  public Letterbox letterbox(Address address, PipeContext context) throws PipeException {
    return QueueLetterbox.open(QueueOptions.of(address, true), context.events());
  }
}
