package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CountdownTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
  private static final Duration LIMIT = Duration.ofMillis(500);
  private static final Duration STEP = Duration.ofMillis(200);

  private final HandTime time = new HandTime();
  private final AtomicInteger calls = new AtomicInteger();

  private Countdown begin(Duration limit, Duration step) {
    return Countdown.of(time, limit, step, calls::incrementAndGet);
  }

  @Test
  void callsOnceWhenTheTimeIsOver() {
    try (Countdown _ = begin(LIMIT, STEP)) {
      time.pass(499 * MILLI);
      assertThat(calls).hasValue(0);
      time.pass(MILLI);
      assertThat(calls).hasValue(1);
      time.pass(10_000 * MILLI);
      assertThat(calls).hasValue(1);
    }
  }

  @Test
  void whatIsClosedCallsNobodyAndLeavesNoAlarm() {
    Countdown closed = begin(LIMIT, STEP);
    time.pass(450 * MILLI);
    closed.close();
    assertThat(time.alarmCount()).isZero();
    time.pass(10_000 * MILLI);
    assertThat(calls).hasValue(0);
  }

  /** A timer that is a little late is a machine with other work, not one that was stopped. */
  @Test
  void aLittleLateIsInTime() {
    try (Countdown _ = begin(LIMIT, STEP)) {
      time.pass(400 * MILLI);
      time.stop(102 * MILLI);
      assertThat(calls).hasValue(1);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {401, 500, 900, 100_000})
  void afterALongStopTheCountBeginsAnew(long stopMillis) {
    try (Countdown _ = begin(LIMIT, STEP)) {
      time.pass(400 * MILLI);
      time.stop(stopMillis * MILLI);
      time.pass(499 * MILLI);
      assertThat(calls).hasValue(0);
      time.pass(MILLI);
      assertThat(calls).hasValue(1);
    }
  }

  @Test
  void ofAShortStopWhatExceedsAStepIsNotCounted() {
    try (Countdown _ = begin(LIMIT, STEP)) {
      time.stop(350 * MILLI);
      time.pass(299 * MILLI);
      assertThat(calls).hasValue(0);
      time.pass(MILLI);
      assertThat(calls).hasValue(1);
    }
  }

  @Test
  void whoWasAwayWhenTheTimeRanOutHearsForHalfAStepWhatCameMeanwhileAndOnceOnly() {
    try (Countdown _ = begin(LIMIT, STEP)) {
      time.pass(400 * MILLI);
      time.stop(150 * MILLI);
      time.pass(99 * MILLI);
      assertThat(calls).hasValue(0);
      time.stop(101 * MILLI);
      assertThat(calls).hasValue(1);
    }
  }

  /** One look for all of it, as where many links rest. */
  @Test
  void aStepAsLongAsTheLimitHoldsToo() {
    try (Countdown _ = begin(LIMIT, LIMIT)) {
      time.stop(600 * MILLI);
      time.pass(249 * MILLI);
      assertThat(calls).hasValue(0);
      time.pass(MILLI);
      assertThat(calls).hasValue(1);
    }
  }
}
