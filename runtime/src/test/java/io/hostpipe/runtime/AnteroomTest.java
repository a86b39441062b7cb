package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class AnteroomTest {
  private final Anteroom anteroom = new Anteroom(5, 3);

  @Test
  void aHostThatFillsItsSharePushesOutItsOwnOldest() {
    Link first = link("10.0.0.1:1");
    assertThat(anteroom.enter(first)).isNull();
    assertThat(anteroom.enter(link("10.0.0.1:2"))).isNull();
    assertThat(anteroom.enter(link("10.0.0.1:3"))).isNull();
    assertThat(anteroom.enter(link("10.0.0.1:4"))).isSameAs(first);
    assertThat(anteroom.leave(first)).isFalse();
    assertThat(anteroom.count()).isEqualTo(3);
  }

  @Test
  void whenItIsFullTheOldestOfAllMakesRoom() {
    Link first = link("10.0.0.1:1");
    anteroom.enter(first);
    for (int host = 2; host <= 5; host++) {
      assertThat(anteroom.enter(link("10.0.0." + host + ":1"))).isNull();
    }
    assertThat(anteroom.enter(link("10.0.0.9:1"))).isSameAs(first);
    assertThat(anteroom.count()).isEqualTo(5);
  }

  @Test
  void whoWasLetInMakesRoom() {
    Link first = link("[::1]:1");
    anteroom.enter(first);
    assertThat(anteroom.leave(first)).isTrue();
    assertThat(anteroom.leave(first)).isFalse();
    assertThat(anteroom.count()).isZero();
    for (int port = 2; port <= 4; port++) {
      assertThat(anteroom.enter(link("[::1]:" + port))).isNull();
    }
    assertThat(anteroom.enter(link("[::1]:9"))).isNotNull();
  }

  private static Link link(String peer) {
    return MemoryLink.pair(peer, "here")[1];
  }
}
