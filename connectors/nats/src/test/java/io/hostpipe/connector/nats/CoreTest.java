package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Subscription;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A subject without JetStream: at most once, and what is uncertain is said. */
final class CoreTest extends WithSubject {
  @Test
  void whoeverListensHearsEverythingInOrder() throws Exception {
    Source first = subject.source("");
    Source second = subject.source("");
    Sink sink = subject.sink("numbers", "");
    Subject.writeNumbers(sink, 1, 5_000);
    sink.finish();
    assertThat(Subject.read(first, 5_000)).isEqualTo(Subject.numbers(1, 5_000));
    assertThat(Subject.read(second, 5_000)).isEqualTo(Subject.numbers(1, 5_000));
    assertThat(first.finished()).isFalse();
  }

  @Test
  void thoseOfAGroupShareWhatComes() throws Exception {
    Source first = subject.source("?queue=workers");
    Source second = subject.source("?queue=workers");
    Sink sink = subject.sink("numbers", "");
    Subject.writeNumbers(sink, 1, 1_000);
    sink.finish();
    List<String> all = new ArrayList<>();
    InParallel.await(() -> {
      addAll(first, all);
      addAll(second, all);
      return all.size() >= 1_000;
    });
    assertThat(all).containsExactlyInAnyOrderElementsOf(Subject.numbers(1, 1_000));
  }

  @Test
  void aPatternHearsAllSubjectsThatMatch() throws Exception {
    Source source =
        new NatsConnector()
            .source(
                io.hostpipe.Address.parse("nats://127.0.0.1:" + server.port() + "/test.>"),
                io.hostpipe.spi.PipeContext.messages(new io.hostpipe.spi.BlockPool(0)));
    try (source) {
      Sink sink = subject.sink("numbers", "");
      Subject.writeNumbers(sink, 1, 10);
      assertThat(Subject.read(source, 10)).isEqualTo(Subject.numbers(1, 10));
    }
  }

  @Test
  void questionsAndAnswersOfForeignClientsKeepTheirSubjects() throws Exception {
    Source source = subject.source("");
    Connection client = subject.client();
    Subscription answers = client.subscribe("answers");
    client.publish(subject.name(), "answers", "question".getBytes(StandardCharsets.UTF_8));
    try (Batch batch = Objects.requireNonNull(source.read())) {
      batch.forEach((end, payload, headers) ->
          assertThat(headers.text(Headers.REPLY_TO)).isEqualTo("answers"));
    }
    Sink sink = subject.sink("questions", "");
    Subscription heard = client.subscribe(subject.name());
    client.flush(Duration.ofMinutes(2));
    Subject.write(sink, "to you", Headers.of(Headers.REPLY_TO, "answers"));
    assertThat(Objects.requireNonNull(heard.nextMessage(Duration.ofMinutes(2))).getReplyTo())
        .isEqualTo("answers");
    assertThat(answers.isActive()).isTrue();
  }

  @Test
  void anAnswerIsAskedForOnlyUnderWhatIsASubject() throws Exception {
    Sink sink = subject.sink("questions", "");
    Subscription heard = subject.client().subscribe(subject.name());
    subject.client().flush(Duration.ofMinutes(2));
    Subject.write(sink, "to nobody", Headers.of(Headers.REPLY_TO, "no subject\r\nPING"));
    Subject.write(sink, "to somebody", Headers.of(Headers.REPLY_TO, "answers"));
    sink.finish();
    Message first = Objects.requireNonNull(heard.nextMessage(Duration.ofMinutes(2)));
    assertThat(first.getReplyTo()).isNull();
    assertThat(NatsHeaders.read(first.getHeaders()).text(Headers.REPLY_TO))
        .isEqualTo("no subject\r\nPING");
    assertThat(Objects.requireNonNull(heard.nextMessage(Duration.ofMinutes(2))).getReplyTo())
        .isEqualTo("answers");
  }

  @Test
  void whatIsUncertainAfterABreakIsSaidAndThePipeDoesNotEndWell() throws Exception {
    Sink sink = subject.sink("numbers", "");
    Subject.writeNumbers(sink, 1, 100);
    long certain = sink.awaitCommitted(sink.resume().position()).position();
    server.pause();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          Subject.writeNumbers(sink, 101, 300);
          for (int more = 0; more < 40; more++) {
            Subject.write(sink, "x".repeat(100_000), Headers.EMPTY);
          }
          return true;
        });
    writing.awaitBlocked();
    server.kill();
    server.restart();
    assertThat(writing.join()).isTrue();
    Subject.writeNumbers(sink, 301, 400);
    long end = sink.resume().position();
    assertThat(sink.awaitCommitted(end).position()).isEqualTo(end);
    assertThatExceptionOfType(PipeException.Closed.class)
        .isThrownBy(sink::finish)
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED))
        .withMessageContaining("these positions was: " + certain + " to ");
    assertThat(subject.warnings()).anyMatch(text -> text.contains("uncertain"));
  }

  @Test
  void aListenerHearsAgainAfterItsServerWasAway() throws Exception {
    Source source = subject.source("");
    server.kill();
    server.restart();
    InParallel<List<String>> reading = InParallel.run(() -> Subject.read(source, 1));
    Connection client = subject.client();
    InParallel.await(() -> {
      client.publish(subject.name(), "after".getBytes(StandardCharsets.UTF_8));
      return reading.ended();
    });
    assertThat(reading.join().getFirst()).isEqualTo("after");
  }

  private static void addAll(Source source, List<String> all) {
    try (Batch batch = source.read(Duration.ofMillis(50))) {
      if (batch != null) {
        batch.forEach((end, payload, headers) ->
            all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aUserWithItsPasswordIsLetIn() throws Exception {
    Path other = Files.createDirectory(folder.resolve("guarded"));
    try (NatsServer guarded =
        NatsServer.start(other, "authorization { user: \"an@na\", password: \"s3/c?r%t\" }")) {
      Address address =
          Address.parse("nats://an%40na:s3%2Fc%3Fr%25t@127.0.0.1:" + guarded.port() + "/news");
      try (NatsConnection connection =
          NatsConnection.open(NatsOptions.of(address, false), () -> {})) {
        assertThat(connection.stands()).isTrue();
      }
    }
  }

  @Test
  void aTokenLetsInAndIsNeverShown() throws Exception {
    Path other = Files.createDirectory(folder.resolve("guarded"));
    try (NatsServer guarded = NatsServer.start(other, "authorization { token: \"s3cret\" }")) {
      String rest = "127.0.0.1:" + guarded.port() + "/news";
      NatsOptions right = NatsOptions.of(Address.parse("nats://:s3cret@" + rest), false);
      assertThat("" + right.address()).doesNotContain("s3cret");
      try (NatsConnection connection = NatsConnection.open(right, () -> {})) {
        assertThat(connection.stands()).isTrue();
      }
      NatsOptions bare = NatsOptions.of(Address.parse("nats://s3cret@" + rest), false);
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> NatsConnection.open(bare, () -> {}))
          .withMessageContaining(":token@")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
      NatsOptions wrong = NatsOptions.of(Address.parse("nats://:other@" + rest), false);
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> NatsConnection.open(wrong, () -> {}))
          .withMessageContaining("other credentials");
    }
  }

  @Test
  void aHostThatNobodyKnowsIsNotToldAsAServerThatIsAway() throws Exception {
    String nobody = "nats://no-such-host.invalid:4222/news";
    NatsOptions unknown = NatsOptions.of(Address.parse(nobody), false);
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> NatsConnection.open(unknown, () -> {}))
        .withMessageContaining("cannot be reached: no such host: no-such-host.invalid")
        .satisfies(e -> assertThat(e).hasMessageNotContaining("is nats-server running there"));
    NatsOptions away = NatsOptions.of(Address.parse(nobody + "?server=127.0.0.1:1"), false);
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> NatsConnection.open(away, () -> {}))
        .withMessageContaining("is nats-server running there");
  }
}
