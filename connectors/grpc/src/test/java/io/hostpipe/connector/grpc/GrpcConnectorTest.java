package io.hostpipe.connector.grpc;

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
import io.hostpipe.testkit.links.Ends;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class GrpcConnectorTest {
  private final Ends ends = TestEnds.grpc();
  private final GrpcConnector connector = new GrpcConnector();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"grpc-listen://:9000/n", "grpc-listen://0.0.0.0:9000/n", "grpc-listen:///n"})
  void aPlainListenerOffLoopbackIsRefusedWithBothWaysOut(String text) throws Exception {
    Address address = Address.parse(text);
    assertThatThrownBy(() -> connector.listen(address, ends.messages()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("in the clear")
        .hasMessageContaining("tls-listen://")
        .hasMessageContaining("auth=none");
    assertThatThrownBy(() -> connector.check(address, true))
        .isInstanceOf(PipeException.Config.class);
  }

  @Test
  void whoeverMeansItMayListenOffLoopback() throws Exception {
    Address address = Address.parse("grpc-listen://0.0.0.0:0/n?auth=none");
    try (Listener listener = connector.listen(address, ends.messages())) {
      Pipe pipe = ends.dial(listener.address().port(), "n", ends.messages());
      pipe.send(new byte[1]);
      assertThat(ends.accept(listener).messages().iterator().next().payload()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "grpc-listen://127.0.0.1:0/n?auth=tls",
        "grpc-listen://127.0.0.1:0/n?backlog=0",
        "grpc-listen://127.0.0.1:0/n?heartbeat=0",
        "grpc-listen://127.0.0.1:0/n?window=-1",
        "grpc-listen://127.0.0.1:0/n?colour=red",
        "grpc-listen://no.such.host.invalid:0/n",
      })
  void whatCannotBeIsSaidBeforeAnythingIsOpened(String text) throws Exception {
    Address address = Address.parse(text);
    assertThatThrownBy(() -> connector.listen(address, ends.messages()))
        .isInstanceOf(PipeException.Config.class);
  }

  @Test
  void whomToDialHasToBeSaid() throws Exception {
    Address address = Address.parse("grpc://:9000/n");
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
      Address address = Address.parse("grpc-listen://127.0.0.1:" + other.getLocalPort() + "/n");
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
    Address address = Address.parse("grpc-listen://127.0.0.1:" + port + "/n?" + Ends.SHORT);
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
    Address address = Address.parse("grpc-listen://[::1]:0/n?" + Ends.SHORT);
    try (Listener listener = connector.listen(address, ends.messages());
        Pipe pipe =
            connector.connect(
                Address.parse("grpc://[::1]:" + listener.address().port() + "/n?" + Ends.SHORT),
                ends.messages())) {
      pipe.send(new byte[1]);
      assertThat(ends.accept(listener).messages().iterator().next().payload()).hasSize(1);
    }
  }

  @Test
  void checkingTriesAndLeavesNothingBehind() throws Exception {
    Listener listener = ends.listen("n", ends.messages());
    int port = listener.address().port();
    assertThat(connector.check(Address.parse("grpc://127.0.0.1:" + port + "/n"), true))
        .contains("takes links");
    assertThat(connector.check(Address.parse("grpc-listen://127.0.0.1:0/n"), true))
        .contains("can listen on port");
    assertThatThrownBy(
            () -> connector.check(Address.parse("grpc-listen://127.0.0.1:" + port + "/n"), true))
        .isInstanceOf(PipeException.Refused.class);
  }

  @Test
  void theSchemesSayWhatTheyAre() throws Exception {
    assertThat(connector.kind("grpc")).isEqualTo(Connector.Kind.CONNECTS);
    assertThat(connector.kind("grpc-listen")).isEqualTo(Connector.Kind.LISTENS);
    assertThat(connector.capabilities(Address.parse("grpc://h/n")).resumes()).isTrue();
    for (String scheme : connector.schemes()) {
      assertThat(connector.help(scheme)).contains(scheme + "://");
      assertThat(connector.options(scheme)).isNotEmpty();
    }
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
