package io.hostpipe.connector.kafka;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.testkit.servers.KafkaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A topic of a test's own, with Hostpipe's ends of it and clients that know nothing of it. */
final class Topical implements AutoCloseable {
  /** How long a broker may take that was killed, on a machine with other work. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private final KafkaConnector connector = new KafkaConnector();
  private final BlockPool pool = new BlockPool(8 << 20);
  private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final String name = "test-" + UUID.randomUUID();
  private final KafkaServer server;

  Topical(KafkaServer server) {
    this.server = server;
  }

  String name() {
    return name;
  }

  /** Everything that its ends warned of. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** Its address, with options as a query has them. */
  Address address(String query) throws PipeException {
    return Address.parse("kafka://127.0.0.1:" + server.port() + "/" + name + query);
  }

  /** A sink of messages for a stream of this name. */
  Sink sink(String stream, String query) throws PipeException, InterruptedException {
    return target(query).open(new StreamId(stream), Encoding.RECORDS);
  }

  /** What sinks are opened on. */
  Target target(String query) throws PipeException {
    Target target = connector.target(address(query), context());
    open.add(target);
    return target;
  }

  /** A source of messages. */
  Source source(String query) throws PipeException {
    Source source = connector.source(address(query), context());
    open.add(source);
    return source;
  }

  /** Asks and changes what the brokers have. */
  Admin admin() {
    Admin admin = Admin.create(settings());
    open.add(admin);
    return admin;
  }

  /** Writes as anybody does. */
  KafkaProducer<String, String> producer() {
    Map<String, Object> settings = new HashMap<>(settings());
    settings.put("request.timeout.ms", 10_000);
    settings.put("delivery.timeout.ms", 20_000);
    KafkaProducer<String, String> producer =
        new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    open.add(producer);
    return producer;
  }

  /** Writes as anybody does, in transactions. */
  KafkaProducer<String, String> producer(String transactionalId) {
    Map<String, Object> settings = new HashMap<>(settings());
    settings.put("transactional.id", transactionalId);
    KafkaProducer<String, String> producer =
        new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    open.add(producer);
    return producer;
  }

  /** What a client that knows nothing of Hostpipe finds in a partition and was committed. */
  List<ConsumerRecord<String, String>> stored(int partition) {
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(settings(), new StringDeserializer(), new StringDeserializer())) {
      TopicPartition wanted = new TopicPartition(name, partition);
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

  private long end(int partition) {
    Map<String, Object> uncommitted = new HashMap<>(settings());
    uncommitted.put("isolation.level", "read_uncommitted");
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(uncommitted, new StringDeserializer(), new StringDeserializer())) {
      TopicPartition wanted = new TopicPartition(name, partition);
      return Objects.requireNonNull(consumer.endOffsets(List.of(wanted)).get(wanted));
    }
  }

  private Map<String, Object> settings() {
    return Map.of(
        "bootstrap.servers",
        "127.0.0.1:" + server.port(),
        "isolation.level",
        "read_committed",
        "group.id",
        "foreign");
  }

  /** Writes messages, a hundred in each batch: the numbers from one to another. */
  static void writeNumbers(Sink sink, int from, int to) throws PipeException, InterruptedException {
    int next = from;
    while (next <= to) {
      try (BatchWriter batch = sink.newBatch(8 << 10)) {
        for (int count = 0; count < 100 && next <= to; count++) {
          batch.add(bytes("" + next));
          next++;
        }
        sink.write(batch);
      }
    }
  }

  /** Writes one message. */
  static long write(Sink sink, String text, Headers headers)
      throws PipeException, InterruptedException {
    try (BatchWriter batch = sink.newBatch(0)) {
      batch.add(bytes(text), headers);
      return sink.write(batch);
    }
  }

  /** Reads so many messages and commits them. */
  static List<String> read(Source source, int count) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      Batch batch = source.read();
      if (batch == null) {
        break;
      }
      try (Batch one = batch) {
        one.forEach((end, payload, headers) ->
            all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
        source.commit(one.endPosition());
      }
    }
    return all;
  }

  /** Reads one message with what stands beside it. */
  static Headers readHeaders(Source source) throws IOException, InterruptedException {
    Headers[] found = {Headers.EMPTY};
    try (Batch batch = Objects.requireNonNull(source.read())) {
      batch.forEach((end, payload, headers) -> found[0] = headers);
    }
    return found[0];
  }

  /** Those numbers as text. */
  static List<String> numbers(int from, int to) {
    List<String> all = new ArrayList<>();
    for (int each = from; each <= to; each++) {
      all.add("" + each);
    }
    return all;
  }

  /** What those numbers take as records. */
  static long lengthBytes(int from, int to) {
    return numbers(from, to).stream().mapToLong(text -> text.length() + 2).sum();
  }

  @Override
  public void close() throws IOException {
    for (AutoCloseable each : open.reversed()) {
      try {
        each.close();
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }

  private PipeContext context() {
    return PipeContext.messages(pool)
        .withEvents(
            new PipeEvents() {
              @Override
              public void warning(String text) {
                warnings.add(text);
              }
            });
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
