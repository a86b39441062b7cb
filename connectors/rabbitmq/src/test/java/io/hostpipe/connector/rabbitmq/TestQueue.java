package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A queue of a test's own, with Hostpipe's ends of it and a client that knows nothing of it. */
final class TestQueue implements AutoCloseable {
  private final RabbitConnector connector = new RabbitConnector();
  private final BlockPool pool = new BlockPool(8 << 20);
  private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final String name = "test." + UUID.randomUUID();
  private final RabbitServer server;

  TestQueue(RabbitServer server) {
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
    return Address.parse("amqp://127.0.0.1:" + server.port() + "/" + name + query);
  }

  /** A sink of messages for a stream of this name. */
  Sink sink(String stream, String query) throws PipeException, InterruptedException {
    return sink(stream, address(query));
  }

  /** The same for any address. */
  Sink sink(String stream, Address address) throws PipeException, InterruptedException {
    Target target = connector.target(address, context());
    open.add(target);
    return target.open(new StreamId(stream), Encoding.RECORDS);
  }

  /** A source of messages. */
  Source source(String query) throws PipeException, InterruptedException {
    return source(address(query));
  }

  /** The same for any address. */
  Source source(Address address) throws PipeException, InterruptedException {
    Source source = connector.source(address, context());
    open.add(source);
    return source;
  }

  /** What check says of it. */
  String check(String query, boolean asSource) throws PipeException, InterruptedException {
    return connector.check(address(query), asSource);
  }

  /** A channel of a client that is closed with the rest. */
  Channel client() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    Connection client = factory.newConnection();
    open.add(client::abort);
    return client.createChannel();
  }

  /** Takes out, as a foreign client, what lies there now. */
  List<GetResponse> takeAll(String queue) throws Exception {
    Channel client = client();
    List<GetResponse> all = new ArrayList<>();
    for (GetResponse next = client.basicGet(queue, true);
        next != null;
        next = client.basicGet(queue, true)) {
      all.add(next);
    }
    return all;
  }

  /** Their bodies as text. */
  static List<String> texts(List<GetResponse> messages) {
    return messages.stream()
        .map(each -> new String(each.getBody(), StandardCharsets.UTF_8))
        .toList();
  }

  /** How many messages wait. */
  long waiting(String queue) throws Exception {
    Channel client = client();
    long count = client.messageCount(queue);
    client.getConnection().abort();
    return count;
  }

  /** Publishes a message as another program does. */
  void publish(String text, Map<String, Object> headers) throws Exception {
    client()
        .basicPublish(
            "",
            name,
            new BasicProperties.Builder().headers(headers).build(),
            text.getBytes(StandardCharsets.UTF_8));
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

  /** What was read, and how a sink that keeps it would go on. */
  record Read(List<String> texts, Resume end) {}

  /** Reads so many messages, or what there is until the source ends, and commits them if asked. */
  static Read read(Source source, int count, boolean commits)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    Resume end = Resume.START;
    while (all.size() < count) {
      Batch batch = source.read();
      if (batch == null) {
        break;
      }
      try (Batch one = batch) {
        one.forEach((at, payload, headers) ->
            all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
        end = new Resume(one.endPosition(), one.cursor(), null);
        if (commits) {
          source.commit(one.endPosition());
        }
      }
    }
    return new Read(all, end);
  }

  /** Those numbers as text. */
  static List<String> numbers(int from, int to) {
    List<String> all = new ArrayList<>();
    for (int each = from; each <= to; each++) {
      all.add("" + each);
    }
    return all;
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

              @Override
              public void linkDown(String peer, String reason, java.time.Duration retryIn) {
                warnings.add(reason);
              }
            });
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
