package io.hostpipe.connector.kafka;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Guarantee;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.Target;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import java.util.List;
import java.util.Set;

/** Topics of Kafka ({@code kafka://host:9092/topic}). */
public final class KafkaConnector implements Connector {
  private static final Capabilities TOPIC =
      new Capabilities(
          true,
          true,
          true,
          true,
          true,
          true,
          "a broker acknowledges what it and its replicas have in memory: what it acknowledged in"
              + " the last seconds is lost when all of them lose power at once");

  private static final Capabilities GROUP =
      new Capabilities(
          false,
          true,
          true,
          true,
          true,
          false,
          "a group gives what was not committed again, maybe to another member, and its partitions"
              + " have no order among each other",
          Guarantee.AT_LEAST_ONCE);

  private static final Capabilities GROUP_STREAMS =
      new Capabilities(
          true,
          true,
          true,
          true,
          true,
          true,
          "a partition that changes hands goes on where the destination has it, and elsewhere where"
              + " the group was told");

  @Override
  public Set<String> schemes() {
    return Set.of(KafkaOptions.SCHEME);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  /** A group gives a stream for each of its partitions. */
  @Override
  public Kind kind(Address address) {
    return KafkaOptions.givesStreams(address) ? Kind.LISTENS : Kind.STORES;
  }

  @Override
  public boolean streamsComeBack(Address address) {
    return KafkaOptions.givesStreams(address);
  }

  @Override
  public String help(String scheme) {
    return "kafka://host:9092/topic writes into a partition of a topic in transactions, or reads"
        + " one in order";
  }

  @Override
  public Capabilities capabilities(Address address) {
    if (KafkaOptions.givesStreams(address)) {
      return GROUP_STREAMS;
    }
    return address.option("group") == null ? TOPIC : GROUP;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return KafkaOptions.SPECS;
  }

  @Override
  public String check(Address address, boolean asSource)
      throws PipeException, InterruptedException {
    KafkaOptions options = KafkaOptions.of(address.withoutOption(BackWay.BACK), asSource);
    try (Topics topics = Topics.open(options)) {
      Topic topic = topics.find();
      if (topic == null) {
        return topics.cluster()
            + "; there is no topic "
            + options.topic()
            + " yet: "
            + (asSource
                ? "it is waited for"
                : "it would be made, with " + Math.max(1, options.partitions()) + " of partitions");
      }
      long messages = 0;
      for (int index = 0; index < topic.partitions(); index++) {
        messages += topics.end(index) - topics.beginning(index);
      }
      return topics.cluster()
          + "; the topic "
          + topic.name()
          + " has "
          + topic.partitions()
          + (topic.partitions() == 1 ? " partition, " : " partitions, ")
          + topic.replicas()
          + " times, and up to "
          + messages
          + " messages";
    }
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    KafkaOptions options = KafkaOptions.of(address, true);
    if (options.group() == null) {
      return Connector.super.listen(address, context);
    }
    if (context.sends()) {
      throw new PipeException.Config(
          Status.UNIMPLEMENTED, address + " is a group, which reads; nothing can be written to it");
    }
    return new GroupListener(options, context);
  }

  @Override
  public Letterbox letterbox(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    return TopicLetterbox.open(KafkaOptions.of(address, true));
  }

  /** A topic for each direction. */
  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    return BackWay.open(this, address, context, false);
  }

  /** A topic for each direction. */
  @Override
  public Pipe connectAsSource(Address address, PipeContext context) throws PipeException {
    return BackWay.open(this, address, context, true);
  }

  @Override
  public Source source(Address address, PipeContext context) throws PipeException {
    KafkaOptions options = KafkaOptions.of(address, true);
    return options.group() == null
        ? new KafkaSource(options, context)
        : new GroupSource(options, context);
  }

  @Override
  public Target target(Address address, PipeContext context) throws PipeException {
    return new KafkaTarget(KafkaOptions.of(address, false), context);
  }
}
