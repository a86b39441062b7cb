package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.StoreEnds;
import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;

/** A stream of a test's own, with Hostpipe's ends of it and a client that knows nothing of it. */
final class TestStream extends StoreEnds {
  private final RabbitServer server;

  TestStream(RabbitServer server) {
    this(server, "test." + UUID.randomUUID());
  }

  /** One that is there already. */
  TestStream(RabbitServer server, String name) {
    super(new StreamConnector(), name);
    this.server = server;
  }

  @Override
  public Address address(String query) throws PipeException {
    return Address.parse(
        "rabbitmq-stream://127.0.0.1:" + server.streamPort() + "/" + name() + query);
  }

  /** A source of messages that tries no second time. */
  Source hastySource(Address address) throws PipeException {
    RetryPolicy once =
        new RetryPolicy(RetryPolicy.NEVER, 0, Duration.ofMillis(1), Duration.ofMillis(1));
    return closing(new StreamConnector().source(address, context().withRetry(once)));
  }

  /** A channel of a client of queues, which is closed with the rest. */
  Channel client() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    Connection client = factory.newConnection();
    AutoCloseable ending = client::abort;
    var _ = closing(ending);
    return client.createChannel();
  }

  /** Makes the stream as a client of queues does. */
  void declare(Map<String, Object> more) throws Exception {
    Map<String, Object> arguments = new HashMap<>(more);
    arguments.put("x-queue-type", "stream");
    client().queueDeclare(name(), true, false, false, arguments);
  }

  /** Reads the first so many messages as a client of queues does, as text. */
  List<String> readAsQueue(int count) throws Exception {
    Channel client = client();
    client.basicQos(1_000);
    LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
    client.basicConsume(
        name(),
        false,
        Map.of("x-stream-offset", "first"),
        (tag, message) -> {
          texts.add(new String(message.getBody(), StandardCharsets.UTF_8));
          client.basicAck(message.getEnvelope().getDeliveryTag(), false);
        },
        tag -> {});
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      all.add(texts.take());
    }
    client.getConnection().abort();
    return all;
  }

  @Override
  protected void linkDown(String reason) {
    warned(reason);
  }
}
