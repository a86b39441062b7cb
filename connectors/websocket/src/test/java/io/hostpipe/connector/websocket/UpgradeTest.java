package io.hostpipe.connector.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.Ends;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers of a listener that speak HTTP, well or badly. */
@Timeout(240)
final class UpgradeTest {
  private final Ends ends = TestEnds.ws();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void theExampleOfTheRfcIsAnswered() throws Exception {
    Listener listener = ends.listen("chat", ends.messages());
    try (HttpPeer peer = new HttpPeer(listener)) {
      peer.say((HttpPeer.upgrade("/chat") + "\r\n").getBytes(StandardCharsets.UTF_8));
      assertThat(peer.readHead())
          .startsWith("HTTP/1.1 101 ")
          .contains("\r\nSec-WebSocket-Accept: " + HttpPeer.ACCEPT + "\r\n")
          .contains("\r\nSec-WebSocket-Protocol: hostpipe.v1\r\n");
    }
  }

  @Test
  void aBrowserIsToldWhatThisIs() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    String answer = HttpPeer.answer(listener, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assertThat(answer)
        .startsWith("HTTP/1.1 426 Upgrade Required\r\n")
        .contains("Content-Type: text/plain")
        .contains("This is a port of Hostpipe")
        .contains("hostpipe send ws://HOST:PORT/NAME");
    InParallel.await(() -> !ends.listenerTold.isEmpty());
    assertThat(ends.listenerTold)
        .hasSize(1)
        .first()
        .asString()
        .contains("turned away with HTTP 426: 'GET /' asks for no WebSocket");
    assertAGoodPipeWorks(listener);
  }

  /** A page could otherwise write into pipes that its reader can reach. */
  @Test
  void aPageOfAnotherSiteMayNotOpenPipes() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    String request = HttpPeer.upgrade("/n") + "Origin: https://evil.example\r\n\r\n";
    assertThat(HttpPeer.answer(listener, request)).startsWith("HTTP/1.1 403 Forbidden\r\n");
    InParallel.await(() -> !ends.listenerTold.isEmpty());
    assertThat(ends.listenerTold.getFirst())
        .contains("pages of 'https://evil.example' may not open pipes here", "origin=");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://good.example", "*"})
  void aPageThatIsAllowedMay(String origin) throws Exception {
    Listener listener = ends.listen("n", Ends.SHORT + "&origin=" + origin, ends.messages());
    try (HttpPeer peer = new HttpPeer(listener)) {
      peer.say(
          (HttpPeer.upgrade("/n") + "Origin: https://good.example\r\n\r\n")
              .getBytes(StandardCharsets.UTF_8));
      assertThat(peer.readHead()).startsWith("HTTP/1.1 101 ");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Sec-WebSocket-Version: 13|Sec-WebSocket-Version: 8|426",
        "hostpipe.v1|chat|400",
        "dGhlIHNhbXBsZSBub25jZQ==|c2hvcnQ=|400",
        "dGhlIHNhbXBsZSBub25jZQ==|%%%|400",
        "GET |POST |405",
        "HTTP/1.1|HTTP/1.0|505",
        "GET /n|GET http://h/n|400",
        "GET /n|GET /%zz|400",
        "GET /n|GET|400",
        "Host: h|no field at all|400",
      })
  void whatIsNoRequestForAPipeIsAnsweredWithTheReason(String good, String bad, String status)
      throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    String request = HttpPeer.upgrade("/n").replace(good, bad) + "\r\n";
    assertThat(HttpPeer.answer(listener, request)).startsWith("HTTP/1.1 " + status + " ");
    InParallel.await(() -> !ends.listenerTold.isEmpty());
    assertThat(ends.listenerTold).hasSize(1).allMatch(line -> line.contains("HTTP " + status));
    assertAGoodPipeWorks(listener);
  }

  @Test
  void aHeadWithoutAnEndIsCutOff() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    String request = "GET /n HTTP/1.1\r\nX: " + "y".repeat(HttpHead.BYTES_MAX);
    assertThat(HttpPeer.answer(listener, request)).startsWith("HTTP/1.1 431 ");
    String fields = HttpPeer.upgrade("/n") + "X: y\r\n".repeat(200) + "\r\n";
    assertThat(HttpPeer.answer(listener, fields)).startsWith("HTTP/1.1 431 ");
  }

  @Test
  void aSlowHandshakeHasADeadline() throws Exception {
    Listener listener = ends.listen("n", "handshake=200ms", ends.messages());
    try (HttpPeer peer = new HttpPeer(listener)) {
      peer.say("GET /n HTTP/1.1\r\nHost:".getBytes(StandardCharsets.UTF_8));
      assertThat(peer.in().read()).isEqualTo(-1);
    }
    InParallel.await(() -> !ends.listenerTold.isEmpty());
    assertThat(ends.listenerTold).hasSize(1).allMatch(line -> line.contains("within 200ms"));
  }

  @Test
  void aProgramWithoutHttpIsNamedByWhatItSaid() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    HttpPeer.answer(listener, "hello, is anybody there?");
    byte[] tls = {22, 3, 1, 2, 0, 1, 0, 1, -4, 3, 3, 7, 7, 7};
    HttpPeer.answer(listener, new String(tls, StandardCharsets.ISO_8859_1));
    InParallel.await(() -> ends.listenerTold.size() == 2);
    assertThat(String.join("\n", ends.listenerTold))
        .contains("speaks no HTTP, it began with 'hello, is anybod'")
        .contains("it speaks TLS, and this port does not: wss-listen does");
  }

  /** Proxies judge by the path; what is asked for behind them must be the same. */
  @Test
  void anotherPipeThanThatOfThePathIsRefused() throws Exception {
    Listener open = ends.listen("open", ends.messages());
    ends.listenAlso(open, "secret", ends.messages());
    Pipe pipe =
        ends.dial(open.address().port(), "open", Ends.SHORT + "&name=secret", ends.messages());
    assertThat(InParallel.run(() -> pipe.send(new byte[1])).failure())
        .hasMessageContaining("the address led to 'open', and the pipe asked for is 'secret'");
  }

  /** RFC 6455, section 5.5.2, also while this side has nothing to say. */
  @Test
  void aPingIsAnsweredWithItsPayload() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    try (HttpPeer peer = new HttpPeer(listener)) {
      peer.say((HttpPeer.upgrade("/n") + "\r\n").getBytes(StandardCharsets.UTF_8));
      peer.readHead();
      peer.say(frame(FrameHead.PING, "still there?".getBytes(StandardCharsets.UTF_8)));
      assertThat(peer.in().readNBytes(14))
          .startsWith(0x8A, 12)
          .endsWith("still there?".getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void aBrokenRuleEndsTheWebSocketWithTheCode() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    List<byte[]> rude =
        List.of(
            frame(FrameHead.TEXT, "text".getBytes(StandardCharsets.UTF_8)),
            new byte[] {(byte) 0x82, 1, 7},
            new byte[] {(byte) 0xC2, (byte) 0x80, 0, 0, 0, 0});
    List<Integer> codes = List.of(1003, 1002, 1002);
    for (int index = 0; index < rude.size(); index++) {
      try (HttpPeer peer = new HttpPeer(listener)) {
        peer.say((HttpPeer.upgrade("/n") + "\r\n").getBytes(StandardCharsets.UTF_8));
        peer.readHead();
        peer.say(rude.get(index));
        byte[] answer = peer.in().readNBytes(4);
        if (answer.length == 4) { // it may also have been reset, as what was sent was not read
          assertThat(answer[0]).isEqualTo((byte) 0x88);
          assertThat(ByteBuffer.wrap(answer).getShort(2)).isEqualTo(codes.get(index).shortValue());
        }
      }
    }
    InParallel.await(() -> ends.listenerTold.size() == 3);
    assertThat(ends.listenerTold).allMatch(line -> line.contains("broke a rule of WebSocket"));
    assertAGoodPipeWorks(listener);
  }

  private void assertAGoodPipeWorks(Listener listener) throws Exception {
    Pipe pipe = ends.dial(listener, "n", ends.messages());
    pipe.send("good".getBytes(StandardCharsets.UTF_8));
    assertThat(ends.accept(listener).messages().iterator().next().text()).isEqualTo("good");
  }

  private static byte[] frame(int opcode, byte[] payload) {
    ByteBuffer out = ByteBuffer.allocate(FrameHead.BYTES_MAX + payload.length);
    FrameHead.whole(opcode, true, 0x0102_0304, payload.length).write(out);
    Mask.copy(ByteBuffer.wrap(payload), out, payload.length, 0x0102_0304, 0);
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return bytes;
  }
}
