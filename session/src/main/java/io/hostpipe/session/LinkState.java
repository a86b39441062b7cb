package io.hostpipe.session;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link Session} knows of the link that carries it now: whose it is, how far the greeting
 * is, whether the peer lives, and how it ends. All but the counters begins anew with each link.
 *
 * <p>States: down; greeting (HELLO is out or in); open (both WELCOMEs passed); closing (nothing
 * more is heard, a last word may still go out).
 */
final class LinkState {
  private final Heartbeat heartbeat;

  private boolean up;
  private boolean closing;
  private boolean dropped;
  private long connection;
  private long number;
  private Frame.@Nullable Id dialer;
  private Frame.@Nullable Id acceptedFrom;
  private long acceptedNumber;
  private long count;
  private @Nullable String fault;
  private @Nullable SessionFailure refusal;
  private @Nullable Frame lastWord;

  private @Nullable Claimant claimant;
  private @Nullable Admission admission;
  private boolean helloDue;
  private boolean helloSeen;
  private Frame.@Nullable Welcome welcomeDue;
  private boolean welcomeSeen;
  private boolean welcomeSent;

  private boolean tellDue;
  private boolean pingDue;
  private boolean pongDue;
  private long pongNonce;
  private long nonce;
  private boolean confirmOutstanding;

  private boolean selfKeeps;
  private boolean peerKeeps;
  private boolean byeSent;
  private boolean byeSeen;

  LinkState(SessionConfig config) {
    this.heartbeat = new Heartbeat(config.heartbeatNanos(), config.handshakeNanos());
  }

  // ---------------------------------------------------------------- whose it is, and its end

  /** This side dialed; the number is higher than any connection before. */
  void dialed(Frame.Id self, long newNumber, @Nullable Credentials credentials, long nowNanos) {
    if (newNumber <= connection) {
      throw new IllegalArgumentException(
          "connection numbers grow: " + newNumber + " after " + connection);
    }
    connection = newNumber;
    begin(self, newNumber, nowNanos);
    claimant = credentials == null ? null : new Claimant(credentials);
  }

  /**
   * A peer dialed. Its numbers are its own: they may be some that another dialer has had, so this
   * side names its connections itself. With one dialer alone both are the same.
   */
  void accepted(Frame.Id peer, long newNumber, @Nullable Admission proved, long nowNanos) {
    acceptedFrom = peer;
    acceptedNumber = newNumber;
    connection = Math.max(connection + 1, newNumber);
    begin(peer, newNumber, nowNanos);
    admission = proved;
  }

  private void begin(Frame.Id newDialer, long newNumber, long nowNanos) {
    up = true;
    closing = false;
    dropped = false;
    number = newNumber;
    dialer = newDialer;
    fault = null;
    refusal = null;
    lastWord = null;
    claimant = null;
    admission = null;
    helloDue = true;
    helloSeen = false;
    welcomeDue = null;
    welcomeSeen = false;
    welcomeSent = false;
    tellDue = false;
    pingDue = false;
    pongDue = false;
    confirmOutstanding = false;
    selfKeeps = false;
    peerKeeps = false;
    byeSent = false;
    byeSeen = false;
    heartbeat.onLink(nowNanos);
  }

  boolean isUp() {
    return up;
  }

  /** Whether it is up and what comes in over it counts. */
  boolean isHeard() {
    return up && !closing;
  }

  /** Whether input from this connection is this link's, and counts. */
  boolean isHeard(long fromConnection) {
    return isHeard() && fromConnection == connection;
  }

  boolean isDialedBy(Frame.Id instance) {
    return instance.equals(dialer);
  }

  /** The answer to who claims what was not proved, or has dialed with such a number before. */
  @Nullable SessionFailure refusal(Frame.Hello hello, @Nullable Admission proved) {
    boolean claims = hello.claim() != null;
    if (claims != (proved != null) || (proved != null && !proved.isOf(hello))) {
      return new SessionFailure(
          Code.UNAUTHENTICATED,
          "this listener has no tokens, so it cannot prove that it knows the dialer's; give it"
              + " tokens=FILE, or leave token= away",
          false);
    }
    return hello.instance().equals(acceptedFrom) && hello.connection() <= acceptedNumber
        ? new SessionFailure(
            Code.ABORTED,
            "connection " + hello.connection() + " is not newer than " + acceptedNumber,
            false)
        : null;
  }

  /** This side's name for it; grows with every link. */
  long connection() {
    return connection;
  }

  /** The dialer's number of it. */
  long number() {
    return number;
  }

  long count() {
    return count;
  }

  void down() {
    up = false;
    closing = false;
    helloDue = false;
    welcomeDue = null;
  }

  /** Ends it without a word: another one may follow. */
  void drop(String why) {
    fault = why;
    closing = true;
    dropped = true;
  }

  /** Ends it because the peer said no for now. */
  void refused(SessionFailure told) {
    refusal = told;
    drop(told.reason());
  }

  /** Ends it because this peer is not welcome; another one may be. */
  void refuse(SessionFailure why) {
    refusal = why;
    fault = why.reason();
    close(new Frame.Failure(why.code(), why.reason()));
  }

  /** Ends it behind this last word; null for none. Behind the last BYE there is no other word. */
  void close(@Nullable Frame word) {
    if (isHeard()) {
      lastWord = hasSaidAll() ? null : word;
      closing = true;
    }
  }

  @Nullable Frame lastWord() {
    return lastWord;
  }

  void lastWordSent() {
    lastWord = null;
  }

  @Nullable String fault() {
    return fault;
  }

  @Nullable SessionFailure refusal() {
    return refusal;
  }

  boolean isDropped() {
    return dropped;
  }

  boolean isToClose() {
    return up && lastWord == null && (closing || (byeSent && byeSeen));
  }

  // ---------------------------------------------------------------- the greeting

  boolean helloSeen() {
    return helloSeen;
  }

  /** The peer's HELLO was accepted; this WELCOME answers it. */
  void onHelloSeen(Frame.Hello hello, Frame.Welcome answer) {
    helloSeen = true;
    welcomeDue = answer;
    peerKeeps = hello.keepsLink();
  }

  boolean welcomeSeen() {
    return welcomeSeen;
  }

  /** The peer's WELCOME was accepted. */
  void onWelcomeSeen() {
    welcomeSeen = true;
    count++;
  }

  boolean welcomeSent() {
    return welcomeSent;
  }

  boolean isOpen() {
    return up && helloSeen && welcomeSeen && welcomeSent;
  }

  /** What counts of a frame that came in: nothing, while the peer has still to prove itself. */
  @Nullable Frame hear(Frame frame) throws ProtocolException {
    if (hasHeardAll()) {
      if (frame instanceof Frame.Data data) {
        data.lease().release();
      }
      throw new ProtocolException(Code.ABORTED, "the peer spoke on behind its BYE");
    }
    Claimant proving = claimant;
    if (proving != null && proving.isPending()) {
      return proving.hear(frame);
    }
    requireTurn(frame);
    return frame;
  }

  /** What is about the stream comes when both sides have welcomed each other. */
  private void requireTurn(Frame frame) throws ProtocolException {
    if (frame instanceof Frame.Challenge || frame instanceof Frame.Proof) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT, "the peer wants or gives proof of a token that nobody spoke of");
    }
    boolean ofStream =
        switch (frame) {
          case Frame.Ack _, Frame.Reject _, Frame.AppliesAtEnd _ -> true;
          case Frame.Fin _, Frame.FinAck _, Frame.Bye _ -> true;
          case Frame.Hello _, Frame.Welcome _, Frame.Data _ -> false;
          case Frame.Challenge _, Frame.Proof _ -> false;
          case Frame.Ping _, Frame.Pong _, Frame.Skipped _ -> false;
          case Frame.Abort _, Frame.GoAway _, Frame.Failure _ -> false;
        };
    if (ofStream && !(helloSeen && welcomeSeen)) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT, "a frame of the stream before the greeting was over");
    }
  }

  boolean byeSent() {
    return byeSent;
  }

  boolean byeSeen() {
    return byeSeen;
  }

  void onByeSent() {
    byeSent = true;
  }

  void onByeSeen() {
    byeSeen = true;
  }

  // ---------------------------------------------------------------- another pipe on it

  /** Whether this side's HELLO says that its BYE will be its last word. */
  void offerKeeping(boolean offered) {
    selfKeeps = offered;
  }

  /** Whether BYE was this side's last word: whatever came behind it would be the next pipe's. */
  boolean hasSaidAll() {
    return keeps() && byeSent;
  }

  /** Whether BYE was the peer's last word. */
  boolean hasHeardAll() {
    return keeps() && byeSeen;
  }

  /** Whether both BYEs have passed, nothing follows them, and it may carry another pipe. */
  boolean isKept() {
    return isHeard() && hasSaidAll() && hasHeardAll();
  }

  private boolean keeps() {
    return selfKeeps && peerKeeps;
  }

  // ---------------------------------------------------------------- signs of life

  void onHeard(long nowNanos) {
    heartbeat.onHeard(nowNanos);
  }

  void onSent(long nowNanos) {
    heartbeat.onSent(nowNanos);
  }

  void onTime(long nowNanos) {
    switch (heartbeat.onTime(nowNanos, isOpen())) {
      case ALIVE -> {}
      case TELL -> tellDue = true;
      case ASK -> pingDue = true;
      case DEAD -> drop("the peer was silent for " + Heartbeat.MISSED_MAX + " heartbeats");
      case NOT_GREETED ->
          drop(
              "the peer did not answer the greeting in time; is it a Hostpipe? (plain programs are"
                  + " reached with raw+tcp)");
    }
  }

  long deadlineNanos() {
    return heartbeat.deadlineNanos(isOpen());
  }

  void onPing(Frame.Ping ping) {
    pongDue = true;
    pongNonce = ping.nonce();
  }

  /** Whether it answers the PING that {@link #confirm} made. */
  boolean onPong(Frame.Pong pong) {
    if (confirmOutstanding && pong.nonce() == nonce) {
      confirmOutstanding = false;
      return true;
    }
    return false;
  }

  /** A PING whose answer says that the peer has all that was sent before it. */
  Frame.Ping confirm() {
    confirmOutstanding = true;
    return new Frame.Ping(++nonce);
  }

  // ---------------------------------------------------------------- output

  boolean wantsToSend() {
    return helloDue || welcomeDue != null || tellDue || pingDue || pongDue || proofDue();
  }

  private boolean proofDue() {
    return claimant != null && claimant.proofDue();
  }

  /** Whether the HELLO is due, which is not asked for again. */
  boolean takeHelloDue() {
    boolean due = helloDue;
    helloDue = false;
    return due;
  }

  /** Puts the HELLO, with what it claims or what proves it. */
  void pollHello(Transmit transmit, Frame.Hello hello) {
    Claimant proving = claimant;
    transmit.control(proving == null ? hello : proving.claiming(hello));
    Admission proved = admission;
    if (proved != null) {
      transmit.control(proved.prove(hello));
    }
  }

  /** Puts what follows the HELLO of the greeting, and the signs of life. */
  void poll(Transmit transmit) {
    Claimant proving = claimant;
    if (proving != null && proving.proofDue()) {
      transmit.control(proving.takeProof());
    }
    Frame.Welcome due = welcomeDue;
    if (due != null) {
      welcomeDue = null;
      welcomeSent = true;
      transmit.control(due);
    }
    if ((pongDue || tellDue) && transmit.hasRoomForControl()) {
      transmit.control(new Frame.Pong(pongDue ? pongNonce : 0));
      pongDue = false;
      tellDue = false;
    }
    if (pingDue && transmit.hasRoomForControl()) {
      pingDue = false;
      heartbeat.onPingSent();
      transmit.control(new Frame.Ping(confirmOutstanding ? nonce : ++nonce));
    }
  }
}
