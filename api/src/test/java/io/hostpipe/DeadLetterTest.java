package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class DeadLetterTest {
  private static final DeadLetter LETTER =
      new DeadLetter(
          new Rejection(Status.OUT_OF_RANGE, "too long: \u00e9", 3),
          "nats://h:4222/a",
          "numbers#2",
          42,
          Instant.parse("2026-11-28T17:00:00.5Z"));

  @Test
  void whatIsAddedToHeadersIsReadBackAndTheOthersStayAsTheyWere() {
    Headers own = Headers.builder().add(Headers.KEY, "k").add("x", "1").add("x", "2").build();
    Headers all = LETTER.addTo(own);
    assertThat(DeadLetter.of(all)).isEqualTo(LETTER);
    assertThat(DeadLetter.original(all)).isEqualTo(own);
    assertThat(all.text("dead-letter-cause")).isEqualTo("too long: \u00e9");
  }

  @Test
  void ofTwoRefusalsTheLaterOneCounts() {
    DeadLetter earlier =
        new DeadLetter(new Rejection(Status.NOT_FOUND, "x"), "b", "s", 1, Instant.EPOCH);
    assertThat(LETTER.addTo(earlier.addTo(Headers.EMPTY))).isEqualTo(LETTER.addTo(Headers.EMPTY));
  }

  @Test
  void headersOfOthersAreNoDeadLetter() {
    assertThat(DeadLetter.of(Headers.EMPTY)).isNull();
    Headers.Builder odd = Headers.builder();
    LETTER
        .addTo(Headers.EMPTY)
        .forEach(
            (name, value) -> odd.add(name, name.endsWith("position") ? new byte[] {1} : value));
    assertThat(DeadLetter.of(odd.build())).isNull();
  }

  @Test
  void headersThatLeaveNoRoomAreRefused() {
    Headers full = Headers.of("x", "y".repeat(Headers.LENGTH_BYTES_MAX - 8));
    assertThatThrownBy(() -> LETTER.addTo(full)).isInstanceOf(IllegalArgumentException.class);
  }
}
