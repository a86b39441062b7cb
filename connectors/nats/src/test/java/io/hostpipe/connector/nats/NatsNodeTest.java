package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.NodeProgram;
import io.hostpipe.testkit.servers.NatsServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages of another language's client are read, and ours by it, headers included. */
final class NatsNodeTest {
  private static NodeProgram client;

  @TempDir private Path folder;

  private NatsServer server;
  private Subject subject;

  @BeforeAll
  static void install() throws Exception {
    client = NodeProgram.install(Path.of("src/test/node"), Path.of("target/node"));
  }

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(folder);
    subject = new Subject(server);
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    server.close();
  }

  @Test
  void whatItPublishesIsReadWithItsHeaders() throws Exception {
    NodeProgram.Run wrote = client.run(port(), "write", subject.name(), "100");
    assertThat(wrote.exit()).as(wrote.output()).isZero();
    Source source = subject.source("?jetstream&until=last");
    List<String> seen = new ArrayList<>();
    while (seen.size() < 100) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        batch.forEach((end, payload, headers) ->
            seen.add(
                StandardCharsets.UTF_8.decode(payload.duplicate())
                    + " "
                    + headers.text(Headers.KEY)
                    + " "
                    + headers.text(Headers.ID)
                    + " "
                    + colours(headers)));
      }
    }
    assertThat(seen.getFirst()).isEqualTo("message 1 customer-1 id-1 [red, blue]");
    assertThat(seen.getLast()).isEqualTo("message 100 customer-100 id-100 [red, blue]");
  }

  @Test
  void whatIsWrittenHereItReadsWithTheHeaders() throws Exception {
    Sink sink = subject.sink("orders", "?jetstream");
    Headers headers = Headers.builder().add(Headers.KEY, "customer-7").add("colour", "red").build();
    Subject.write(sink, "first", headers);
    Subject.write(sink, "second", Headers.EMPTY);
    sink.finish();
    NodeProgram.Run read = client.run(port(), "read", subject.name(), "2");
    assertThat(read.exit()).as(read.output()).isZero();
    List<String> lines = read.output().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(lines.getFirst())
        .contains("\"text\":\"first\"")
        .contains("\"Hostpipe-Key\":[\"customer-7\"]")
        .contains("\"colour\":[\"red\"]");
    assertThat(lines.getLast()).contains("\"text\":\"second\"");
  }

  @Test
  void itsRequestsAreAnsweredAndItAnswersOurs() throws Exception {
    Pipe answering = subject.pipe("", true);
    InParallel<NodeProgram.Run> asking =
        InParallel.run(() -> client.run(port(), "ask", subject.name(), "how much?"));
    assertThat(Subject.read(answering.source(), 1)).containsExactly("how much?");
    Subject.write(answering.sink(), "7 kg", Headers.EMPTY);
    assertThat(asking.join().output().strip()).isEqualTo("7 kg");
    answering.close();

    InParallel<NodeProgram.Run> serving =
        InParallel.run(() -> client.run(port(), "serve", subject.name(), "1"));
    Pipe pipe = subject.pipe("", false);
    // Until it listens, each request is refused at once.
    List<String> answers = new ArrayList<>();
    while (answers.isEmpty()) {
      long end = Subject.write(pipe.sink(), "louder", Headers.EMPTY);
      if (pipe.sink().awaitCommitted(end).rejected().isEmpty()) {
        answers.addAll(Subject.read(pipe.source(), 1));
      }
    }
    assertThat(answers).containsExactly("LOUDER");
    assertThat(serving.join().exit()).isZero();
  }

  private static List<String> colours(Headers headers) {
    List<String> colours = new ArrayList<>();
    headers.forEach((name, value) -> {
      if (name.equals("colour")) {
        colours.add(new String(value, StandardCharsets.UTF_8));
      }
    });
    return colours;
  }

  private String port() {
    return "" + server.port();
  }
}
