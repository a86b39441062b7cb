package io.hostpipe.connector.kafka;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.BrokerOptions;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.BrokerOptions.Numbering;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.tls.BrokerTls;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a topic is used.
 *
 * @param address as it was written
 * @param topic what stands behind the slash
 * @param servers all that may be asked for the rest of the cluster, as HOST:PORT
 * @param partition which one; -1 for none that was named
 * @param byKey whether messages are spread over all partitions by their keys
 * @param group a consumer group whose members share the partitions; null reads one in order
 * @param merged whether what comes through the group is one stream, and not one of each partition
 * @param from where a new reader begins
 * @param until where a reader ends
 * @param goesOnBehindLoss say what was lost and go on, instead of ending
 * @param tellsTime whether each message that is read has its time in Kafka
 * @param partitions of a topic that is made; 0 for one
 * @param replicas of a topic that is made; 0 for as many as the broker's default is
 * @param marksEnd whether the end of a stream is written as a message of its own
 * @param compression what messages are packed with, in Kafka's word
 * @param tls how connections are encrypted
 * @param mechanism of SASL, in Kafka's word
 * @param clientSettings a file of properties as Kafka's own programs take it; null for none
 */
record KafkaOptions(
    Address address,
    String topic,
    List<String> servers,
    int partition,
    boolean byKey,
    @Nullable String group,
    boolean merged,
    From from,
    Until until,
    boolean goesOnBehindLoss,
    boolean tellsTime,
    int partitions,
    int replicas,
    boolean marksEnd,
    String compression,
    BrokerTls tls,
    String mechanism,
    @Nullable Path clientSettings) {
  static final String SCHEME = "kafka";

  private static final int PORT = 9092;
  private static final int TOPIC_LENGTH_MAX = 249;
  private static final String PARTITION = "partition";
  private static final String BY_KEY = "by-key";
  private static final String GROUP = "group";
  private static final String MERGED = "merged";
  private static final String TIME = "time";
  private static final String PARTITIONS = "partitions";
  private static final String REPLICAS = "replicas";
  private static final String COMPRESSION = "compression";
  private static final String SASL = "sasl";
  private static final String CONFIG = "config";

  private static final Set<String> COMPRESSIONS = Set.of("none", "gzip", "snappy", "lz4", "zstd");
  private static final Set<String> MECHANISMS = Set.of("plain", "scram-sha-256", "scram-sha-512");

  static final List<OptionSpec> SPECS =
      Stream.concat(ownSpecs().stream(), BrokerTls.SPECS.stream()).toList();

  /** Reads them from an address. */
  static KafkaOptions of(Address address, boolean asSource) throws PipeException {
    OptionValues.checkNames(address, SPECS, asSource);
    BackWay.refuse(address);
    String config = address.option(CONFIG);
    KafkaOptions options =
        new KafkaOptions(
            address,
            topic(address),
            servers(address),
            OptionValues.integer(address, PARTITION, -1, 0, Integer.MAX_VALUE),
            address.option(BY_KEY) != null,
            group(address),
            address.option(MERGED) != null,
            From.of(address, Numbering.OFFSET),
            Until.of(address, Until.LAST),
            BrokerOptions.goesOnBehindLoss(address),
            address.option(TIME) != null,
            OptionValues.integer(address, PARTITIONS, 0, 1, 100_000),
            OptionValues.integer(address, REPLICAS, 0, 1, 100),
            BrokerOptions.marksEnd(address),
            word(address, COMPRESSION, "none", COMPRESSIONS),
            BrokerTls.of(address, false),
            word(address, SASL, "plain", MECHANISMS).toUpperCase(Locale.ROOT),
            config == null ? null : Path.of(config));
    options.checkTogether();
    return options;
  }

  private static List<OptionSpec> ownSpecs() {
    return List.of(
        OptionSpec.value(
            PARTITION,
            "N",
            null,
            "the partition, from 0; else the only one, and of several a writer takes one by the"
                + " name of its stream"),
        OptionSpec.flag(
                BY_KEY,
                "spread the messages over all partitions by their keys, as other programs do: the"
                    + " order is kept among those of one key, and among those that have none")
            .ofDestination(),
        OptionSpec.value(
                GROUP,
                "NAME",
                null,
                "read all partitions through a consumer group of this name, which several may"
                    + " share: each partition is a stream of its own; else one is read, in order")
            .ofSource(),
        OptionSpec.flag(
                MERGED, "with group: all partitions are one stream, at least once, in no order")
            .ofSource(),
        From.option(Numbering.OFFSET),
        Until.option(Until.LAST),
        BrokerOptions.lost("which"),
        OptionSpec.flag(TIME, "give each message the time it has in Kafka, as :time").ofSource(),
        OptionSpec.value(PARTITIONS, "N", "1", "how many partitions a topic has that is made")
            .ofDestination(),
        OptionSpec.value(
                REPLICAS,
                "N",
                null,
                "how many brokers keep a topic that is made; else as the broker's default is")
            .ofDestination(),
        BrokerOptions.end(),
        OptionSpec.value(COMPRESSION, "HOW", "none", "pack messages with gzip, snappy, lz4 or zstd")
            .ofDestination(),
        BackWay.option("topic"),
        OptionSpec.value(BrokerOptions.SERVER, "HOST:PORT", null, "one more broker to begin with")
            .repeated(),
        OptionSpec.value(
            SASL,
            "HOW",
            "plain",
            "how user:password@ is shown: plain, scram-sha-256 or scram-sha-512"),
        OptionSpec.value(
            CONFIG, "PATH", null, "a properties file of settings, as Kafka's programs take it"));
  }

  /** Whether each partition that the group gives is a stream of its own. */
  static boolean givesStreams(Address address) {
    return address.option(GROUP) != null && address.option(MERGED) == null;
  }

  /** The same for one of its partitions, read from a place. */
  KafkaOptions ofPartition(int index) {
    return new KafkaOptions(
        address,
        topic,
        servers,
        index,
        false,
        null,
        false,
        from,
        until,
        goesOnBehindLoss,
        tellsTime,
        partitions,
        replicas,
        marksEnd,
        compression,
        tls,
        mechanism,
        clientSettings);
  }

  private void checkTogether() throws PipeException {
    String userInfo = address.userInfo();
    if (userInfo != null && userInfo.indexOf(':') < 0) {
      throw new PipeException.Config(
          address + ": a user has a password, as in kafka://user:password@host/topic");
    }
    if (userInfo == null && address.option(SASL) != null) {
      throw new PipeException.Config(
          address + ": sasl is how a user is shown, as in kafka://user:password@host/topic");
    }
    if (byKey && partition >= 0) {
      throw new PipeException.Config(
          address + ": by-key spreads messages over all partitions, and partition names one");
    }
    if (merged && group == null) {
      throw new PipeException.Config(
          address + ": merged is how a group is read, as in group=workers merged");
    }
    if (group != null && (partition >= 0 || until != Until.NEVER || from.number() > 0)) {
      throw new PipeException.Config(
          address
              + ": a group shares all partitions, from their begin or their end, and has no end;"
              + " without group=NAME one is read with partition=N, from=N and until=last");
    }
  }

  private static String topic(Address address) throws PipeException {
    String topic = address.path();
    if (topic.isEmpty()) {
      throw new PipeException.Config(
          address + " has no topic; write it as in kafka://host:9092/orders");
    }
    if (topic.length() > TOPIC_LENGTH_MAX
        || !topic.matches("[a-zA-Z0-9._-]+")
        || topic.equals(".")
        || topic.equals("..")) {
      throw new PipeException.Config(
          address
              + ": '"
              + topic
              + "' is no topic: up to "
              + TOPIC_LENGTH_MAX
              + " letters, digits, dots, underscores and hyphens");
    }
    return topic;
  }

  private static @Nullable String group(Address address) throws PipeException {
    String name = address.option(GROUP);
    if (name != null && (name.isBlank() || name.equals("true"))) {
      throw new PipeException.Config(address + ": a group has a name, as in group=workers");
    }
    return name;
  }

  private static List<String> servers(Address address) throws PipeException {
    if (address.host().isEmpty()) {
      throw new PipeException.Config(
          address + " has no host; write it as in kafka://host:9092/orders");
    }
    List<String> servers = new ArrayList<>();
    String host = address.host().indexOf(':') >= 0 ? "[" + address.host() + "]" : address.host();
    servers.add(host + ":" + (address.port() < 0 ? PORT : address.port()));
    for (String more : BrokerOptions.servers(address)) {
      servers.add(more.matches(".*:[0-9]{1,5}") ? more : more + ":" + PORT);
    }
    return List.copyOf(servers);
  }

  /** One of several words, in lower case. */
  private static String word(Address address, String name, String standard, Set<String> words)
      throws PipeException {
    String word = address.option(name);
    if (word == null) {
      return standard;
    }
    String lower = word.toLowerCase(Locale.ROOT);
    if (words.contains(lower)) {
      return lower;
    }
    throw new PipeException.Config(
        address
            + ": "
            + name
            + " is "
            + String.join(" or ", words.stream().sorted().toList())
            + ", not '"
            + word
            + "'");
  }
}
