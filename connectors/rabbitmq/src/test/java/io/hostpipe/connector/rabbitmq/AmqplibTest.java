package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client in another language, with another library, on the other side of a queue. */
final class AmqplibTest {
  private static final Path SOURCES = Path.of("src/test/node").toAbsolutePath();
  private static final Path CLIENT = Path.of("target/node").toAbsolutePath();

  @TempDir private static Path folder;

  private static RabbitServer server;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(run("node", "--version").ended() && run("npm", "--version").ended(), "needs npm");
    Files.createDirectories(CLIENT);
    for (String name : List.of("package.json", "client.js")) {
      Files.copy(SOURCES.resolve(name), CLIENT.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
    if (!Files.exists(CLIENT.resolve("node_modules/amqplib/package.json"))) {
      Run installed = run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error");
      assertThat(installed.ended()).as(installed.output).isTrue();
    }
    server = RabbitServer.start(folder);
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void itsMessagesAreReadWithTheirHeaders() throws Exception {
    try (TestQueue queue = new TestQueue(server)) {
      Source source = queue.source("");
      source.read(java.time.Duration.ofMillis(1));
      Run sent = client("send", queue.name(), 3);
      assertThat(sent.ended()).as(sent.output).isTrue();
      List<String> texts = new ArrayList<>();
      List<Headers> headers = new ArrayList<>();
      while (texts.size() < 3) {
        try (Batch batch = Objects.requireNonNull(source.read())) {
          batch.forEach((end, payload, each) -> {
            texts.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString());
            headers.add(each);
          });
        }
      }
      assertThat(texts).containsExactly("message 1", "message 2", "message 3");
      Headers second = headers.get(1);
      assertThat(second.text(Headers.ID)).isEqualTo("id 2");
      assertThat(second.text(Headers.CONTENT_TYPE)).isEqualTo("text/plain");
      assertThat(second.text(Headers.CORRELATION_ID)).isEqualTo("c2");
      assertThat(second.text(Headers.TIME)).isEqualTo("2023-11-14T22:13:20Z");
      assertThat(second.text("colour")).isEqualTo("rot");
      assertThat(second.text("number")).isEqualTo("2");
      assertThat(second.text("list")).isEqualTo("[1, x]");
    }
  }

  @Test
  void itReadsWhatHostpipeWrites() throws Exception {
    try (TestQueue queue = new TestQueue(server)) {
      Sink sink = queue.sink("any", "");
      Headers headers =
          Headers.builder()
              .add(Headers.KEY, "k")
              .add(Headers.ID, "id 1")
              .add(Headers.CONTENT_TYPE, "text/plain")
              .add(Headers.TIME, "2023-11-14T22:13:20Z")
              .add("colour", "grün")
              .build();
      TestQueue.write(sink, "one", headers);
      TestQueue.write(sink, "two", Headers.EMPTY);
      sink.finish();
      Run received = client("receive", queue.name(), 2);
      assertThat(received.ended()).as(received.output).isTrue();
      assertThat(received.output.lines())
          .containsExactly(
              "{\"text\":\"one\",\"id\":\"id 1\",\"type\":\"text/plain\",\"colour\":\"grün\","
                  + "\"key\":\"k\",\"time\":1700000000}",
              "{\"text\":\"two\"}");
    }
  }

  @Test
  void itsQuestionsAreAnswered() throws Exception {
    try (TestQueue queue = new TestQueue(server)) {
      Pipe pipe = queue.pipe("", true);
      InParallel<Run> asking = InParallel.run(() -> client("ask", queue.name(), 3));
      assertThat(TestQueue.read(pipe.source(), 3))
          .containsExactly("question 1", "question 2", "question 3");
      TestQueue.writeNumbers(pipe.sink(), 7, 9);
      Run asked = asking.join();
      assertThat(asked.ended()).as(asked.output).isTrue();
      assertThat(asked.output.lines())
          .containsExactly(
              "{\"text\":\"7\",\"id\":\"q1\"}",
              "{\"text\":\"8\",\"id\":\"q2\"}",
              "{\"text\":\"9\",\"id\":\"q3\"}");
    }
  }

  @Test
  void itAnswersWhatHostpipeAsks() throws Exception {
    try (TestQueue queue = new TestQueue(server)) {
      queue.client().queueDeclare(queue.name(), true, false, false, null);
      Pipe pipe = queue.pipe("?timeout=1h", false);
      TestQueue.writeNumbers(pipe.sink(), 1, 3);
      Run answered = client("answer", queue.name(), 3);
      assertThat(answered.ended()).as(answered.output).isTrue();
      pipe.sink().finish();
      assertThat(TestQueue.read(pipe.source(), 3)).containsExactly("11", "22", "33");
    }
  }

  private static Run client(String what, String queue, int count) throws Exception {
    return run("node", "client.js", "" + server.port(), what, queue, "" + count);
  }

  private static Run run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(Files.isDirectory(CLIENT) ? CLIENT.toFile() : null)
            .redirectErrorStream(true);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }

  private record Run(int exit, String output) {
    boolean ended() {
      return exit == 0;
    }
  }
}
