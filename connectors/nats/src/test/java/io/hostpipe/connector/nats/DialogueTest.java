package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** Both directions over a broker: requests and answers over one subject, or two subjects. */
final class DialogueTest extends WithSubject {
  @Test
  void aForeignServiceAnswersInTheOrderOfTheRequestsAndTheStreamEnds() throws Exception {
    Connection service = subject.client();
    List<Message> held = new ArrayList<>();
    Dispatcher dispatcher =
        service.createDispatcher(request -> {
          // Two by two, and the second one first.
          held.add(request);
          if (held.size() == 2) {
            held.reversed().forEach(each -> service.publish(each.getReplyTo(), answerTo(each)));
            held.clear();
          }
        });
    dispatcher.subscribe(subject.name());
    service.flush(Duration.ofMinutes(2));
    Pipe pipe = subject.pipe("", false);
    Subject.writeNumbers(pipe.sink(), 1, 1_000);
    InParallel<Boolean> finishing = finishing(pipe);
    List<String> expected = Subject.numbers(1, 1_000).stream().map(each -> each + "!").toList();
    assertThat(Subject.read(pipe.source(), 1_000)).isEqualTo(expected);
    assertThat(finishing.join()).isTrue();
    assertThat(pipe.source().read()).isNull();
    assertThat(pipe.source().finished()).isTrue();
  }

  @Test
  void aRequestThatNobodyAnswersIsRejectedAndTheOthersGoOn() throws Exception {
    Connection service = subject.client();
    Dispatcher dispatcher =
        service.createDispatcher(request -> {
          if (!text(request).equals("2")) {
            service.publish(request.getReplyTo(), answerTo(request));
          }
        });
    dispatcher.subscribe(subject.name());
    service.flush(Duration.ofMinutes(2));
    Pipe pipe = subject.pipe("?timeout=10s", false);
    Subject.writeNumbers(pipe.sink(), 1, 3);
    assertThat(Subject.read(pipe.source(), 2)).containsExactly("1!", "3!");
    pipe.sink().finish();
    assertThat(pipe.sink().committed().rejected())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.why().status()).isEqualTo(Status.DEADLINE_EXCEEDED);
          assertThat(each.why().reason()).contains("no answer within 10000 ms");
        });
  }

  @Test
  void whereNobodyListensThatIsSaidAtOnce() throws Exception {
    Pipe pipe = subject.pipe("?timeout=1h", false);
    long end = Subject.write(pipe.sink(), "anybody?", Headers.EMPTY);
    Committed committed = pipe.sink().awaitCommitted(end);
    assertThat(committed.rejected())
        .singleElement()
        .satisfies(each -> assertThat(each.why().status()).isEqualTo(Status.NOT_FOUND));
  }

  @Test
  void aForeignRequestIsAnswered() throws Exception {
    Pipe pipe = subject.pipe("", true);
    Connection client = subject.client();
    InParallel<Message> asking =
        InParallel.run(() ->
            client.request(
                subject.name(),
                "how much?".getBytes(StandardCharsets.UTF_8),
                Duration.ofMinutes(1)));
    assertThat(Subject.read(pipe.source(), 1)).containsExactly("how much?");
    Subject.write(pipe.sink(), "7", Headers.builder().add("unit", "kg").build());
    Message answer = asking.join();
    assertThat(text(answer)).isEqualTo("7");
    assertThat(answer.getHeaders().getFirst("unit")).isEqualTo("kg");
  }

  @Test
  void aRefusedRequestGetsNoAnswerAndTheNextAnswerIsTheNextRequests() throws Exception {
    Pipe pipe = subject.pipe("", true);
    Connection client = subject.client();
    Subscription answers = client.subscribe("answers.*");
    client.publish(subject.name(), "answers.1", "bad".getBytes(StandardCharsets.UTF_8));
    try (Batch batch = Objects.requireNonNull(pipe.source().read())) {
      pipe.source()
          .reject(batch.endPosition(), new Rejection(Status.INVALID_ARGUMENT, "no question"));
    }
    client.publish(subject.name(), "answers.2", "good".getBytes(StandardCharsets.UTF_8));
    assertThat(Subject.read(pipe.source(), 1)).containsExactly("good");
    Subject.write(pipe.sink(), "yes", Headers.EMPTY);
    Message answer = Objects.requireNonNull(answers.nextMessage(Duration.ofMinutes(1)));
    assertThat(answer.getSubject()).isEqualTo("answers.2");
    assertThat(subject.warnings())
        .anyMatch(each -> each.contains("a request is refused") && each.contains("no question"));
  }

  @Test
  void whatAskedForNoAnswerTakesItsOwnAndAnAnswerTooMuchIsRejected() throws Exception {
    Pipe pipe = subject.pipe("", true);
    Connection client = subject.client();
    client.publish(subject.name(), "news".getBytes(StandardCharsets.UTF_8));
    assertThat(Subject.read(pipe.source(), 1)).containsExactly("news");
    Subject.write(pipe.sink(), "to nobody", Headers.EMPTY);
    assertThat(pipe.sink().committed().rejected()).isEmpty();
    Subject.write(pipe.sink(), "once more", Headers.EMPTY);
    assertThat(pipe.sink().committed().rejected())
        .singleElement()
        .satisfies(each -> assertThat(each.why().reason()).contains("an answer too much"));
  }

  @Test
  void requestsUnderWayWhenTheServerDiesAreUncertain() throws Exception {
    CountDownLatch heard = new CountDownLatch(1);
    subject.client().createDispatcher(request -> heard.countDown()).subscribe(subject.name());
    Pipe pipe = subject.pipe("?timeout=1h", false);
    // Who subscribes and who asks are two connections: ask until the service is there.
    long end = 0;
    while (heard.getCount() > 0) {
      end = Subject.write(pipe.sink(), "?", Headers.EMPTY);
      pipe.sink().awaitCommitted(end, Duration.ofMillis(50));
    }
    server.kill();
    pipe.sink().awaitCommitted(end);
    assertThatExceptionOfType(PipeException.class)
        .isThrownBy(() -> pipe.sink().finish())
        .withMessageContaining("it is uncertain whether what lies between these positions was")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED));
    assertThat(subject.warnings()).anyMatch(each -> each.contains("it is uncertain"));
  }

  @Test
  void whatARequestWaitsForRoomIsNoPartOfTheTimeForItsAnswer() throws Exception {
    Connection service = subject.client();
    BlockingQueue<Message> heard = new LinkedBlockingQueue<>();
    service.createDispatcher(heard::add).subscribe(subject.name());
    service.flush(Duration.ofMinutes(2));
    Pipe pipe = subject.pipe("?timeout=15s", false);
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          Subject.writeNumbers(pipe.sink(), 1, 1_025);
          pipe.sink().finish();
          return true;
        });
    for (int round = 1_024; round >= 1; round -= 1_023) {
      int count = round;
      InParallel.await(() -> heard.size() == count);
      long since = System.nanoTime();
      InParallel.await(() -> System.nanoTime() - since > Duration.ofSeconds(8).toNanos());
      for (int each = 0; each < count; each++) {
        Message request = heard.remove();
        service.publish(request.getReplyTo(), answerTo(request));
      }
    }
    assertThat(Subject.read(pipe.source(), 1_025)).hasSize(1_025);
    assertThat(writing.join()).isTrue();
  }

  @Test
  void aWriterThatWaitsForRoomIsWokenWhenThePipeIsClosed() throws Exception {
    subject.client().createDispatcher(request -> {}).subscribe(subject.name());
    Pipe pipe = subject.pipe("?timeout=1h", false);
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          while (true) {
            Subject.writeNumbers(pipe.sink(), 1, 1_000);
          }
        });
    writing.awaitBlocked();
    pipe.close();
    assertThat(writing.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void twoSubjectsMakeAPipeWithBothDirections() throws Exception {
    String other = subject.name() + ".back";
    Pipe near = subject.pipe("?back=" + other, false);
    Pipe far = subject.pipe("?back=" + other, true);
    Subject.writeNumbers(near.sink(), 1, 500);
    assertThat(Subject.read(far.source(), 500)).isEqualTo(Subject.numbers(1, 500));
    Subject.writeNumbers(far.sink(), 501, 1_000);
    assertThat(Subject.read(near.source(), 500)).isEqualTo(Subject.numbers(501, 1_000));
  }

  @Test
  void bothDirectionsOfJetStreamEndWhereTheirWritersEnd() throws Exception {
    String both = "?jetstream&end=mark&until=mark&back=" + subject.name() + "-back";
    Pipe near = subject.pipe(both, false);
    Subject.writeNumbers(near.sink(), 1, 500);
    near.sink().finish();
    // The other side need not have been there.
    Pipe far = subject.pipe(both, true);
    assertThat(Subject.read(far.source(), 500)).isEqualTo(Subject.numbers(1, 500));
    assertThat(atEnd(far)).isTrue();
    Subject.writeNumbers(far.sink(), 501, 600);
    far.sink().finish();
    assertThat(Subject.read(near.source(), 100)).isEqualTo(Subject.numbers(501, 600));
    assertThat(atEnd(near)).isTrue();
  }

  @Test
  void wordsThatDoNotFitAreRefused() {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> subject.pipe("?jetstream", false))
        .withMessageContaining("back=NAME");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> subject.pipe("?back=" + subject.name(), false))
        .withMessageContaining("would be read again");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> subject.sink("numbers", "?back=other"))
        .withMessageContaining("--duplex only");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> subject.sink("numbers", "?timeout=1s"))
        .withMessageContaining("--duplex only");
  }

  private static InParallel<Boolean> finishing(Pipe pipe) {
    return InParallel.run(() -> {
      pipe.sink().finish();
      return true;
    });
  }

  private static boolean atEnd(Pipe pipe) throws Exception {
    while (!pipe.source().finished()) {
      try (Batch batch = pipe.source().read()) {
        assertThat(batch).isNull();
      }
    }
    return true;
  }

  private static byte[] answerTo(Message request) {
    return (text(request) + "!").getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Message message) {
    return new String(message.getData(), StandardCharsets.UTF_8);
  }
}
