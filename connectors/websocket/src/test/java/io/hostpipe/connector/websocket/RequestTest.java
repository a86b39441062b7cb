package io.hostpipe.connector.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a dialer makes of servers and of proxies. */
@Timeout(240)
final class RequestTest {
  private static final RetryPolicy TWICE =
      new RetryPolicy(Duration.ofMinutes(1), 1, Duration.ofMillis(1), Duration.ofMillis(5));

  private final Ends ends = TestEnds.ws();
  private final CopyOnWriteArrayList<String> heard = new CopyOnWriteArrayList<>();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  /** What no retry will mend is said at once. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 200 OK|FAILED_PRECONDITION|is there a Hostpipe behind it?",
        "HTTP/1.1 301 Moved~Location: https://other/n|FAILED_PRECONDITION|leads to https://other/n",
        "HTTP/1.1 401 Unauthorized|UNAUTHENTICATED|say who you are",
        "HTTP/1.1 403 Forbidden|PERMISSION_DENIED|403 Forbidden",
        "HTTP/1.1 101 Switching|FAILED_PRECONDITION|no WebSocket",
        "SSH-2.0-OpenSSH_9.2|FAILED_PRECONDITION|speaks no HTTP, it answered 'SSH-2.0-OpenSSH_'",
      })
  void anAnswerThatIsForGoodIsTold(String answer, Status status, String said) throws Exception {
    try (ServerSocket server = serving(answer.replace("~", "\r\n") + "\r\n\r\n")) {
      Pipe pipe = ends.dial(server.getLocalPort(), "n", ends.messages());
      assertThat(InParallel.run(() -> pipe.send(new byte[1])).failure())
          .isInstanceOfSatisfying(
              PipeException.Refused.class, e -> assertThat(e.status()).isEqualTo(status))
          .hasMessageContaining(said);
    }
  }

  /** A gateway says so while its server restarts, and a server while its pipe is not there yet. */
  @ParameterizedTest
  @ValueSource(strings = {"502 Bad Gateway", "503 Service Unavailable", "404 Not Found"})
  void anAnswerThatMayChangeIsTriedAgain(String status) throws Exception {
    try (ServerSocket server = serving("HTTP/1.1 " + status + "\r\n\r\n")) {
      Pipe pipe = ends.dial(server.getLocalPort(), "n", ends.messages().withRetry(TWICE));
      assertThat(InParallel.run(() -> pipe.send(new byte[1])).failure())
          .isInstanceOf(PipeException.Unreachable.class)
          .hasMessageContaining("in 2 tries")
          .hasMessageContaining("answered 'HTTP/1.1 " + status + "'");
      assertThat(heard).hasSize(2);
    }
  }

  @Test
  void theRequestSaysWhatTheAddressSays() throws Exception {
    try (ServerSocket server = serving("HTTP/1.1 403 Forbidden\r\n\r\n")) {
      Address address =
          Address.parse(
                  "ws://me:p%40ss@127.0.0.1:"
                      + server.getLocalPort()
                      + "/team%201/%C3%BCber?name=n")
              .withOption("header", "X-Site: 7");
      assertThat(address.toString()).doesNotContain("p%40ss").doesNotContain("X-Site");
      try (Pipe pipe = new WebSocketConnector().connect(address, ends.messages())) {
        assertThat(InParallel.run(() -> pipe.send(new byte[1])).failure()).isNotNull();
      }
      assertThat(heard.getFirst())
          .startsWith("GET /team%201/%C3%BCber HTTP/1.1\r\n")
          .contains("\r\nAuthorization: Basic bWU6cEBzcw==\r\n", "\r\nX-Site: 7\r\n")
          .contains("\r\nSec-WebSocket-Protocol: hostpipe.v1\r\n");
    }
  }

  @Test
  void aPipeGoesThroughAProxyThatWantsAPassword() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    try (ConnectProxy proxy = new ConnectProxy("me:secret")) {
      String words = Ends.SHORT + "&proxy=http://me:secret@127.0.0.1:" + proxy.port();
      Pipe pipe = ends.dial(listener.address().port(), "n", words, ends.messages());
      pipe.send("through".getBytes(StandardCharsets.UTF_8));
      assertThat(ends.accept(listener).messages().iterator().next().text()).isEqualTo("through");
      assertThat(proxy.asked())
          .containsExactly("CONNECT 127.0.0.1:" + listener.address().port() + " HTTP/1.1");
    }
  }

  @Test
  void anEncryptedPipeGoesThroughAProxy(@TempDir Path folder) throws Exception {
    try (Ends encrypted = TestEnds.wss(folder);
        ConnectProxy proxy = new ConnectProxy("me:secret")) {
      Listener listener = encrypted.listen("n", encrypted.messages());
      String words = Ends.SHORT + "&proxy=me:secret@127.0.0.1:" + proxy.port();
      Pipe pipe = encrypted.dial(listener.address().port(), "n", words, encrypted.messages());
      pipe.send("through".getBytes(StandardCharsets.UTF_8));
      assertThat(encrypted.accept(listener).messages().iterator().next().text())
          .isEqualTo("through");
      assertThat(proxy.asked()).hasSize(1);
    }
  }

  @Test
  void aProxyThatRefusesIsNamed() throws Exception {
    try (ConnectProxy proxy = new ConnectProxy("me:secret")) {
      String words = Ends.SHORT + "&proxy=http://127.0.0.1:" + proxy.port();
      Pipe pipe = ends.dial(9, "n", words, ends.messages());
      assertThat(InParallel.run(() -> pipe.send(new byte[1])).failure())
          .isInstanceOfSatisfying(
              PipeException.Refused.class,
              e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED))
          .hasMessageContaining("the proxy 127.0.0.1:" + proxy.port() + " answered")
          .hasMessageContaining("proxy=http://user:password@host:port");
    }
  }

  @Test
  void theEnvironmentNamesAProxyForOtherHosts() throws Exception {
    Map<String, String> environment =
        Map.of(
            "HTTPS_PROXY", "http://secure:3128",
            "http_proxy", "plain:8080",
            "NO_PROXY", "internal.example, .corp:443 ,10.0.0.7");
    assertThat(proxy("ws://h/n", environment)).hasToString("plain:8080");
    assertThat(proxy("wss://h/n", environment)).hasToString("secure:3128");
    assertThat(proxy("wss://h/n", Map.of("all_proxy", "any"))).hasToString("any:80");
    for (String direct :
        new String[] {
          "ws://localhost/n",
          "ws://127.0.0.9/n",
          "ws://[::1]/n",
          "ws://internal.example/n",
          "ws://a.internal.example/n",
          "wss://x.corp/n",
          "ws://10.0.0.7:81/n",
          "ws://h/n?proxy=none"
        }) {
      assertThat(proxy(direct, environment)).as(direct).isNull();
    }
    assertThat(proxy("ws://x.corp/n", environment)).isNotNull();
    assertThat(proxy("ws://h/n?proxy=http://[::1]:1", environment)).hasToString("[::1]:1");
    assertThatThrownBy(() -> proxy("ws://h/n?proxy=socks5://p:1", Map.of()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("only proxies of http:// are known here");
  }

  private static @Nullable HttpProxy proxy(String address, Map<String, String> environment)
      throws PipeException {
    return HttpProxy.of(Address.parse(address), address.startsWith("wss"), environment);
  }

  /** Answers every request with this, and ends the connection. */
  private ServerSocket serving(String answer) throws IOException {
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(() -> {
          while (true) {
            try (Socket socket = server.accept()) {
              heard.add(ConnectProxy.readHead(socket.getInputStream()));
              socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
              if (server.isClosed()) {
                return;
              }
            }
          }
        });
    return server;
  }
}
