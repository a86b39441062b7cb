package io.hostpipe.testkit.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Digest;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import io.hostpipe.testkit.TokenProof;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens over some carrier: who has one, who has not, and what each may do. */
@Timeout(240)
public abstract class LinkTokens {
  /** Of the token 'ops'. */
  protected static final String SECRET = "s3cret-s3cret-s3cret-of-ops";

  /** Of the token 'reader', and of others. */
  protected static final String OTHER_SECRET = "another-s3cret-of-somebody";

  /** Both sides' ends. */
  protected final Ends ends;

  /** What the listener asks for: 'ops', and 'reader' for the pipes na*. */
  protected Path tokens;

  /** The token 'ops'. */
  protected Path ops;

  @TempDir Path tokenFolder;

  private final boolean tied;
  private final String binding;
  private final List<Throwable> failures = new ArrayList<>();

  /**
   * Over the carrier of these ends; closed after each test.
   *
   * @param tied whether proofs are tied to the connections of the carrier; else both sides say
   *     binding=none
   */
  protected LinkTokens(Ends ends, boolean tied) {
    this.ends = ends;
    this.tied = tied;
    this.binding = tied ? "" : "&binding=none";
  }

  /** A link to a listener, for a peer that says what a test wants. */
  protected abstract Link link(Listener listener) throws IOException;

  @BeforeEach
  void writeTokens() throws IOException {
    tokens =
        file(
            "tokens",
            "# who may come\n\nops:" + SECRET + "\nreader:" + OTHER_SECRET + " read pipes=na*\n");
    ops = file("ops", "ops:" + SECRET + "\n");
  }

  /** Whatever was said, in messages and in the log: it was no secret. */
  @AfterEach
  void closeAllAndFindNoSecret() {
    ends.close();
    assertThat(Stream.of(ends.dialerTold, ends.listenerTold).flatMap(List::stream))
        .noneMatch(line -> line.contains("s3cret"));
    assertThat(failures).noneMatch(e -> String.valueOf(e).contains("s3cret"));
  }

  @Test
  void whoHasTheTokenGetsThroughAndBothSidesHearWhatItDoesNotProtect() throws Exception {
    Listener listener = listen("name", ends.raw());
    Pipe pipe = dial(listener, "name", ops, ends.raw().withDirections(true, false));
    InParallel<Digest> sent = Ends.sendAll(pipe, 3 << 20);
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(3 << 20);
    sent.join();
    for (List<String> told : List.of(ends.dialerTold, ends.listenerTold)) {
      assertThat(told)
          .filteredOn(line -> line.contains("binding=none: tokens keep"))
          .hasSize(tied ? 0 : 1);
    }
  }

  @Test
  void everyLinkAfterABreakIsProvedAnewAndNothingIsLost() throws Exception {
    Listener listener = listen("name", ends.raw());
    FaultProxy proxy = ends.proxyTo(listener);
    Pipe pipe =
        dial(proxy.address().getPort(), "name", ops, ends.raw().withDirections(true, false));
    InParallel<Digest> sent = Ends.sendAll(pipe, 24 << 20);
    Pipe taken = ends.accept(listener);
    for (int breaks = 1; breaks <= 5; breaks++) {
      Ends.receiveUpTo(taken.source(), (long) breaks * (3 << 20));
      proxy.cutNow(Fault.RESET);
    }
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(24 << 20);
    sent.join();
    assertThat(pipe.stats().resumes()).isPositive();
  }

  @Test
  void aPipeAfterAPipeIsProvedAnew() throws Exception {
    Listener listener = listen("name", ends.messages());
    for (int count = 0; count < 3; count++) {
      Pipe pipe = dial(listener, "name", ops, ends.messages());
      InParallel<Object> sent =
          InParallel.run(() -> {
            pipe.send(new byte[] {1}).awaitCommitted();
            return "sent";
          });
      Pipe taken = ends.accept(listener);
      taken.messages().iterator().next().commit();
      sent.join();
      pipe.sink().finish();
      taken.sink().finish();
      pipe.close();
      taken.close();
    }
    Path wrong = file("wrong", "ops:" + OTHER_SECRET);
    assertRefused(dial(listener, "name", wrong, ends.messages()), Status.UNAUTHENTICATED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ops:" + OTHER_SECRET, "nobody:" + SECRET})
  void aWrongSecretAndAnUnknownNameGetTheSameAnswer(String line) throws Exception {
    Listener listener = listen("name", ends.raw());
    String name = line.substring(0, line.indexOf(':'));
    Throwable refused =
        assertRefused(
            dial(listener, "name", file("mine", line), ends.raw()), Status.UNAUTHENTICATED);
    assertThat(refused)
        .hasMessageContaining(
            "token '"
                + name
                + "' was refused: it is unknown there, or expired, or has another secret");
    assertThat(ends.listenerTold)
        .filteredOn(each -> each.contains("turned away"))
        .hasSize(2)
        .anyMatch(each ->
            each.contains(name.equals("ops") ? "the proof is wrong" : "none of that name in"));
  }

  @Test
  void whoHasNoTokenIsToldToBringOne() throws Exception {
    Listener listener = listen("name", ends.raw());
    Pipe pipe = ends.dial(listener, "name", ends.raw());
    assertThat(assertRefused(pipe, Status.UNAUTHENTICATED))
        .hasMessageContaining("this listener wants a token");
  }

  @Test
  void aListenerThatHasNoTokensIsRefusedByWhoHasOne() throws Exception {
    Listener listener = ends.listen("name", ends.raw());
    assertThat(assertRefused(dial(listener, "name", ops, ends.raw()), Status.UNAUTHENTICATED))
        .hasMessageContaining("this listener has no tokens");
  }

  @Test
  void rightsNameThePipesAndTheDirection() throws Exception {
    Path reader = file("reader", "reader:" + OTHER_SECRET);
    Listener listener = listen("name", ends.raw().withDirections(false, true));
    Throwable writing =
        assertRefused(
            dial(listener, "name", reader, ends.raw().withDirections(true, false)),
            Status.PERMISSION_DENIED);
    assertThat(writing).hasMessageContaining("token 'reader' may not write to 'name'");
    // Whether there is such a pipe is no business of who may not have it.
    Throwable another =
        assertRefused(dial(listener, "x", reader, ends.raw()), Status.PERMISSION_DENIED);
    assertThat(another).hasMessageContaining("token 'reader' has no right to a pipe 'x'");
  }

  @Test
  void aProofThatWasSeenBeforeIsOfNoUse() throws Exception {
    Listener listener = listen("name", ends.raw());
    Frame.Binding how = tied ? Frame.Binding.TLS_EXPORTER : Frame.Binding.NONE;
    Frame.Hello hello = TokenProof.claiming(RawPeer.hello("name").build(), "ops", 7, how);
    Frame.Proof seen;
    Link first = link(listener);
    try (RawPeer honest = RawPeer.over(first)) {
      honest.send(hello);
      Frame.Challenge challenge = honest.next(Frame.Challenge.class);
      byte[] channel = tied ? Objects.requireNonNull(first.channelBinding()) : new byte[0];
      seen = TokenProof.ofDialer(SECRET, channel, hello, challenge);
      honest.send(seen);
      Frame.Hello answer = honest.next(Frame.Hello.class);
      assertThat(honest.next(Frame.Proof.class).mac())
          .isEqualTo(TokenProof.ofAcceptor(SECRET, channel, hello, challenge, answer).mac());
    }
    try (RawPeer replaying = RawPeer.over(link(listener))) {
      replaying.send(hello);
      replaying.next(Frame.Challenge.class);
      replaying.send(seen);
      assertThat(replaying.next(Frame.Failure.class).code()).isEqualTo(Code.UNAUTHENTICATED);
      assertThat(replaying.drain()).isZero();
    }
  }

  @Test
  void beforeTheProofNothingIsSaidOfAnyPipe() throws Exception {
    Listener listener = listen("name", ends.raw());
    Frame.Binding how = tied ? Frame.Binding.TLS_EXPORTER : Frame.Binding.NONE;
    try (RawPeer stranger = RawPeer.over(link(listener))) {
      stranger.send(TokenProof.claiming(RawPeer.hello("name").build(), "ops", 7, how));
      assertThat(stranger.next()).isInstanceOf(Frame.Challenge.class);
      stranger.send(new Frame.Proof(new byte[32]));
      Frame.Failure answer = stranger.next(Frame.Failure.class);
      assertThat(answer.code()).isEqualTo(Code.UNAUTHENTICATED);
      assertThat(answer.reason()).doesNotContain("listens").doesNotContain("pipe");
    }
  }

  /** Listens with the tokens. */
  protected final Listener listen(String name, PipeContext context) throws PipeException {
    return ends.listen(name, Ends.SHORT + binding + "&tokens=" + tokens, context);
  }

  /** Dials with a token. */
  protected final Pipe dial(Listener listener, String name, Path token, PipeContext context)
      throws PipeException {
    return dial(listener.address().port(), name, token, context);
  }

  /** Dials a port with a token. */
  protected final Pipe dial(int port, String name, Path token, PipeContext context)
      throws PipeException {
    return ends.dial(port, name, Ends.SHORT + binding + "&token=@" + token, context);
  }

  /** That the pipe was refused in this way, and why. */
  protected final Throwable assertRefused(Pipe pipe, Status status) throws InterruptedException {
    Throwable failure = InParallel.run(() -> pipe.sink().resume()).failure();
    failures.add(failure);
    assertThat(failure)
        .isInstanceOfSatisfying(
            PipeException.Refused.class, e -> assertThat(e.status()).isEqualTo(status));
    return failure;
  }

  /** A file that nobody else can read. */
  protected final Path file(String name, String text) throws IOException {
    Path file = tokenFolder.resolve(name);
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }
}
