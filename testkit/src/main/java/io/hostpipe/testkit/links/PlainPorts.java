package io.hostpipe.testkit.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connector of hosts and ports without TLS takes, refuses and says, over some carrier. */
@Timeout(240)
public abstract class PlainPorts {
  private final Ends ends;
  private final Connector connector;
  private final String scheme;
  private final String taken;

  /**
   * Of this connector.
   *
   * @param ends over it
   * @param scheme that dials; the one that listens has {@code -listen} behind it
   * @param taken what a check says of a place that answers
   */
  protected PlainPorts(Connector connector, Ends ends, String scheme, String taken) {
    this.connector = connector;
    this.ends = ends;
    this.scheme = scheme;
    this.taken = taken;
  }

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"://:9000/n", "://0.0.0.0:9000/n", ":///n"})
  void aPlainListenerOffLoopbackIsRefusedWithBothWaysOut(String place) throws Exception {
    Address address = listens(place);
    assertThatThrownBy(() -> connector.listen(address, ends.messages()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("in the clear")
        .hasMessageContaining("-listen://")
        .hasMessageContaining("auth=none");
    assertThatThrownBy(() -> connector.check(address, true))
        .isInstanceOf(PipeException.Config.class);
  }

  @Test
  void whoeverMeansItMayListenOffLoopback() throws Exception {
    Address address = listens("://0.0.0.0:0/n?auth=none");
    try (Listener listener = connector.listen(address, ends.messages())) {
      Pipe pipe = ends.dial(listener.address().port(), "n", ends.messages());
      pipe.send(new byte[1]);
      assertThat(ends.accept(listener).messages().iterator().next().payload()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "://127.0.0.1:0/n?auth=tls",
        "://127.0.0.1:0/n?backlog=0",
        "://127.0.0.1:0/n?heartbeat=0",
        "://127.0.0.1:0/n?window=-1",
        "://127.0.0.1:0/n?colour=red",
        "://no.such.host.invalid:0/n",
      })
  void whatCannotBeIsSaidBeforeAnythingIsOpened(String place) throws Exception {
    Address address = listens(place);
    assertThatThrownBy(() -> connector.listen(address, ends.messages()))
        .isInstanceOf(PipeException.Config.class);
  }

  @Test
  void whomToDialHasToBeSaid() throws Exception {
    Address address = dials("://:9000/n");
    assertThatThrownBy(() -> connector.connect(address, ends.messages()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("whom to dial?");
  }

  @Test
  void severalNamesShareAPortAndTheLastOneClosesIt() throws Exception {
    Listener one = ends.listen("one", ends.messages());
    Listener two = ends.listenAlso(one, "two", ends.messages());
    int port = one.address().port();
    assertThat(two.address().port()).isEqualTo(port);
    assertThatThrownBy(() -> ends.listenAlso(one, "two", ends.messages()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("already listens for 'two'");
    Pipe toTwo = ends.dial(port, "two", ends.messages());
    toTwo.send("for two".getBytes(StandardCharsets.UTF_8));
    Pipe fromTwo = ends.accept(two);
    assertThat(fromTwo.messages().iterator().next().text()).isEqualTo("for two");
    one.close();
    two.close();
    // The port stays with the pipe that came in over it, for its next links.
    assertThatThrownBy(() -> new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close())
        .isInstanceOf(java.net.BindException.class);
    fromTwo.close();
    toTwo.close();
    InParallel.await(() -> isFree(port));
  }

  @Test
  void aPortThatIsTakenIsRefusedWithAnAdvice() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Address address = listens("://127.0.0.1:" + other.getLocalPort() + "/n");
      assertThatThrownBy(() -> connector.listen(address, ends.messages()))
          .isInstanceOfSatisfying(
              PipeException.Refused.class,
              e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS))
          .hasMessageContaining("is the port taken");
    }
  }

  @Test
  void aListenerMayStartAfterItsDialer() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Pipe pipe = ends.dial(port, "n", ends.messages());
    InParallel<Pipe.Sent> sent = InParallel.run(() -> pipe.send(new byte[3]));
    InParallel.await(() -> ends.dialerTold.stream().anyMatch(line -> line.contains("refused")));
    Address address = listens("://127.0.0.1:" + port + "/n?" + Ends.SHORT);
    try (Listener listener = connector.listen(address, ends.messages())) {
      Pipe taken = ends.accept(listener);
      assertThat(taken.messages().iterator().next().payload()).hasSize(3);
      sent.join();
    }
  }

  @Test
  void nobodyAtHomeIsGivenUpWithTheReason() throws Exception {
    RetryPolicy twice =
        new RetryPolicy(Duration.ofMinutes(1), 2, Duration.ofMillis(1), Duration.ofMillis(5));
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Pipe pipe = ends.dial(port, "n", ends.messages().withRetry(twice));
    assertThatThrownBy(() -> pipe.send(new byte[1]))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("in 3 tries (--retry-max)")
        .hasMessageContaining("refused");
  }

  @Test
  void ipv6LoopbackIsLoopback() throws Exception {
    Address address = listens("://[::1]:0/n?" + Ends.SHORT);
    try (Listener listener = connector.listen(address, ends.messages());
        Pipe pipe =
            connector.connect(
                dials("://[::1]:" + listener.address().port() + "/n?" + Ends.SHORT),
                ends.messages())) {
      pipe.send(new byte[1]);
      assertThat(ends.accept(listener).messages().iterator().next().payload()).hasSize(1);
    }
  }

  @Test
  void checkingTriesAndLeavesNothingBehind() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    int port = listener.address().port();
    assertThat(connector.check(dials("://127.0.0.1:" + port + "/n"), true)).contains(taken);
    assertThat(connector.check(listens("://127.0.0.1:0/n"), true)).contains("can listen on port");
    assertThatThrownBy(() -> connector.check(listens("://127.0.0.1:" + port + "/n"), true))
        .isInstanceOf(PipeException.Refused.class);
  }

  @Test
  void theSchemesSayWhatTheyAre() throws Exception {
    assertThat(connector.kind(scheme)).isEqualTo(Connector.Kind.CONNECTS);
    assertThat(connector.kind(scheme + "-listen")).isEqualTo(Connector.Kind.LISTENS);
    assertThat(connector.capabilities(dials("://h/n")).resumes()).isTrue();
    for (String each : connector.schemes()) {
      assertThat(connector.help(each)).contains(each + "://");
      assertThat(connector.options(each)).isNotEmpty();
    }
  }

  private Address listens(String place) throws PipeException {
    return Address.parse(scheme + "-listen" + place);
  }

  private Address dials(String place) throws PipeException {
    return Address.parse(scheme + place);
  }

  private static boolean isFree(int port) {
    try {
      new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
      return true;
    } catch (java.io.IOException e) {
      return false;
    }
  }
}
