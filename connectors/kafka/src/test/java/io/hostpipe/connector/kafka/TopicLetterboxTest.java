package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A topic as a place that is looked through: what is taken out stays out, for everybody. */
final class TopicLetterboxTest extends WithTopic {
  @Test
  void whatWasTakenOutIsShownToNobodyAndNumbersStay() throws Exception {
    try (Sink sink = topic.sink("letters", "?end=mark")) {
      for (String each : List.of("a", "b", "c", "d")) {
        Topical.write(sink, each, Headers.builder().add("about", each).build());
      }
      sink.finish();
    }
    Map<String, Long> before;
    try (Letterbox box = topic.letterbox("")) {
      before = letters(box);
      assertThat(before.keySet()).containsExactly("a", "b", "c", "d");
      box.remove(number(before, "b"));
      box.removeAll(List.of(number(before, "d"), 1_000_000L));
      assertThat(letters(box).keySet()).containsExactly("a", "c");
    }
    try (Sink sink = topic.sink("letters", "")) {
      Topical.write(sink, "e", Headers.EMPTY);
      sink.finish();
    }
    try (Letterbox box = topic.letterbox("")) {
      Map<String, Long> after = letters(box);
      assertThat(after.keySet()).containsExactly("a", "c", "e");
      assertThat(after.get("c")).isEqualTo(before.get("c"));
      box.removeAll(List.copyOf(after.values()));
      assertThat(letters(box)).isEmpty();
    }
  }

  @Test
  void whatTheUserSaysOfTransactionsIsNotForNotes() throws Exception {
    Path settings =
        Files.writeString(folder.resolve("client.properties"), "transactional.id=mine\n");
    try (Sink sink = topic.sink("letters", "")) {
      Topical.write(sink, "a", Headers.EMPTY);
      sink.finish();
    }
    try (Letterbox box = topic.letterbox("?config=" + settings)) {
      box.removeAll(List.copyOf(letters(box).values()));
      assertThat(letters(box)).isEmpty();
    }
  }

  /** A number that was not shown may be anybody's. */
  @Test
  void whatWasNotShownIsNotTakenOut() throws Exception {
    try (Sink sink = topic.sink("letters", "")) {
      Topical.write(sink, "a", Headers.EMPTY);
      sink.finish();
    }
    try (Letterbox box = topic.letterbox("")) {
      box.remove(0);
      assertThat(letters(box)).hasSize(1);
    }
  }

  @Test
  void readersLeaveNotesOut() throws Exception {
    try (Sink sink = topic.sink("letters", "")) {
      Topical.write(sink, "a", Headers.EMPTY);
      Topical.write(sink, "b", Headers.EMPTY);
      sink.finish();
    }
    try (Letterbox box = topic.letterbox("")) {
      box.removeAll(List.copyOf(letters(box).values()));
    }
    Source source = topic.source("?until=last");
    assertThat(Topical.read(source, 10)).containsExactly("a", "b");
  }

  /** A topic that is compacted keeps a note as long as what it is about. */
  @Test
  void aCompactedTopicTakesNotes() throws Exception {
    topic.create(1, Map.of("cleanup.policy", "compact"));
    try (Sink sink = topic.sink("letters", "")) {
      Topical.write(sink, "a", Headers.builder().add(Headers.KEY, "k").build());
      sink.finish();
    }
    try (Letterbox box = topic.letterbox("")) {
      box.removeAll(List.copyOf(letters(box).values()));
      assertThat(letters(box)).isEmpty();
    }
  }

  @Test
  void whereThereIsNoTopicNothingLies() {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> topic.letterbox(""))
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.NOT_FOUND));
  }

  private static long number(Map<String, Long> letters, String text) {
    return Objects.requireNonNull(letters.get(text));
  }

  private static Map<String, Long> letters(Letterbox box) throws Exception {
    Map<String, Long> all = new TreeMap<>();
    List<Long> numbers = new ArrayList<>();
    box.forEach((number, payload, headers) -> {
      all.put(StandardCharsets.UTF_8.decode(payload.duplicate()).toString(), number);
      numbers.add(number);
      return true;
    });
    assertThat(numbers).isSorted();
    return all;
  }
}
