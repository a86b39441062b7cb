package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that answers what is asked over a queue, and who asks. */
final class RabbitServiceProcessTest {
  private static final String REPLY_TO = "amq.rabbitmq.reply-to";

  @TempDir private Path folder;

  private RabbitServer server;

  @BeforeEach
  void start() throws Exception {
    server = RabbitServer.start(folder);
    server.awaitRunning();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aRequestThatTheProgramCannotBeGivenIsADeadLetterAndTheOthersAreAnswered() throws Exception {
    try (CommandProcess answering = service("dead-letters=refused");
        Connection client = connect()) {
      Waiting.until(() -> exists("service"));
      Channel channel = client.createChannel();
      Queue<String> answers = new ConcurrentLinkedQueue<>();
      channel.basicConsume(
          REPLY_TO,
          true,
          (tag, answer) ->
              answers.add(
                  answer.getProperties().getCorrelationId()
                      + " "
                      + new String(answer.getBody(), UTF_8)),
          tag -> {});
      for (String text : List.of("one", "two\nlines", "three")) {
        channel.basicPublish(
            "",
            "service",
            new BasicProperties.Builder().replyTo(REPLY_TO).correlationId("of " + text).build(),
            text.getBytes(UTF_8));
      }
      InParallel.await(() -> answers.size() == 2 || !answering.isAlive());
      assertThat(new ArrayList<>(answers))
          .as(answering::err)
          .containsExactly("of one heard:one", "of three heard:three");
      assertThat(answering.isAlive()).isTrue();
      answering
          .awaitSaid("a request is refused")
          .awaitSaid("goes where the queue puts what is refused");
      GetResponse[] letter = {null};
      InParallel.await(() -> {
        letter[0] = get(channel, "refused");
        return letter[0] != null;
      });
      assertThat(letter[0].getBody()).asString(UTF_8).isEqualTo("two\nlines");
    }
  }

  /** The limit is for the first connection as well, which on a busy machine may fail once. */
  @Test
  void whoAnswersAndWhoAsksGiveUpOnAServerThatStaysAway() throws Exception {
    try (CommandProcess answering = service("--give-up", "15s")) {
      Waiting.until(() -> exists("service"));
      try (CommandProcess asking =
          CommandProcess.start(
              "--duplex", "--frame", "lines", "-", address(), "timeout=1h", "--give-up", "15s")) {
        asking.feed("one\n".getBytes(UTF_8));
        Waiting.until(() -> asking.out().length > 0 || !asking.isAlive());
        assertThat(asking.out()).as(asking::err).asString(UTF_8).isEqualTo("heard:one\n");
        server.kill();
        assertThat(asking.exitCode()).as(asking::err).isEqualTo(3);
      }
      assertThat(answering.exitCode()).as(answering::err).isEqualTo(3);
    }
  }

  private CommandProcess service(String... more) throws Exception {
    List<String> words = new ArrayList<>(List.of("--duplex", "--frame", "lines", address()));
    int options = more[0].startsWith("-") ? 0 : 1;
    words.addAll(List.of(more).subList(0, options));
    words.add("exec:sed -u s/^/heard:/");
    words.addAll(List.of(more).subList(options, more.length));
    return CommandProcess.start(words.toArray(String[]::new));
  }

  private String address() {
    return "amqp://127.0.0.1:" + server.port() + "/service";
  }

  private Connection connect() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setPort(server.port());
    return factory.newConnection();
  }

  private boolean exists(String queue) {
    try (Connection client = connect()) {
      return client.createChannel().queueDeclarePassive(queue).getConsumerCount() > 0;
    } catch (IOException e) {
      return false;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static GetResponse get(Channel channel, String queue) {
    try {
      return channel.basicGet(queue, true);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
