package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.DeadLetter;
import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Refused;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.RefusingSource;
import io.hostpipe.testkit.InParallel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that come back again and again, until they count as refused. */
final class QueueAttemptsTest extends WithQueue {
  private static final String BAD = "3";

  /** What was kept, and why. */
  private record Kept(List<String> texts, List<Rejection> why) {
    static Kept of(Source source) {
      Kept kept = new Kept(new ArrayList<>(), new ArrayList<>());
      ((RefusingSource) source)
          .onRefused((position, payload, headers, why) -> {
            kept.texts.add(TestQueue.textOf(payload));
            kept.why.add(why);
          });
      return kept;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"?quorum", "?quorum&single"})
  void whatEndsItsReadersIsPutAsideAfterSoManyTriesAndNothingElseIs(String query) throws Exception {
    write(query, 10);
    List<String> arrived = new ArrayList<>();
    for (int life = 1; life <= 3; life++) {
      // As it happens to who is killed: what was in hand comes back, and the server counts it.
      try (Source source = queue.source(query, 3)) {
        Kept kept = Kept.of(source);
        arrived.addAll(TestQueue.readUpTo(source, BAD));
        assertThat(kept.texts()).isEmpty();
      }
    }
    InParallel.await(() -> waiting() == (query.contains("single") ? 8 : 1));
    Source last = queue.source(query + "&until=empty", 3);
    Kept kept = Kept.of(last);
    arrived.addAll(TestQueue.read(last, Integer.MAX_VALUE, true).texts());
    assertThat(kept.texts()).containsExactly(BAD);
    assertThat(kept.why())
        .containsExactly(
            new Rejection(
                Status.ABORTED,
                "the queue has given it out 3 times, and nobody has committed it",
                3));
    // What was not committed comes again, and in order where that is kept.
    List<String> good =
        TestQueue.numbers(1, 10).stream().filter(each -> !each.equals(BAD)).toList();
    assertThat(arrived.stream().distinct()).containsExactlyInAnyOrderElementsOf(good);
    assertThat(query.contains("single") ? arrived.stream().distinct().toList() : good)
        .isEqualTo(good);
    last.close();
    InParallel.await(() -> waiting() == 0);
  }

  @Test
  void withOneTryOneMessageIsInHandAtATime() throws Exception {
    write("?quorum", 5);
    try (Source source = queue.source("?quorum", 1)) {
      assertThat(TestQueue.readUpTo(source, BAD)).containsExactly("1", "2");
      InParallel.await(() -> waiting() == 2);
    }
    InParallel.await(() -> waiting() == 3);
    Source last = queue.source("?quorum&until=empty", 1);
    Kept kept = Kept.of(last);
    assertThat(TestQueue.read(last, Integer.MAX_VALUE, true).texts()).containsExactly("4", "5");
    assertThat(kept.texts()).containsExactly(BAD);
  }

  @Test
  void aReaderThatFindsNothingSuspiciousHasItsWholeWindow() throws Exception {
    write("?quorum", 400);
    Source source = queue.source("?quorum&prefetch=300", 5);
    assertThat(TestQueue.read(source, 300, false).texts()).hasSizeBetween(300, 301);
  }

  @Test
  void whereOrderIsKeptAReaderThatWasKilledForNoMessagesSakeKeepsItToo() throws Exception {
    write("?quorum&single", 300);
    List<String> arrived = new ArrayList<>();
    for (int life = 1; life <= 5; life++) {
      // None of them has all of it in hand.
      try (Source source = queue.source("?quorum&single&prefetch=20", 10)) {
        arrived.addAll(TestQueue.read(source, 20, true).texts());
      }
    }
    InParallel.await(() -> waiting() == 300 - arrived.size());
    Source last = queue.source("?quorum&single&until=empty", 10);
    arrived.addAll(TestQueue.read(last, Integer.MAX_VALUE, true).texts());
    assertThat(arrived).isEqualTo(TestQueue.numbers(1, 300));
  }

  @Test
  void withoutAKeeperItGoesWhereTheQueuePutsWhatIsRefused() throws Exception {
    String query = "?quorum&dead-letters=dead." + queue.name();
    write(query, 5);
    for (int life = 1; life <= 2; life++) {
      try (Source source = queue.source(query, 2)) {
        TestQueue.readUpTo(source, BAD);
      }
    }
    InParallel.await(() -> waiting() == 3);
    Source last = queue.source(query + "&until=empty", 2);
    assertThat(TestQueue.read(last, Integer.MAX_VALUE, true).texts()).containsExactly("4", "5");
    assertThat(((RefusingSource) last).refusedCount()).isEqualTo(1);
    assertThat(queue.warnings())
        .anyMatch(each -> each.contains("given it out 2 times, and nobody has committed it"));
    InParallel.await(() -> waiting("dead." + queue.name()) == 1);
    GetResponse letter = queue.takeAll("dead." + queue.name()).getFirst();
    assertThat(TestQueue.texts(List.of(letter))).containsExactly(BAD);
  }

  @Test
  void whereThereIsNoPlaceForItThePipeEndsAndItStays() throws Exception {
    write("?quorum", 5);
    for (int life = 1; life <= 2; life++) {
      try (Source source = queue.source("?quorum", 2)) {
        TestQueue.readUpTo(source, BAD);
      }
    }
    InParallel.await(() -> waiting() == 3);
    Source last = queue.source("?quorum&until=empty", 2);
    assertThatExceptionOfType(PipeException.Rejected.class)
        .isThrownBy(() -> TestQueue.read(last, Integer.MAX_VALUE, true))
        .withMessageContaining("is refused: the queue has given it out 2 times, and nobody")
        .withMessageContaining("--dlq ADDR");
    last.close();
    InParallel.await(() -> waiting() == 1);
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).containsExactly(BAD);
  }

  @Test
  void aClassicQueueTellsOfOneTry() throws Exception {
    write("", 3);
    try (Source source = queue.source("", 1)) {
      assertThat(TestQueue.readUpTo(source, "1")).isEmpty();
    }
    InParallel.await(() -> waiting() == 3);
    Source last = queue.source("?until=empty", 1);
    Kept kept = Kept.of(last);
    assertThat(TestQueue.read(last, Integer.MAX_VALUE, true).texts()).containsExactly("2", "3");
    assertThat(kept.texts()).containsExactly("1");
    assertThat(kept.why().getFirst().reason()).contains("given it out 1 time,");
  }

  @Test
  void ofAClassicQueueASourceKnowsHowOftenItHadAMessage() throws Exception {
    queue.sink("none", "").finish();
    queue.publish("tick", Map.of());
    Source source = queue.source("", 3);
    Kept kept = Kept.of(source);
    for (int times = 1; times <= 3; times++) {
      assertThat(TestQueue.read(source, 1, false).texts()).containsExactly("tick");
      server.administer("close_all_connections", "a test");
    }
    queue.publish("tock", Map.of());
    assertThat(TestQueue.read(source, 1, true).texts()).containsExactly("tock");
    // It may come behind the other one.
    while (kept.texts().isEmpty()) {
      assertThat(source.read(Duration.ofMillis(20))).isNull();
    }
    assertThat(kept.texts()).containsExactly("tick");
    assertThat(kept.why().getFirst().attempts()).isEqualTo(3);
  }

  @Test
  void messagesThatLookTheSameAreNotTakenForOne() throws Exception {
    queue.sink("none", "").finish();
    for (int count = 0; count < 5; count++) {
      queue.publish("tick", Map.of());
    }
    Channel before = queue.client();
    before.basicQos(5);
    AtomicInteger held = new AtomicInteger();
    before.basicConsume(queue.name(), false, (tag, message) -> held.incrementAndGet(), tag -> {});
    InParallel.await(() -> held.get() == 5);
    Source source = queue.source("", 3);
    Kept kept = Kept.of(source);
    // With a new one first a reader is given many at a time.
    queue.publish("new", Map.of());
    assertThat(TestQueue.read(source, 1, true).texts()).containsExactly("new");
    before.getConnection().abort();
    assertThat(TestQueue.read(source, 5, false).texts()).hasSize(5).containsOnly("tick");
    assertThat(kept.texts()).isEmpty();
  }

  @Test
  void whereAllIsCommittedAtTheEndNothingIsCountedAndThatIsSaid() throws Exception {
    write("?quorum", 5);
    try (Source source = queue.source("?quorum", 1)) {
      TestQueue.readUpTo(source, "5");
    }
    InParallel.await(() -> waiting() == 1);
    Source last = queue.source("?quorum&until=empty", 1);
    last.commitsComeAtEnd();
    assertThat(TestQueue.read(last, Integer.MAX_VALUE, false).texts()).containsExactly("5");
    assertThat(queue.warnings()).anyMatch(each -> each.contains("--attempts does not count"));
  }

  @Test
  void aProgramSaysHowOftenAMessageIsGivenOutAndWhereItIsKeptThen() throws Exception {
    write("?quorum", 5);
    String dead = "dead." + queue.name();
    Refused refused =
        Refused.into("amqp://127.0.0.1:" + server.port() + "/" + dead).afterAttempts(2);
    List<String> arrived = new ArrayList<>();
    for (int life = 1; life <= 3; life++) {
      try (Pipe pipe = Hostpipe.reader(address("?quorum&until=empty"), refused)) {
        for (Message message : pipe.messages()) {
          if (message.text().equals(BAD)) {
            break;
          }
          arrived.add(message.text());
          message.commit();
        }
      }
      InParallel.await(() -> waiting() == 5 - arrived.size() - (waiting(dead) == 0 ? 0 : 1));
    }
    assertThat(arrived).containsExactlyInAnyOrder("1", "2", "4", "5");
    List<Message> kept = new ArrayList<>();
    try (Pipe pipe = Hostpipe.reader(refused.place() + "?until=empty")) {
      pipe.messages().forEach(kept::add);
    }
    assertThat(kept).extracting(Message::text).containsExactly(BAD);
    DeadLetter letter =
        Objects.requireNonNull(DeadLetter.of(kept.getFirst().headers()), "it says why");
    assertThat(letter.why().attempts()).isEqualTo(2);
    assertThat(letter.address()).contains(queue.name());
  }

  @Test
  void aProgramWithoutAPlaceForWhatIsRefusedIsToldThatItIs() throws Exception {
    write("?quorum", 1);
    try (Pipe pipe = Hostpipe.reader(address("?quorum"), 1)) {
      assertThat(pipe.messages().iterator().next().text()).isEqualTo("1");
    }
    InParallel.await(() -> waiting() == 1);
    try (Pipe pipe = Hostpipe.reader(address("?quorum&until=empty"), 1)) {
      assertThatExceptionOfType(PipeException.Rejected.class)
          .isThrownBy(() -> pipe.source().read())
          .withMessageContaining("is refused: the queue has given it out 1 time, and nobody");
    }
  }

  @Test
  void attemptsMeanNothingWhereNothingIsCounted() throws Exception {
    try (TestStream stream = new TestStream(server)) {
      stream.declare(Map.of());
      String address = stream.address("").toString();
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> Hostpipe.reader(address, 3))
          .withMessageContaining("does not tell how often it has given out a message");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Hostpipe.reader(address(""), -1))
        .withMessageContaining("-1 attempts");
  }

  private String address(String query) throws PipeException {
    return queue.address(query).toString();
  }

  private void write(String query, int count) throws Exception {
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, count);
    sink.finish();
  }

  private long waiting() {
    return waiting(queue.name());
  }

  private long waiting(String name) {
    try {
      return queue.waiting(name);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
