package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers under which something is expected, and taken once. */
final class ExpectedTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 4096, 5000})
  void asManyAsMayBeOpenAreTakenInAnyOrder(int openMax) {
    Expected<String> expected = new Expected<>(openMax);
    for (int round = 0; round < 3; round++) {
      long first = expected.add("first");
      for (int more = 1; more < openMax; more++) {
        assertThat(expected.add("number " + (first + more))).isEqualTo(first + more);
      }
      for (long number = first + openMax - 1; number > first; number--) {
        assertThat(expected.take(number)).isEqualTo("number " + number);
      }
      assertThat(expected.take(first)).isEqualTo("first");
    }
  }

  @Test
  void aSecondAnswerIsNotTakenForALaterOne() {
    Expected<String> expected = new Expected<>(1);
    long first = expected.add("first");
    assertThat(expected.take(first)).isEqualTo("first");
    assertThat(expected.take(first)).isNull();
    expected.add("second");
    long third = expected.add("third"); // Where the first was.
    assertThat(expected.take(first)).isNull();
    assertThat(expected.take(third)).isEqualTo("third");
  }

  @Test
  void whatWasNeverExpectedGivesNothing() {
    Expected<String> expected = new Expected<>(4);
    assertThat(expected.take(0)).isNull();
    expected.add("first");
    assertThat(expected.take(-4)).isNull();
    assertThat(expected.take(Long.MAX_VALUE)).isNull();
    assertThat(expected.take(Long.MIN_VALUE)).isNull();
    assertThat(expected.take(0)).isEqualTo("first");
  }
}
