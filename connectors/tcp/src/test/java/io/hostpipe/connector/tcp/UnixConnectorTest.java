package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.socket.UnixLinkListener;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.Ends;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(240)
final class UnixConnectorTest {
  @TempDir private Path folder;
  private Ends ends;
  private final UnixConnector connector = new UnixConnector();

  @BeforeEach
  void openEnds() {
    ends = TestEnds.unix(folder);
  }

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void theSocketIsItsOwnersAloneAndLeavesNothingBehind() throws Exception {
    Path socket = folder.resolve("x.sock");
    Listener listener = listen(socket, "");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    assertThat(contents()).containsExactly(socket);
    try (Pipe pipe = connector.connect(Address.parse("unix://" + socket), ends.messages())) {
      pipe.send(new byte[3]);
      Pipe taken = ends.accept(listener);
      assertThat(taken.messages().iterator().next().payload()).hasSize(3);
      listener.close();
      taken.close();
    }
    InParallel.await(() -> Files.notExists(socket, LinkOption.NOFOLLOW_LINKS));
    assertThat(contents()).isEmpty();
  }

  @Test
  void aSocketThatADeadProcessLeftIsReplaced() throws Exception {
    Path socket = folder.resolve("x.sock");
    leaveStale(socket);
    assertThat(connector.check(Address.parse("unix-listen://" + socket), true))
        .contains("a dead process left its socket");
    try (Listener _ = listen(socket, "")) {
      connect(socket).close();
      assertThat(contents()).containsExactly(socket);
    }
    assertThat(contents()).isEmpty();
  }

  @Test
  void aSocketThatIsListenedOnIsLeftAlone() throws Exception {
    Path socket = folder.resolve("x.sock");
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(socket));
      assertThatThrownBy(() -> listen(socket, ""))
          .isInstanceOfSatisfying(
              PipeException.Refused.class,
              e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS))
          .hasMessageContaining("another process listens there");
      assertThatThrownBy(() -> connector.check(Address.parse("unix-listen://" + socket), true))
          .isInstanceOf(PipeException.Refused.class);
      connect(socket).close();
      assertThat(contents()).containsExactly(socket);
    }
  }

  @Test
  void aFileThatIsNoSocketIsLeftAlone() throws Exception {
    Path file = Files.writeString(folder.resolve("x.sock"), "dear");
    assertThatThrownBy(() -> listen(file, ""))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("is no socket; it is left alone");
    assertThat(file).hasContent("dear");
    assertThat(contents()).containsExactly(file);
  }

  @Test
  void ofTwoThatReplaceAStaleSocketAtOnceOneListens() throws Exception {
    for (int round = 0; round < 200; round++) {
      Path socket = folder.resolve("x" + round);
      leaveStale(socket);
      List<InParallel<UnixLinkListener>> all = new ArrayList<>();
      for (int count = 0; count < 2; count++) {
        all.add(InParallel.run(() -> UnixLinkListener.bind(socket, 64, "here")));
      }
      int listening = 0;
      UnixLinkListener winner = null;
      for (InParallel<UnixLinkListener> each : all) {
        try {
          winner = each.join();
          listening++;
        } catch (PipeException e) {
          assertThat(e).hasMessageContaining("another process listens there");
        }
      }
      assertThat(listening).isEqualTo(1);
      connect(socket).close();
      java.util.Objects.requireNonNull(winner).close();
      assertThat(contents()).isEmpty();
    }
  }

  @Test
  void anotherFileAtItsPathIsNotRemovedWithTheListener() throws Exception {
    Path socket = folder.resolve("x.sock");
    Listener listener = listen(socket, "");
    Files.delete(socket);
    Files.writeString(socket, "another one");
    listener.close();
    assertThat(socket).hasContent("another one");
  }

  @Test
  void namesShareASocket() throws Exception {
    Path socket = folder.resolve("x.sock");
    Listener one = listen(socket, "?name=one");
    Listener two = listen(socket, "?name=two");
    try (Pipe pipe =
        connector.connect(Address.parse("unix://" + socket + "?name=two"), ends.messages())) {
      pipe.send("for two".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      Pipe taken = ends.accept(two);
      assertThat(taken.messages().iterator().next().text()).isEqualTo("for two");
      taken.close();
    }
    one.close();
    two.close();
    InParallel.await(() -> Files.notExists(socket, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void aListenerMayStartAfterItsDialer() throws Exception {
    Path socket = folder.resolve("x.sock");
    Address address = Address.parse("unix://" + socket);
    try (Pipe pipe = connector.connect(address, ends.messages())) {
      InParallel<Pipe.Sent> sent = InParallel.run(() -> pipe.send(new byte[3]));
      try (Listener listener = listen(socket, "")) {
        Pipe taken = ends.accept(listener);
        assertThat(taken.messages().iterator().next().payload()).hasSize(3);
        sent.join();
        taken.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unix-listen://host/run/x.sock",
        "unix-listen://./x.sock?name=\u0007",
        "unix-listen://:9000/x.sock",
        "unix-listen:///",
        "unix-listen:///tmp/",
        "unix-listen:///no/such/folder/x.sock",
        "unix-listen:///tmp/x.sock?colour=red",
      })
  void whatCannotBeIsSaidBeforeAnythingIsOpened(String text) throws Exception {
    Address address = Address.parse(text);
    assertThatThrownBy(() -> connector.listen(address, ends.messages()))
        .isInstanceOf(PipeException.Config.class);
  }

  @Test
  void aPathThatIsTooLongForTheSystemIsSaidSo() throws Exception {
    Address address = Address.parse("unix-listen:///tmp/" + "x".repeat(120));
    assertThatThrownBy(() -> connector.listen(address, ends.messages()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("at most 107 bytes, this one needs 125");
  }

  @Test
  void checkingADialerTriesIt() throws Exception {
    Path socket = folder.resolve("x.sock");
    Address address = Address.parse("unix://" + socket);
    assertThatThrownBy(() -> connector.check(address, true))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("there is no socket");
    leaveStale(socket);
    assertThatThrownBy(() -> connector.check(address, true))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("is the other end started?");
    try (Listener _ = listen(socket, "")) {
      assertThat(connector.check(address, true)).contains("takes connections");
    }
  }

  private Listener listen(Path socket, String options) throws PipeException {
    return connector.listen(Address.parse("unix-listen://" + socket + options), ends.messages());
  }

  private static SocketChannel connect(Path socket) throws java.io.IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  private static void leaveStale(Path socket) throws java.io.IOException {
    ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(socket))
        .close();
  }

  private List<Path> contents() throws java.io.IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
