package io.hostpipe.connector.kafka;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.Listener;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.StoreEnds;
import io.hostpipe.testkit.servers.KafkaServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A topic of a test's own, with Hostpipe's ends of it and clients that know nothing of it. */
final class Topical extends StoreEnds {
  /** How long a broker may take that was killed, on a machine with other work. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private final int port;
  private final int foreignPort;
  private final String user;
  private final Map<String, Object> foreign;
  private final Queue<String> breaks = new ConcurrentLinkedQueue<>();

  Topical(KafkaServer server) {
    this(server.port(), server.port(), "", Map.of());
  }

  /**
   * One that comes on another way than the clients that know nothing of Hostpipe, or as another
   * user.
   *
   * @param user as it stands in an address, with the sign behind it
   * @param foreign what the other clients show
   */
  Topical(int port, int foreignPort, String user, Map<String, Object> foreign) {
    super(new KafkaConnector(), "test-" + UUID.randomUUID());
    this.port = port;
    this.foreignPort = foreignPort;
    this.user = user;
    this.foreign = Map.copyOf(foreign);
  }

  @Override
  public Address address(String query) throws PipeException {
    return address(user, query);
  }

  /** The same for another user. */
  Address address(String another, String query) throws PipeException {
    return Address.parse("kafka://" + another + "127.0.0.1:" + port + "/" + name() + query);
  }

  /** Why links to the brokers broke, or did not come about. */
  List<String> breaks() {
    return List.copyOf(breaks);
  }

  @Override
  protected void linkDown(String reason) {
    breaks.add(reason);
  }

  /** What gives the partitions of a group. */
  Listener listener(String query) throws PipeException {
    return listener(query, context().retry());
  }

  /** The same with another patience. */
  Listener listener(String query, RetryPolicy retry) throws PipeException {
    return listener(address(query), retry);
  }

  /** The same at an address of its own. */
  Listener listener(Address address, RetryPolicy retry) throws PipeException {
    PipeContext reading = context().withDirections(false, true).withRetry(retry);
    return closing(new KafkaConnector().listen(address, reading));
  }

  /** The same for both directions. */
  Listener listenerBothWays(String query) throws PipeException {
    return closing(new KafkaConnector().listen(address(query), context()));
  }

  /** Its messages, to be taken out one by one. */
  Letterbox letterbox(String query) throws PipeException, InterruptedException {
    return new KafkaConnector().letterbox(address(query), context());
  }

  /** Asks and changes what the brokers have. */
  Admin admin() {
    return closing(Admin.create(settings()));
  }

  /** Makes the topic, as somebody does who knows nothing of Hostpipe. */
  void create(int partitions, Map<String, String> configs) throws Exception {
    NewTopic topic = new NewTopic(name(), partitions, (short) 1).configs(configs);
    admin().createTopics(List.of(topic)).all().get();
  }

  /** How far the group is in each partition where it has committed something. */
  List<Long> places(Admin admin, String group) throws Exception {
    return admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .entrySet()
        .stream()
        .filter(each -> each.getKey().topic().equals(name()))
        .map(each -> each.getValue().offset())
        .toList();
  }

  /** Writes as anybody does. */
  KafkaProducer<String, String> producer() {
    Map<String, Object> settings = new HashMap<>(settings());
    settings.put("request.timeout.ms", 10_000);
    settings.put("delivery.timeout.ms", 20_000);
    return closing(new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer()));
  }

  /** Writes as anybody does, in transactions. */
  KafkaProducer<String, String> producer(String transactionalId) {
    Map<String, Object> settings = new HashMap<>(settings());
    settings.put("transactional.id", transactionalId);
    return closing(new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer()));
  }

  /** What a client that knows nothing of Hostpipe finds in a partition and was committed. */
  List<ConsumerRecord<String, String>> stored(int partition) {
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(settings(), new StringDeserializer(), new StringDeserializer())) {
      TopicPartition wanted = new TopicPartition(name(), partition);
      consumer.assign(List.of(wanted));
      consumer.seekToBeginning(List.of(wanted));
      List<ConsumerRecord<String, String>> all = new ArrayList<>();
      long end = end(partition);
      while (consumer.position(wanted) < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(all::add);
      }
      return all;
    }
  }

  /** The same as text, of the first partition. */
  List<String> stored() {
    return stored(0).stream().map(ConsumerRecord::value).toList();
  }

  /** Behind all that a partition has, whether it is committed or not. */
  long end(int partition) {
    Map<String, Object> uncommitted = new HashMap<>(settings());
    uncommitted.put("isolation.level", "read_uncommitted");
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(uncommitted, new StringDeserializer(), new StringDeserializer())) {
      TopicPartition wanted = new TopicPartition(name(), partition);
      return Objects.requireNonNull(consumer.endOffsets(List.of(wanted)).get(wanted));
    }
  }

  private Map<String, Object> settings() {
    Map<String, Object> settings = new HashMap<>(foreign);
    settings.put("bootstrap.servers", "127.0.0.1:" + foreignPort);
    settings.put("isolation.level", "read_committed");
    settings.put("group.id", "foreign");
    return settings;
  }

  /** Reads one message with what stands beside it. */
  static Headers readHeaders(Source source) throws IOException, InterruptedException {
    Headers[] found = {Headers.EMPTY};
    try (Batch batch = Objects.requireNonNull(source.read())) {
      batch.forEach((end, payload, headers) -> found[0] = headers);
    }
    return found[0];
  }

  /** What those numbers take as records. */
  static long lengthBytes(int from, int to) {
    return numbers(from, to).stream().mapToLong(text -> text.length() + 2).sum();
  }
}
