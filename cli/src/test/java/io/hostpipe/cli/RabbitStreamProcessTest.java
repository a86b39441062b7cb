package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command before and behind a stream of RabbitMQ, each process and the server killed on the
 * way; what is in the stream RabbitMQ's client of queues says, which knows nothing of Hostpipe.
 */
final class RabbitStreamProcessTest {
  private static final int COUNT = Integer.getInteger("hostpipe.broker.lines", 100_000);

  @TempDir private Path folder;

  private RabbitServer server;
  private KilledOnTheWay lines;

  @BeforeEach
  void start() throws Exception {
    server = RabbitServer.start(Files.createDirectories(folder.resolve("server")));
    lines = new KilledOnTheWay(folder, COUNT);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aSenderThatIsKilledTenTimesWritesEachLineOnce() throws Exception {
    String said = lines.send(this::stored, this::restart, address());
    assertThat(said).contains("numbers: once\n");
    assertThat(read(COUNT)).isEqualTo(lines.numbers());
  }

  @Test
  void aReaderThatIsKilledGoesOnInItsFile() throws Exception {
    var _ = lines.sendAll(address());
    var _ = lines.read(folder.resolve("out.txt"), this::restart, address(), "until=last");
  }

  @Test
  void aMessageThatIsTooLongEndsAPipeBeforeItHoweverOftenItIsStarted() throws Exception {
    Path in = TooLong.lines(folder, 2 << 20);
    TooLong.endsThere(in, "(stream.frame_max)", address());
    TooLong.endsThereAgain(in, "(stream.frame_max)", address());
    assertThat(read(1)).containsExactly("one");
  }

  private void restart() throws Exception {
    server.awaitStreamsKept();
    server.kill();
    server.restart();
  }

  private String address() {
    return "rabbitmq-stream://127.0.0.1:" + server.streamPort() + "/numbers";
  }

  /** How many messages are in the stream; 0 where it is not made yet, or nobody answers. */
  private long stored() {
    try (Connection client = connect()) {
      return client.createChannel().queueDeclarePassive("numbers").getMessageCount();
    } catch (Exception e) {
      return 0;
    }
  }

  /** The first so many messages, and what comes within a moment behind them. */
  private List<String> read(int count) throws Exception {
    try (Connection client = connect()) {
      Channel channel = client.createChannel();
      channel.basicQos(2_000);
      LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
      channel.basicConsume(
          "numbers",
          false,
          Map.of("x-stream-offset", "first"),
          (tag, message) -> {
            texts.add(new String(message.getBody(), StandardCharsets.UTF_8));
            channel.basicAck(message.getEnvelope().getDeliveryTag(), false);
          },
          tag -> {});
      InParallel.await(() -> texts.size() >= count);
      InParallel.awaitStill(texts::size);
      return new ArrayList<>(texts);
    }
  }

  private Connection connect() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    return factory.newConnection();
  }
}
