package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tokens: both sides prove that they know one, or nothing comes of the link. */
final class SessionAuthTest {
  private final Pair pair = Pair.oneWay();

  private static Pair withTokens(Pair pair) {
    pair.tokens.dialers = Tokens.key("secret");
    pair.tokens.acceptors = Tokens.key("secret");
    return pair;
  }

  @Test
  void bothSidesProveTheTokenAndTheStreamGoesThrough() {
    withTokens(pair).connect();
    pair.dialer.send("hello");
    pair.dialer.session().finish();
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.acceptor.apply(pair.now);
    pair.settle();
    assertThat(pair.dialer.session().outgoingFinished()).isTrue();
    assertThat(said(pair.dialer)).startsWith("Hello", "Proof", "Welcome");
    assertThat(said(pair.acceptor)).startsWith("Hello", "Proof", "Welcome");
  }

  @Test
  void everyLinkOfASessionIsProvedAnew() {
    withTokens(pair).connect().settle();
    pair.dialer.send("hello");
    pair.settle().cut().connect().settle();
    assertThat(pair.dialer.session().linkCount()).isEqualTo(2);
    assertThat(said(pair.dialer)).filteredOn("Proof"::equals).hasSize(2);
  }

  @Test
  void anotherSecretIsRefusedBeforeTheSessionHearsOfIt() {
    withTokens(pair).tokens.dialers = Tokens.key("secreT");
    pair.connect().settle();
    assertRefusedByTheListener();
  }

  @Test
  void whoHasNoTokenIsToldToBringOne() {
    withTokens(pair).tokens.dialers = null;
    pair.connect().settle();
    assertRefusedByTheListener();
    assertThat(of(pair.dialer.session().failure()).reason()).contains("token=@FILE");
  }

  @Test
  void aListenerWithoutTokensIsRefusedByWhoHasOne() {
    withTokens(pair).tokens.acceptors = null;
    pair.connect().settle();
    assertThat(of(pair.dialer.session().failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(pair.acceptor.session().isGreeted()).isFalse();
  }

  @Test
  void aListenerThatProvesNothingIsRefusedAndLearnsNoPosition() {
    Session dialer = claiming();
    dialer.onFrame(1, Frames.hello(), 0);
    assertThat(of(dialer.failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(dialer.isGreeted()).isFalse();
  }

  @Test
  void aListenerWithAnotherSecretIsRefused() {
    withTokens(pair).tokens.onTheWay =
        frame -> frame instanceof Frame.Proof ? new Frame.Proof(new byte[32]) : frame;
    pair.tokens.acceptors = anyProof();
    pair.connect().settle();
    assertThat(of(pair.dialer.session().failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(of(pair.dialer.session().failure()).reason()).contains("did not prove");
    assertThat(pair.dialer.session().isOpen()).isFalse();
  }

  @Test
  void aProofOfAnotherLinkIsOfNoUse() {
    List<Frame> old = new ArrayList<>();
    withTokens(pair).tokens.onTheWay =
        frame -> {
          if (frame instanceof Frame.Proof) {
            old.add(frame);
            return old.getFirst();
          }
          return frame;
        };
    pair.acceptor.sends = true;
    pair.connect().settle();
    // The first proof on the way back is the dialer's own.
    assertThat(of(pair.dialer.session().failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
    pair.dialer = new Side("stream-1", 0xA);
    Pair next = withTokens(new Pair(pair.dialer, new Side("unused", 0xB)));
    next.tokens.onTheWay = frame -> frame instanceof Frame.Proof ? old.getFirst() : frame;
    next.connection = 5;
    next.connect().settle();
    assertThat(of(next.dialer.session().failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(of(next.refusal).code()).isEqualTo(Code.UNAUTHENTICATED);
  }

  @Test
  void aProofThatWasPassedOnFromAnotherTlsConnectionIsRefused() {
    withTokens(pair).tokens.acceptorsChannel = new byte[] {1, 2, 4};
    pair.connect().settle();
    assertRefusedByTheListener();
  }

  @Test
  void bindingIsAgreedUponOrRefusedInWords() {
    withTokens(pair).tokens.dialersBinding = Frame.Binding.NONE;
    pair.connect().settle();
    assertRefusedByTheListener();
    assertThat(of(pair.dialer.session().failure()).reason())
        .contains("binding=none on both sides or on neither");
  }

  @Test
  void aChallengeWithAWeakerBindingIsNotAnswered() {
    Session dialer = claiming();
    dialer.onFrame(1, new Frame.Challenge(Frame.Binding.NONE, Frames.BOB), 0);
    assertThat(of(dialer.failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
  }

  /** What can be changed in a HELLO on its way, the version range among it. */
  static Stream<Frame.Hello> changedHellos() {
    Frame.Hello said = Frames.hello();
    return Stream.of(
        changed(said, 0, 1, 0, said.stream(), said.next()),
        changed(said, 1, 255, 0, said.stream(), said.next()),
        changed(said, 1, 1, 0x40, said.stream(), said.next()),
        changed(said, 1, 1, 0, "another", said.next()),
        changed(said, 1, 1, 0, said.stream(), said.next() + 1));
  }

  @ParameterizedTest
  @MethodSource("changedHellos")
  void aHelloThatWasChangedOnTheWayIsFound(Frame.Hello changed) {
    for (boolean ofDialer : new boolean[] {true, false}) {
      Pair each = withTokens(Pair.oneWay());
      each.tokens.onTheWay =
          frame ->
              frame instanceof Frame.Hello hello && (hello.claim() != null) == ofDialer
                  ? changed(
                      hello,
                      changed.versionMin(),
                      changed.versionMax(),
                      changed.otherFlags(),
                      changed.stream(),
                      changed.next())
                  : frame;
      each.connect().settle();
      assertThat(of(each.dialer.session().failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
      assertThat(each.dialer.session().linkCount()).isZero();
    }
  }

  /** Terrapin: nothing may be slipped in before the proof, not even what is skipped otherwise. */
  @Test
  void nothingIsHeardBeforeTheProofButARefusal() {
    List<Frame> slipped =
        List.of(
            new Frame.Skipped(200),
            new Frame.Ping(1),
            new Frame.Pong(1),
            new Frame.GoAway("elsewhere"),
            new Frame.Abort(0, "no"),
            new Frame.Welcome(Frames.BOB, 1, 0, 0L, 100, null, 0),
            new Frame.Bye());
    for (Frame each : slipped) {
      Session dialer = claiming();
      dialer.onFrame(1, each, 0);
      assertThat(of(dialer.failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
    }
  }

  @Test
  void proofsOfTokensThatNobodySpokeOfAreOutOfTurn() {
    pair.connect().settle();
    pair.dialer.session().onFrame(1, new Frame.Proof(new byte[32]), pair.now);
    assertThat(of(pair.dialer.session().failure()).code()).isEqualTo(Code.INVALID_ARGUMENT);
    pair.acceptor
        .session()
        .onFrame(1, new Frame.Challenge(Frame.Binding.NONE, Frames.BOB), pair.now);
    assertThat(of(pair.acceptor.session().failure()).code()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void aSecondChallengeIsOutOfTurn() {
    Session dialer = claiming();
    Frame challenge = new Frame.Challenge(Frame.Binding.TLS_EXPORTER, Frames.BOB);
    dialer.onFrame(1, challenge, 0);
    assertThat(dialer.wantsToSend(0)).isTrue();
    dialer.onFrame(1, challenge, 0);
    assertThat(of(dialer.failure()).code()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void anAdmissionIsForTheHelloThatItWasGivenFor() {
    Gate gate = new Gate(Frame.Binding.NONE, new byte[0], Frames.BOB);
    Credentials credentials =
        new Credentials(
            Tokens.NAME, Tokens.key("s"), Frame.Binding.NONE, () -> new byte[0], Frames.ALICE);
    Frame.Hello claiming = Frames.hello().withClaim(credentials.claim());
    assertThat(gate.onHello(claiming)).isNull();
    byte[] mac = Proofs.ofDialer(Tokens.key("s"), new byte[0], claiming, gate.challenge());
    Admission admission = gate.onProof(new Frame.Proof(mac), Tokens.key("s"));
    assertThat(admission).isNotNull();
    Frame.Hello other = changed(claiming, 1, 1, 0, "another", 20);
    Session session = Pair.oneWay().acceptor.session();
    assertThat(of(session.onAccept(other, admission, 0)).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(of(session.onAccept(claiming, null, 0)).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(session.onAccept(claiming, admission, 0)).isNull();
  }

  @Test
  void aProofIsComparedToItsLastByte() {
    byte[] mac = Tokens.key("s").mac(new byte[0]);
    for (int index = 0; index < mac.length; index++) {
      byte[] other = mac.clone();
      other[index] ^= 1;
      assertThat(Proofs.isEqual(mac, other)).isFalse();
    }
    assertThat(Proofs.isEqual(mac, mac.clone())).isTrue();
    assertThat(Proofs.isEqual(mac, new byte[0])).isFalse();
  }

  private static SessionFailure of(@Nullable SessionFailure failure) {
    return Objects.requireNonNull(failure);
  }

  private void assertRefusedByTheListener() {
    assertThat(of(pair.refusal).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(of(pair.dialer.session().failure()).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(pair.acceptor.session().isGreeted()).isFalse();
    assertThat(pair.acceptor.session().connection()).isZero();
    assertThat(pair.acceptor.sent).isEmpty();
  }

  /** A dialer whose HELLO with its claim is out. */
  private static Session claiming() {
    Side side = new Side("stream-1", 0xA);
    Credentials credentials =
        new Credentials(
            Tokens.NAME,
            Tokens.key("secret"),
            Frame.Binding.TLS_EXPORTER,
            () -> new byte[] {1, 2, 3},
            Frames.ALICE);
    side.session().onDial(1, credentials, 0);
    side.session().poll(side.transmit, 0);
    side.transmit.clear();
    return side.session();
  }

  /** A gate that this key opens for anybody: its owner does not know the token. */
  private static TokenKey anyProof() {
    return message -> new byte[TokenKey.MAC_BYTES];
  }

  private static List<String> said(Side side) {
    return side.sent.stream().map(frame -> frame.getClass().getSimpleName()).toList();
  }

  private static Frame.Hello changed(
      Frame.Hello hello, int versionMin, int versionMax, int flags, String stream, long next) {
    return new Frame.Hello(
        versionMin,
        versionMax,
        hello.sends(),
        hello.receives(),
        hello.ackLevel(),
        hello.encoding(),
        hello.instance(),
        hello.connection(),
        hello.name(),
        stream,
        hello.positioned(),
        hello.heldFrom(),
        next,
        hello.epoch(),
        hello.keepsLink(),
        hello.takesOver(),
        hello.claim(),
        flags);
  }
}
