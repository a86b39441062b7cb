package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.testkit.StoreEnds;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** A queue of a test's own, with Hostpipe's ends of it and a client that knows nothing of it. */
final class TestQueue extends StoreEnds {
  private final RabbitServer server;

  TestQueue(RabbitServer server) {
    super(new RabbitConnector(), "test." + UUID.randomUUID());
    this.server = server;
  }

  @Override
  public Address address(String query) throws PipeException {
    return Address.parse("amqp://127.0.0.1:" + server.port() + "/" + name() + query);
  }

  /** A source that gives out a message so often, and then refuses it. */
  Source source(String query, int attempts) throws PipeException {
    return closing(new RabbitConnector().source(address(query), context().withAttempts(attempts)));
  }

  /** Its messages, to be looked at one by one. */
  Letterbox letterbox(String query) throws PipeException {
    return letterbox(address(query));
  }

  /** The same for any address. */
  Letterbox letterbox(Address address) throws PipeException {
    return new RabbitConnector().letterbox(address, context());
  }

  /** Makes the queue, durable, as some other program would. */
  void declare(Map<String, Object> arguments) throws Exception {
    var _ = client().queueDeclare(name(), true, false, false, arguments);
  }

  /** A channel of a client that is closed with the rest. */
  Channel client() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    Connection client = factory.newConnection();
    AutoCloseable ending = client::abort;
    var _ = closing(ending);
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
            name(),
            new BasicProperties.Builder().headers(headers).build(),
            text.getBytes(StandardCharsets.UTF_8));
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
        one.forEach((at, payload, headers) -> all.add(text(payload)));
        end = new Resume(one.endPosition(), one.cursor(), null);
        if (commits) {
          source.commit(one.endPosition());
        }
      }
    }
    return new Read(all, end);
  }

  /** Reads and commits what comes before a message, and takes that as well: it is in hand then. */
  static List<String> readUpTo(Source source, String bad) throws IOException, InterruptedException {
    List<String> before = new ArrayList<>();
    boolean[] found = {false};
    while (!found[0]) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        long[] good = {-1};
        batch.forEach((end, payload, headers) -> {
          String text = text(payload);
          found[0] |= text.equals(bad);
          if (!found[0]) {
            before.add(text);
            good[0] = end;
          }
        });
        if (good[0] >= 0) {
          source.commit(good[0]);
        }
      }
    }
    return before;
  }

  /** A payload as text. */
  static String textOf(ByteBuffer payload) {
    return text(payload);
  }

  @Override
  protected void linkDown(String reason) {
    warned(reason);
  }
}
