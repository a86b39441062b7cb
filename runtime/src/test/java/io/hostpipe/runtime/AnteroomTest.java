package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class AnteroomTest {
  private final Anteroom<String> anteroom = new Anteroom<>(5, 3);

  @Test
  void aHostThatFillsItsSharePushesOutItsOwnOldest() {
    String first = "10.0.0.1:1";
    assertThat(enter(first)).isNull();
    assertThat(enter("10.0.0.1:2")).isNull();
    assertThat(enter("10.0.0.1:3")).isNull();
    assertThat(enter("10.0.0.1:4")).isSameAs(first);
    assertThat(anteroom.leave(first)).isFalse();
    assertThat(anteroom.count()).isEqualTo(3);
  }

  @Test
  void whenItIsFullTheOldestOfAllMakesRoom() {
    String first = "10.0.0.1:1";
    enter(first);
    for (int host = 2; host <= 5; host++) {
      assertThat(enter("10.0.0." + host + ":1")).isNull();
    }
    assertThat(enter("10.0.0.9:1")).isSameAs(first);
    assertThat(anteroom.count()).isEqualTo(5);
  }

  @Test
  void whoWasLetInMakesRoom() {
    String first = "[::1]:1";
    enter(first);
    assertThat(anteroom.leave(first)).isTrue();
    assertThat(anteroom.leave(first)).isFalse();
    assertThat(anteroom.count()).isZero();
    for (int port = 2; port <= 4; port++) {
      assertThat(enter("[::1]:" + port)).isNull();
    }
    assertThat(enter("[::1]:9")).isNotNull();
  }

  private @Nullable String enter(String peer) {
    return anteroom.enter(peer, Reception.hostOf(peer));
  }
}
