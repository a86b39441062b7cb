package io.hostpipe.runtime.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RightsTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "''",
      value = {
        "*, orders, true",
        "*, '', true",
        "orders, orders, true",
        "orders, orders2, false",
        "orders, order, false",
        "logs/*, logs/app/1, true",
        "logs/*, logs, false",
        "*.log, a.log, true",
        "*.log, a.logs, false",
        "a*b*c, axbxbxc, true",
        "a*b*c, axcxb, false",
        "a.b, axb, false"
      })
  void aStarStandsForAnything(String pattern, String name, boolean covered) {
    String asked = name == null ? "" : name;
    assertThat(new Rights(List.of(pattern), true, true).covers(asked)).isEqualTo(covered);
  }

  @Test
  void aNameThatNearlyMatchesAtEveryStepCostsNoTime() {
    String pattern = "*a".repeat(50) + "b";
    assertThat(Rights.matches(pattern, "a".repeat(200))).isFalse();
  }

  @Test
  void oneOfSeveralPatternsIsEnough() {
    Rights rights = new Rights(List.of("orders", "logs/*"), true, false);
    assertThat(rights.covers("logs/x")).isTrue();
    assertThat(rights.covers("orders")).isTrue();
    assertThat(rights.covers("x")).isFalse();
    assertThat(rights).hasToString("read orders,logs/*");
  }
}
