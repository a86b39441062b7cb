package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Digest;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.runtime.socket.TcpDialer;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.spi.Holdings;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import io.hostpipe.testkit.TokenProof;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.links.LinkTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens over plain sockets, and of them what is the same for every carrier. */
final class TokensTest extends LinkTokens {
  @TempDir Path folder;

  TokensTest() {
    super(TestEnds.tcp(), false);
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return new TcpDialer("127.0.0.1", listener.address().port()).dial();
  }

  @Test
  void aTokenWhoseTimeIsOverIsRefused() throws Exception {
    Files.writeString(tokens, "ops:" + SECRET + " expires=2020-01-01\n");
    Listener listener = listen("name", ends.raw());
    assertRefused(dial(listener, "name", ops, ends.raw()), Status.UNAUTHENTICATED);
    assertThat(ends.listenerTold).anyMatch(line -> line.contains("its time is over"));
  }

  @Test
  void aReaderReads() throws Exception {
    Path reader = file("reader", "reader:" + OTHER_SECRET);
    Listener listener = listen("name", ends.raw().withDirections(true, false));
    Pipe pipe = dial(listener, "name", reader, ends.raw().withDirections(false, true));
    InParallel<Long> received = InParallel.run(() -> Ends.receiveAll(pipe.source()));
    Ends.sendAll(ends.accept(listener), 1 << 20).join();
    assertThat(received.join()).isEqualTo(1 << 20);
  }

  @Test
  void aStreamBelongsToThePrincipalThatMadeIt() throws Exception {
    Files.writeString(tokens, "ops:" + SECRET + "\nthief:" + OTHER_SECRET + "\n");
    String unhurried = Ends.UNHURRIED + "&binding=none";
    Listener listener =
        ends.listen(
            "name", unhurried + "&tokens=" + tokens, ends.raw().withDirections(false, true));
    PipeContext writing =
        ends.raw().withDirections(true, false).withStream(new StreamId("orders-1"));
    Pipe pipe = ends.dial(listener.address().port(), "name", unhurried + "&token=@" + ops, writing);
    assertThat(pipe.sink().resume().position()).isZero();
    Pipe taken = ends.accept(listener);
    Path thief = file("thief", "thief:" + OTHER_SECRET);
    Throwable refused =
        assertRefused(
            dial(listener, "name", thief, writing.takingOver()), Status.PERMISSION_DENIED);
    assertThat(refused)
        .hasMessageContaining("stream orders-1 does not belong to token 'thief'")
        .hasMessageNotContaining("position");
    InParallel<Digest> sent = Ends.sendAll(pipe, 1 << 20);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(1 << 20);
    sent.join();
    assertThat(pipe.stats().resumes()).isZero();
  }

  /** What an earlier process of the listener has kept is not there for the first who asks. */
  @Test
  void aStreamThatAnEarlierProcessKeptBelongsToThePrincipalThatMadeIt() throws Exception {
    Files.writeString(tokens, "ops:" + SECRET + "\nthief:" + OTHER_SECRET + "\n");
    Map<StreamId, String> owners = new ConcurrentHashMap<>();
    PipeContext remembering =
        ends.raw()
            .withDirections(false, true)
            .withHoldings(owned(owners), PipeContext.KEPT_DURABLY);
    PipeContext writing =
        ends.raw().withDirections(true, false).withStream(new StreamId("orders-1"));
    Listener before = listen("name", remembering);
    Pipe pipe = dial(before, "name", ops, writing);
    pipe.sink().resume();
    ends.accept(before).close();
    pipe.close();
    before.close();
    assertThat(owners).containsEntry(new StreamId("orders-1"), "token 'ops'");
    Listener after = listen("name", remembering);
    Path thief = file("thief", "thief:" + OTHER_SECRET);
    assertRefused(dial(after, "name", thief, writing), Status.PERMISSION_DENIED);
    assertThat(dial(after, "name", ops, writing).sink().resume().position()).isZero();
    ends.accept(after);
  }

  private static Holdings owned(Map<StreamId, String> owners) {
    return new Holdings() {
      @Override
      public @Nullable Resume held(StreamId stream) {
        return null;
      }

      @Override
      public List<StreamId> heldStreams() {
        return List.of();
      }

      @Override
      public @Nullable String owner(StreamId stream) {
        return owners.get(stream);
      }

      @Override
      public void own(StreamId stream, String principal) {
        owners.put(stream, principal);
      }
    };
  }

  @Test
  void theFileIsReadAgainWhenItChangesAndPipesGoOn() throws Exception {
    Listener listener = listen("name", ends.raw().withDirections(false, true));
    PipeContext writing = ends.raw().withDirections(true, false);
    Pipe pipe = dial(listener, "name", ops, writing);
    pipe.sink().resume();
    Pipe taken = ends.accept(listener);
    Path fresh = file("fresh", "fresh:" + OTHER_SECRET);
    assertRefused(dial(listener, "name", fresh, writing), Status.UNAUTHENTICATED);
    Files.writeString(tokens, "fresh:" + OTHER_SECRET + "\n");
    Pipe next = dial(listener, "name", fresh, writing);
    next.sink().resume();
    ends.accept(listener);
    assertRefused(dial(listener, "name", ops, writing), Status.UNAUTHENTICATED);
    InParallel<Digest> sent = Ends.sendAll(pipe, 1 << 20);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(1 << 20);
    sent.join();
  }

  @Test
  void whatCannotBeReadAgainChangesNothingAndIsSaidOnce() throws Exception {
    Listener listener = listen("name", ends.raw().withDirections(false, true));
    PipeContext writing = ends.raw().withDirections(true, false);
    Files.writeString(tokens, "ops:" + SECRET + " maywrite\n");
    for (int count = 0; count < 2; count++) {
      Pipe pipe = dial(listener, "name", ops, writing);
      pipe.sink().resume();
      ends.accept(listener);
    }
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-r--r--"));
    dial(listener, "name", ops, writing).sink().resume();
    assertThat(ends.listenerTold)
        .filteredOn(line -> line.contains("stay in force"))
        .hasSize(2)
        .anyMatch(line -> line.contains("line 1, token 'ops': there is no 'maywrite'"))
        .anyMatch(line -> line.contains("chmod 600"));
  }

  @Test
  void aDialerTakesANewSecretForItsNextLink() throws Exception {
    Listener listener = listen("name", ends.raw());
    FaultProxy proxy = ends.proxyTo(listener);
    Pipe pipe =
        dial(proxy.address().getPort(), "name", ops, ends.raw().withDirections(true, false));
    InParallel<Digest> sent = Ends.sendAll(pipe, 8 << 20);
    Pipe taken = ends.accept(listener);
    Ends.receiveUpTo(taken.source(), 1 << 20);
    Files.writeString(tokens, "ops:" + OTHER_SECRET + "\n");
    Files.writeString(ops, "ops:" + OTHER_SECRET + "\n");
    proxy.cutNow(Fault.RESET);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(8 << 20);
    sent.join();
  }

  @Test
  void whoSaysOtherThingsThanItsProofIsRefused() throws Exception {
    Listener listener = listen("name", ends.raw());
    for (Frame other : List.of(new Frame.Ping(1), new Frame.Bye(), RawPeer.hello("name").build())) {
      try (RawPeer stranger = RawPeer.dial(Ends.at(listener))) {
        stranger.send(TokenProof.claiming(RawPeer.hello("name").build(), "ops", 7));
        stranger.next(Frame.Challenge.class);
        stranger.send(other);
        assertThat(stranger.next(Frame.Failure.class).code()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(stranger.drain()).isZero();
      }
    }
  }

  @Test
  void aFileThatOthersCanReadIsRefused() throws Exception {
    Files.setPosixFilePermissions(ops, PosixFilePermissions.fromString("rw-r-----"));
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw----r--"));
    Listener listener = ends.listen("open", ends.raw());
    assertThatThrownBy(() -> dial(listener, "open", ops, ends.raw()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("others can reach it (rw-r-----); run: chmod 600 " + ops);
    assertThatThrownBy(() -> listen("name", ends.raw()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("chmod 600 " + tokens);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "token=ops:s3cret-s3cret-s3cret-of-ops&binding=none|@FILE or env:NAME",
        "token=env:HOSTPIPE_NO_SUCH_VARIABLE&binding=none|no variable",
        "token=@/no/such/file&binding=none|there is no file",
        "token=@OPS|write binding=none on both sides",
        "binding=none|there is no token",
        "token=@OPS&binding=tls|can only be 'none'",
        "token=@TOKENS&binding=none|holds 2 tokens"
      })
  void wordsThatDoNotGoTogetherAreRefusedBeforeAnyLink(String words) throws Exception {
    String[] parts = words.split("\\|", 2);
    String options = parts[0].replace("OPS", ops.toString()).replace("TOKENS", tokens.toString());
    assertThatThrownBy(() -> ends.dial(1, "name", options, ends.raw()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(parts[1])
        .hasMessageNotContaining("s3cret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ops:short",
        "ops",
        "o p s:s3cret-s3cret-s3cret-of-ops",
        "ops:s3cret-s3cret-s3cret-of-ops fly",
        "ops:s3cret-s3cret-s3cret-of-ops expires=tomorrow",
        "ops:s3cret-s3cret-s3cret-of-ops rate=fast",
        "ops:s3cret-s3cret-s3cret-of-ops pipes-max=many",
        "ops:s3cret-s3cret-s3cret-of-ops\nops:s3cret-s3cret-s3cret-of-ops"
      })
  void aLineThatIsWrongIsNamedByItsNumber(String lines) throws Exception {
    Files.writeString(tokens, "# one comment\n" + lines + "\n");
    assertThatThrownBy(() -> listen("name", ends.raw()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(tokens + " line ")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void aListenerIsOpenOrHasTokens() {
    assertThatThrownBy(
            () -> ends.listen("name", "auth=none&binding=none&tokens=" + tokens, ends.raw()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("say one of them");
  }

  @Test
  void allPipesOfOnePlaceHaveTheSameTokens() throws Exception {
    Listener listener = listen("name", ends.raw());
    assertThatThrownBy(() -> ends.listenAlso(listener, "open", ends.raw()))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("other tokens or limits");
  }

  /** The rights of its file protect a socket, and nobody sits between the two. */
  @Test
  void overAUnixSocketTokensNeedNoWord() throws Exception {
    try (Ends local = TestEnds.unix(folder)) {
      Listener listener = local.listen("name", "tokens=" + tokens, local.raw());
      InParallel<Pipe> taken = InParallel.run(() -> local.accept(listener));
      try (Pipe pipe =
          new UnixConnector()
              .connect(
                  Address.parse(
                      "unix:///" + listener.address().path() + "?name=name&token=@" + ops),
                  local.raw())) {
        assertThat(pipe.sink().resume().position()).isZero();
        taken.join();
      }
      assertThat(local.listenerTold).noneMatch(line -> line.contains("binding"));
    }
  }

  /** Nobody has to say anything about it: over TLS a proof is tied to the connection. */
  @Test
  void overTlsAProofIsTiedToTheConnection() throws Exception {
    try (Ends encrypted = TestEnds.tls(folder)) {
      Listener listener =
          encrypted.listen("name", Ends.SHORT + "&tokens=" + tokens, encrypted.raw());
      Pipe pipe =
          encrypted.dial(
              listener.address().port(),
              "name",
              Ends.SHORT + "&token=@" + ops,
              encrypted.raw().withDirections(true, false));
      InParallel<Digest> sent = Ends.sendAll(pipe, 3 << 20);
      assertThat(Ends.receiveAll(encrypted.accept(listener).source())).isEqualTo(3 << 20);
      sent.join();
      Pipe untied =
          encrypted.dial(
              listener.address().port(),
              "name",
              Ends.SHORT + "&binding=none&token=@" + ops,
              encrypted.raw());
      assertThat(assertRefused(untied, Status.UNAUTHENTICATED))
          .hasMessageContaining("ties tokens to the TLS connection");
      assertRefused(
          encrypted.dial(listener.address().port(), "name", encrypted.raw()),
          Status.UNAUTHENTICATED);
    }
  }
}
