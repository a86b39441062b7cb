package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/**
 * What the brokers say of a topic. One is made where there is none and somebody wants to write; one
 * that is there is looked at and never changed.
 *
 * <p>Thread rule: one thread; blocks.
 */
final class Topics implements AutoCloseable {
  private static final int CONNECT_MILLIS = 5_000;

  private final KafkaOptions options;
  private final Admin admin;

  private Topics(KafkaOptions options, Admin admin) {
    this.options = options;
    this.admin = admin;
  }

  /** Looks whether anybody answers, and begins to ask. */
  static Topics open(KafkaOptions options) throws PipeException, InterruptedException {
    reach(options);
    try {
      return new Topics(options, Admin.create(ClientSettings.admin(options)));
    } catch (KafkaException e) {
      PipeException why = KafkaErrors.of(options, "the connection cannot be set up", e);
      // Nobody was asked yet: what is set is wrong, and stays so.
      throw why instanceof PipeException.Unreachable
          ? new PipeException.Config(
              why.getMessage() + "; what is set in the address or by config=PATH is to be mended")
          : why;
    }
  }

  /** Kafka's clients would try for ever, and not say why. */
  private static void reach(KafkaOptions options) throws PipeException {
    IOException first = null;
    for (String server : options.servers()) {
      int colon = server.lastIndexOf(':');
      String host = server.substring(0, colon).replaceAll("[\\[\\]]", "");
      try (Socket socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(
                InetAddress.getByName(host),
                Integer.parseInt(server, colon + 1, server.length(), 10)),
            CONNECT_MILLIS);
        return;
      } catch (IOException e) {
        first = first == null ? e : first;
      }
    }
    throw new PipeException.Unreachable(
        options.address()
            + " cannot be reached: "
            + (first == null ? "no server" : Attempts.reason(first))
            + "; is a broker of Kafka running there, and is the port one for clients?",
        first);
  }

  /** How many brokers answer, for people. */
  String cluster() throws PipeException, InterruptedException {
    int brokers = get("the brokers do not answer", admin.describeCluster().nodes()).size();
    return brokers + (brokers == 1 ? " broker at " : " brokers at ") + options.servers().getFirst();
  }

  /** The topic; null when there is none. */
  @Nullable Topic find() throws PipeException, InterruptedException {
    String name = options.topic();
    @Nullable TopicDescription found;
    try {
      found = admin.describeTopics(List.of(name)).allTopicNames().get().get(name);
    } catch (ExecutionException e) {
      if (KafkaErrors.isNotFound(e)) {
        return null;
      }
      throw KafkaErrors.of(options, "the brokers do not describe the topic", e);
    }
    if (found == null) {
      return null;
    }
    return new Topic(
        found.topicId(),
        name,
        found.partitions().size(),
        found.partitions().getFirst().replicas().size(),
        settings(name));
  }

  /** The topic to read from. */
  Topic toRead() throws PipeException, InterruptedException {
    Topic found = find();
    if (found == null) {
      throw new PipeException.Unreachable(
          Status.NOT_FOUND,
          options.address()
              + ": there is no topic "
              + options.topic()
              + " yet; it is made when somebody writes, or by hand",
          null);
    }
    checkPartition(found);
    return found;
  }

  /**
   * The topic to write into, made where there is none.
   *
   * @param events told what may be lost of what is written into it
   */
  Topic toWrite(PipeEvents events) throws PipeException, InterruptedException {
    Topic found = find();
    if (found == null) {
      make();
      found = find();
    }
    if (found == null) {
      throw new PipeException.Unreachable(
          options.address() + ": the topic was made, and not every broker knows it yet", null);
    }
    checkPartition(found);
    checkAsked(found, "partitions", options.partitions(), found.partitions());
    checkAsked(found, "replicas", options.replicas(), found.replicas());
    warn(found, events);
    return found;
  }

  /** Behind the newest message of a partition, whether its transaction is decided or not. */
  long end(int partition) throws PipeException, InterruptedException {
    TopicPartition wanted = new TopicPartition(options.topic(), partition);
    return get(
            "the end of partition " + partition + " cannot be read",
            admin.listOffsets(Map.of(wanted, OffsetSpec.latest())).partitionResult(wanted))
        .offset();
  }

  /** The oldest message of a partition that is still there. */
  long beginning(int partition) throws PipeException, InterruptedException {
    TopicPartition wanted = new TopicPartition(options.topic(), partition);
    return get(
            "the beginning of partition " + partition + " cannot be read",
            admin.listOffsets(Map.of(wanted, OffsetSpec.earliest())).partitionResult(wanted))
        .offset();
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }

  private void make() throws PipeException, InterruptedException {
    Optional<Short> replicas =
        options.replicas() == 0 ? Optional.empty() : Optional.of((short) options.replicas());
    NewTopic wanted =
        new NewTopic(options.topic(), Optional.of(Math.max(1, options.partitions())), replicas);
    try {
      admin.createTopics(List.of(wanted)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw KafkaErrors.of(options, "the topic cannot be made", e);
      }
    }
  }

  private void checkPartition(Topic found) throws PipeException {
    if (options.partition() >= found.partitions()) {
      throw new PipeException.Config(
          options.address()
              + ": the topic has "
              + found.partitions()
              + " partitions, and they are counted from 0");
    }
  }

  private void checkAsked(Topic found, String what, int asked, int is) throws PipeException {
    if (asked != 0 && asked != is) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": the topic "
              + found.name()
              + " has "
              + is
              + " "
              + what
              + ", not "
              + asked
              + "; it is not changed from here");
    }
  }

  private void warn(Topic found, PipeEvents events) {
    String topic = options.address() + ": the topic " + found.name();
    if (found.keptMillis() >= 0) {
      events.warning(
          topic
              + " deletes messages after "
              + found.keptMillis() / 1_000
              + " s, whether or not anybody has read them (retention.ms)");
    }
    if (found.keptBytes() >= 0) {
      events.warning(
          topic
              + " keeps "
              + found.keptBytes()
              + " bytes of a partition, and deletes what is older (retention.bytes)");
    }
    if (options.byKey() && found.partitions() > 1) {
      events.warning(
          topic
              + " has "
              + found.partitions()
              + " partitions: the order is kept among messages of one key, and among those without"
              + " one; between keys there is none");
    }
    if (found.compacts()) {
      events.warning(
          topic
              + " is compacted: of the messages with one key only the newest is kept, and the"
              + " brokers refuse one without a key");
    }
    if (found.replicas() > 1 && "1".equals(found.settings().get("min.insync.replicas"))) {
      events.warning(
          topic
              + " acknowledges what one broker has (min.insync.replicas=1): what was committed is"
              + " lost when that one is lost before the others have it");
    }
  }

  /** None where the user may not read them. */
  private Map<String, String> settings(String name) throws PipeException, InterruptedException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
    Map<String, String> settings = new HashMap<>();
    try {
      for (Config all : admin.describeConfigs(List.of(resource)).all().get().values()) {
        for (ConfigEntry entry : all.entries()) {
          if (entry.value() != null) {
            settings.put(entry.name(), entry.value());
          }
        }
      }
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof AuthorizationException) && !KafkaErrors.isNotFound(e)) {
        throw KafkaErrors.of(options, "the settings of the topic cannot be read", e);
      }
    }
    return settings;
  }

  private <T> T get(String what, KafkaFuture<T> answer) throws PipeException, InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw KafkaErrors.of(options, what, e);
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    }
  }
}
