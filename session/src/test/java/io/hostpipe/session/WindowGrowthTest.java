package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a window holds its sender back. */
final class WindowGrowthTest {
  private static final long WINDOW = 1 << 20;

  private final WindowGrowth growth = new WindowGrowth();
  private long nowNanos = 1;
  private long consumed;

  @Test
  void staysSmallWhereTheSenderAnswersAtOnce() {
    roundTrip(50);
    assertThat(consumes(WINDOW, 1_000)).isFalse();
  }

  @Test
  void growsWhereAWindowIsAllThatComesInARoundTrip() {
    roundTrip(100_000);
    assertThat(consumes(WINDOW, 100_000)).isTrue();
  }

  @Test
  void staysAsItIsWhereTheLinkIsSlowerThanTheWindowAllows() {
    roundTrip(100_000);
    assertThat(consumes(WINDOW, 1_000_000)).isFalse();
  }

  @Test
  void theShortestRoundTripCounts() {
    roundTrip(100_000);
    roundTrip(50);
    roundTrip(100_000);
    assertThat(consumes(WINDOW, 1_000)).isFalse();
  }

  @Test
  void dataThatWasAllowedBeforeIsNoAnswer() {
    growth.onTold(1_000, nowNanos);
    growth.onReceived(1_000, 0, nowNanos + micros(50));
    growth.onReceived(1_001, 0, nowNanos + micros(100_000));
    nowNanos += micros(50);
    assertThat(consumes(WINDOW, 100_000)).isTrue();
  }

  @Test
  void aSenderThatAnswersWithinARoundTripWasWaiting() {
    assertThat(answersAfter(100_000)).isTrue();
    assertThat(answersAfter(140_000)).isTrue();
    assertThat(answersAfter(50_000)).isTrue();
  }

  @Test
  void aSenderThatUsesUpItsOldCreditFirstWasNot() {
    answersAfter(50_000);
    assertThat(answersAfter(100_000)).isFalse();
    growth.onTold(consumed + 1_000, nowNanos);
    assertThat(growth.onReceived(consumed + 1_000, consumed, nowNanos + micros(1))).isFalse();
  }

  @Test
  void anotherLinkIsMeasuredAnew() {
    roundTrip(50);
    growth.onLink();
    roundTrip(100_000);
    assertThat(consumes(WINDOW, 100_000)).isTrue();
  }

  @Test
  void growsOnceBeforeARoundTripWasMeasured() {
    growth.onReceived(1, 0, nowNanos);
    assertThat(consumes(WINDOW, 1_000_000)).isTrue();
  }

  @Test
  void lessThanAWindowSaysNothing() {
    roundTrip(100_000);
    assertThat(consumes(WINDOW - 1, 1)).isFalse();
  }

  private void roundTrip(long roundTripMicros) {
    answersAfter(roundTripMicros);
  }

  /** New credit is told, and the first byte beyond the old one comes so much later. */
  private boolean answersAfter(long roundTripMicros) {
    growth.onTold(consumed, nowNanos);
    nowNanos += micros(roundTripMicros);
    return growth.onReceived(consumed + 1, consumed, nowNanos);
  }

  /** Whether the window is too small after so many bytes in such a time. */
  private boolean consumes(long bytes, long elapsedMicros) {
    nowNanos += micros(elapsedMicros);
    consumed += bytes;
    return growth.isTooSmall(WINDOW, consumed, nowNanos);
  }

  private static long micros(long count) {
    return TimeUnit.MICROSECONDS.toNanos(count);
  }
}
