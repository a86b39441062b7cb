package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.Address;
import io.hostpipe.DeadLetter;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.testkit.InParallel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A queue as a place that is looked through: what was looked at and not taken out is there. */
final class QueueLetterboxTest extends WithQueue {
  /** A message as it is shown. */
  private record Letter(long number, String text, Headers headers) {}

  @ParameterizedTest
  @ValueSource(strings = {"", "?quorum"})
  void whatIsLookedAtStaysWithItsNumberAndWhatIsTakenOutIsGone(String kind) throws Exception {
    write(kind, "a", "b", "c", "d");
    List<Letter> first = look(kind);
    assertThat(texts(first)).containsExactly("a", "b", "c", "d");
    assertThat(first.getFirst().headers().text("about")).isEqualTo("a");
    try (Letterbox box = queue.letterbox(kind)) {
      assertThat(letters(box)).isEqualTo(first);
      assertThat(letters(box)).as("a second look").isEqualTo(first);
      box.remove(first.get(1).number());
      box.removeAll(List.of(first.get(3).number(), 7L));
      box.remove(first.get(1).number());
    }
    assertThat(look(kind)).containsExactly(first.get(0), first.get(2));
    List<GetResponse> rest = queue.takeAll(queue.name());
    assertThat(TestQueue.texts(rest)).containsExactly("a", "c");
    assertThat(rest).allMatch(each -> each.getEnvelope().isRedeliver());
  }

  /** Who was killed sends its stream anew, and the queue has it twice. */
  @Test
  void copiesAreShownOnceAndTakenOutTogether() throws Exception {
    write("", "a", "b", "c");
    write("", "a", "b", "c");
    assertThat(queue.waiting(queue.name())).isEqualTo(6);
    List<Letter> before = look("");
    assertThat(texts(before)).containsExactly("a", "b", "c");
    try (Letterbox box = queue.letterbox("")) {
      box.forEach((number, payload, headers) -> {
        box.remove(number);
        return false;
      });
    }
    assertThat(queue.waiting(queue.name())).isEqualTo(4);
    try (Letterbox box = queue.letterbox("")) {
      box.forEach((number, payload, headers) -> false);
      box.remove(before.get(1).number());
    }
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).containsExactly("c", "c");
  }

  @Test
  void whatTwoQueuesRefuseOfOneMessageIsTwoLetters() throws Exception {
    Channel client = queue.client();
    for (String each : List.of(".one", ".two")) {
      client.queueDeclare(
          queue.name() + each,
          true,
          false,
          false,
          Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", queue.name()));
      client.queueBind(queue.name() + each, "amq.fanout", "");
    }
    client.queueDeclare(queue.name(), true, false, false, Map.of());
    Sink sink = queue.sink("numbers", "?exchange=amq.fanout");
    TestQueue.write(sink, "a", Headers.EMPTY);
    sink.finish();
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).containsExactly("a");
    for (String each : List.of(".one", ".two")) {
      GetResponse given = client.basicGet(queue.name() + each, false);
      client.basicReject(given.getEnvelope().getDeliveryTag(), false);
    }
    InParallel.await(() -> waiting() == 2);
    List<Letter> both = look("");
    assertThat(texts(both)).containsExactly("a", "a");
    try (Letterbox box = queue.letterbox("")) {
      assertThat(letters(box)).isEqualTo(both);
      box.remove(both.getFirst().number());
    }
    assertThat(look("")).containsExactly(both.getLast());
  }

  /** Nobody can tell whether they are one message or two. */
  @Test
  void messagesOfOtherProgramsThatAreTheSameAreCounted() throws Exception {
    queue.declare(Map.of());
    for (String each : List.of("same", "other", "same")) {
      queue.publish(each, Map.of());
    }
    InParallel.await(() -> waiting() == 3);
    List<Letter> before = look("");
    assertThat(before).doesNotHaveDuplicates();
    assertThat(texts(before)).containsExactly("same", "other", "same");
    try (Letterbox box = queue.letterbox("")) {
      assertThat(letters(box)).isEqualTo(before);
      box.remove(before.getLast().number());
    }
    assertThat(texts(look(""))).containsExactly("same", "other");
  }

  @Test
  void whatAReaderRefusesIsShownWithTheServersWords() throws Exception {
    Sink sink = queue.sink("numbers", "?dead-letters=" + queue.name() + ".dead");
    TestQueue.writeNumbers(sink, 1, 1);
    sink.finish();
    Source source = queue.source("?dead-letters=" + queue.name() + ".dead");
    long end = TestQueue.read(source, 1, false).end().position();
    source.reject(end, new Rejection(Status.INVALID_ARGUMENT, "not so"));
    source.commit(end);
    InParallel.await(() -> dead() == 1);
    Address dead =
        Address.parse("amqp://127.0.0.1:" + server.port() + "/" + queue.name() + ".dead");
    List<Letter> letters;
    try (Letterbox box = queue.letterbox(dead)) {
      letters = letters(box);
    }
    assertThat(texts(letters)).containsExactly("1");
    assertThat(letters.getFirst().headers().text("x-first-death-queue")).isEqualTo(queue.name());
    DeadLetter about = Objects.requireNonNull(DeadLetter.of(letters.getFirst().headers()));
    assertThat(about.why().status()).isEqualTo(Status.INVALID_ARGUMENT);
    assertThat(about.why().reason())
        .isEqualTo("a reader of the queue " + queue.name() + " refused it");
  }

  @Test
  void whatTheServerPutsAsideByItselfSaysWhyAndHowOftenAndWhereItLay() throws Exception {
    String dead = queue.name() + ".dead";
    String query = "?quorum&delivery-limit=2&dead-letters=" + dead;
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, 1);
    sink.finish();
    assertThat(server.administer("list_queues", "name", "arguments").lines())
        .filteredOn(line -> line.startsWith(queue.name() + "\t"))
        .singleElement()
        .asString()
        .contains("{\"x-dead-letter-strategy\",\"at-least-once\"}")
        .contains("{\"x-overflow\",\"reject-publish\"}")
        .contains("{\"x-dead-letter-exchange\",[]}")
        .contains("{\"x-dead-letter-routing-key\",\"" + dead + "\"}");
    for (int life = 1; life <= 3; life++) {
      try (Source source = queue.source(query)) {
        assertThat(TestQueue.read(source, 1, false).texts()).containsExactly("1");
      }
    }
    InParallel.await(() -> dead() == 1);
    List<Letter> letters;
    try (Letterbox box =
        queue.letterbox(Address.parse("amqp://127.0.0.1:" + server.port() + "/" + dead))) {
      letters = letters(box);
    }
    DeadLetter about = Objects.requireNonNull(DeadLetter.of(letters.getFirst().headers()));
    assertThat(about.why().reason()).contains("gave it out as often as its limit allows");
    assertThat(about.why().attempts()).isEqualTo(3);
    assertThat(about.address()).isEqualTo(queue.address("").toString());
    assertThat(about.stream()).isEqualTo("numbers");
    assertThat(about.time()).isAfter(Instant.EPOCH);
  }

  @Test
  void whatComesWhileSomebodyLooksIsForTheNextLook() throws Exception {
    write("?end=mark", "a", "b");
    List<String> shown = new ArrayList<>();
    try (Letterbox box = queue.letterbox("")) {
      box.forEach((number, payload, headers) -> {
        shown.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString());
        try {
          long before = queue.waiting(queue.name());
          queue.publish("later", Map.of());
          InParallel.await(() -> waiting() > before);
        } catch (Exception e) {
          throw new AssertionError(e);
        }
        return true;
      });
    }
    assertThat(shown).containsExactly("a", "b");
    assertThat(texts(look(""))).containsExactly("a", "b", "later", "later");
  }

  @Test
  void aConnectionThatBreaksGivesEverythingBackAndSaysSo() throws Exception {
    write("", "a", "b");
    try (Letterbox box = queue.letterbox("")) {
      List<Letter> shown = letters(box);
      server.administer("close_all_connections", "a test");
      assertThatExceptionOfType(PipeException.Unreachable.class)
          .isThrownBy(() -> {
            while (true) {
              box.remove(shown.getFirst().number());
            }
          })
          .withMessageContaining("a message may lie there still");
    }
    assertThat(texts(look(""))).endsWith("b");
  }

  @Test
  void whatIsNotAQueueOfLettersIsRefused() throws Exception {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> queue.letterbox(""))
        .withMessageContaining("nothing lies there")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.NOT_FOUND));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> queue.letterbox("?exchange=amq.fanout"))
        .withMessageContaining("messages lie in a queue");
    queue.declare(Map.of("x-queue-type", "stream"));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> queue.letterbox(""))
        .withMessageContaining("is a stream");
  }

  @Test
  void aQueueThatDropsWhatIsGivenBackIsNotLookedThrough() throws Exception {
    queue.declare(Map.of("x-queue-type", "quorum", "x-delivery-limit", 3));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> queue.letterbox(""))
        .withMessageContaining("drops what has come again 3 times");
  }

  @Test
  void whoLooksIsToldOfReaders() throws Exception {
    write("", "a");
    queue.client().basicConsume(queue.name(), false, (tag, message) -> {}, tag -> {});
    look("");
    assertThat(queue.warnings()).anyMatch(each -> each.contains("is read meanwhile (readers: 1)"));
  }

  private void write(String query, String... texts) throws Exception {
    try (Sink sink = queue.sink("letters", query)) {
      for (String each : texts) {
        TestQueue.write(sink, each, Headers.of("about", each));
      }
      sink.finish();
    }
  }

  /** As a process of its own does. */
  private List<Letter> look(String query) throws Exception {
    try (Letterbox box = queue.letterbox(query)) {
      return letters(box);
    }
  }

  private long waiting() {
    return waiting(queue.name());
  }

  private long dead() {
    return waiting(queue.name() + ".dead");
  }

  private long waiting(String name) {
    try {
      return queue.waiting(name);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> texts(List<Letter> letters) {
    return letters.stream().map(Letter::text).toList();
  }

  private static List<Letter> letters(Letterbox box) throws Exception {
    List<Letter> all = new ArrayList<>();
    box.forEach((number, payload, headers) -> {
      String text = StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
      all.add(new Letter(number, text, headers));
      return true;
    });
    return all;
  }
}
