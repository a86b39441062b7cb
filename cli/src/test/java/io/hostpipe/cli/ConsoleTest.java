package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ConsoleTest {
  private final Captured captured = new Captured();

  @Test
  void letsNoForeignTextMoveTheCursorOrForgeALine() {
    captured.console().say("peer says: \u001b[2J\u0007\nhostpipe: all is well");
    assertThat(captured.err()).isEqualTo("hostpipe: peer says: ?[2J?\n  hostpipe: all is well\n");
  }

  @Test
  void putsALineThatStaysInThePlaceOfTheOneThatIsRedrawn() {
    captured.console().status("1 MiB\nno link: \u001bx");
    captured.console().say("connected");
    captured.console().clearStatus();
    assertThat(captured.err())
        .isEqualTo("\r1 MiB   no link: ?x\u001b[K\r\u001b[Khostpipe: connected\n");
  }

  @Test
  void drawsBytesRateShareTimeLeftAndLink() {
    assertThat(Progress.line(0, 0, -1, "")).isEqualTo("0 B  0 B/s");
    assertThat(Progress.line(512 << 20, 64 << 20, 1L << 30, "connected"))
        .isEqualTo("512 MiB  64.0 MiB/s  50%  ETA 0:08  connected");
    assertThat(Progress.line(10, 0, 100, "no link: Connection refused"))
        .isEqualTo("10 B  0 B/s  10%  no link: Connection refused");
    assertThat(Progress.line(200, 1, 100, "")).isEqualTo("200 B  1 B/s  100%");
  }

  @Test
  void saysNothingOfACutThatHealsAtOnce() {
    LinkWatch link = new LinkWatch(captured.console(), false, false);
    link.linkUp("h:1", 0);
    link.linkDown("h:1", "reset", Duration.ofMillis(5));
    link.linkUp("h:1", 10);
    assertThat(captured.err()).isEmpty();
    assertThat(link.state()).isEqualTo("connected");
  }

  @Test
  void saysOnceThatAnOutageLastsAndOnceThatItIsOver() {
    LinkWatch link = new LinkWatch(captured.console(), false, false);
    link.linkDown("h:1", "refused", Duration.ofMillis(5));
    link.linkDown("h:1", "refused", Duration.ofMillis(10));
    link.linkDown("h:1", "refused", Duration.ofMillis(20));
    assertThat(link.state()).isEqualTo("no link: refused");
    link.linkUp("h:1", 42);
    assertThat(captured.err())
        .isEqualTo(
            """
            hostpipe: no link to h:1: refused; still trying
            hostpipe: connected to h:1, going on at position 42
            """);
  }

  @Test
  void saysOnceWhomAReasonIsAbout() {
    LinkWatch link = new LinkWatch(captured.console(), false, true);
    link.linkDown("nats://h/x", "nats://h/x cannot be reached: refused", Duration.ofMillis(5));
    link.linkDown("nats://h/x", "nats://h/x: the connection broke", Duration.ofMillis(5));
    link.linkDown("h:1", "h:12 is another one", Duration.ofMillis(5));
    link.peerAwaited("h:1", "h:1 ended TLS", Duration.ofSeconds(5));
    assertThat(captured.err())
        .isEqualTo(
            """
            hostpipe: no link to nats://h/x: cannot be reached: refused; next try in 5 ms
            hostpipe: no link to nats://h/x: the connection broke; next try in 5 ms
            hostpipe: no link to h:1: h:12 is another one; next try in 5 ms
            hostpipe: no link to h:1: ended TLS; waiting for it to come back, for 5 s in all (--give-up)
            """);
  }

  @Test
  void saysEverythingOfALinkToWhoeverAsks() {
    LinkWatch link = new LinkWatch(captured.console(), false, true);
    link.listening("tcp-listen://h:1/x");
    link.linkUp("h:2", 0);
    link.linkDown("h:2", "reset", Duration.ofMillis(5));
    assertThat(captured.err())
        .isEqualTo(
            """
            hostpipe: listening on tcp-listen://h:1/x
            hostpipe: connected to h:2, going on at position 0
            hostpipe: no link to h:2: reset; next try in 5 ms
            """);
  }

  @Test
  void saysOnlyWhatIsWrongWhenQuiet() {
    LinkWatch link = new LinkWatch(captured.console(), true, true);
    link.listening("x");
    link.linkUp("h:1", 0);
    link.linkDown("h:1", "reset", Duration.ZERO);
    link.linkDown("h:1", "reset", Duration.ZERO);
    assertThat(captured.err()).isEmpty();
    link.warning("a line is lost");
    assertThat(captured.err()).isEqualTo("hostpipe: a line is lost\n");
  }
}
