package io.hostpipe.session;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One pipe's protocol, without input and output: the same pipe across all links that carry it.
 *
 * <p>Inputs are {@code on…}; output is {@link #poll}, to be drained after every input, and the
 * state that the accessors tell. Time is a parameter, in nanoseconds of any monotonic clock. What
 * the rules are and why stands in docs/PROTOCOL.md.
 *
 * <p>States of the link: none; greeting (HELLO is out or in); open (both WELCOMEs passed); closing
 * (what is left is drained, then {@link #linkIsToClose}). States of the session: live; failed
 * ({@link #failure}); complete (both directions ended and both sides know).
 *
 * <p>Invariants: input from any connection but the newest accepted one is ignored; each direction
 * keeps its own ({@link Outbound}, {@link Inbound}). A broken invariant throws {@link
 * IllegalStateException}, and the host drops this session.
 *
 * <p>Thread rule: one thread at a time.
 */
public final class Session {
  static final long NEVER = Long.MAX_VALUE;

  private final SessionConfig config;
  private final Outbound out;
  private final Inbound in;
  private final LinkState link;
  private final Ways ways;
  private final AckTimer ackTimer;

  private @Nullable SessionFailure farewell;
  private long lingerUntilNanos = NEVER;
  private boolean lingered;
  private @Nullable SessionFailure failure;

  /** A session without a link. */
  public Session(SessionConfig config) {
    this.config = config;
    this.out = new Outbound(config.stream(), config.ackLevel(), config.digest());
    this.in = new Inbound(config);
    this.link = new LinkState(config);
    this.ways = new Ways(config, out, in);
    this.ackTimer = new AckTimer(config.ackDelayNanos());
  }

  // ---------------------------------------------------------------- the link

  /** This side dialed, under a number above {@link #connection}; it, and the peer, prove these. */
  public void onDial(long newConnection, @Nullable Credentials credentials, long nowNanos) {
    ackTimer.stop();
    in.onLinkOver();
    link.dialed(config.instance(), newConnection, credentials, nowNanos);
  }

  /**
   * A peer dialed and its HELLO was read; the admission is there when the HELLO claims a token.
   *
   * @return null when the link is this session's from now on, under the name {@link #connection},
   *     and any older one is not, but for {@link #takeFarewell}; otherwise what to answer on that
   *     link, which stays the host's
   */
  public @Nullable SessionFailure onAccept(
      Frame.Hello hello, @Nullable Admission admission, long nowNanos) {
    if (failure != null) {
      return failure;
    }
    SessionFailure refusal = link.refusal(hello, admission);
    refusal = refusal == null ? ways.refusal(hello, true) : refusal;
    if (refusal != null) {
      return refusal;
    }
    boolean another = link.isUp() && !link.isDialedBy(hello.instance());
    if (another && !ways.replaces(hello)) {
      return ways.occupied();
    }
    // A link that this side dialed may lead to the same peer, which has not said so yet.
    boolean replaces = another && link.helloSeen() && !in.isWriter(hello.instance());
    farewell = replaces && !link.hasSaidAll() ? ways.replaced(hello) : null;
    ackTimer.stop();
    if (!in.isWriter(hello.instance())) {
      in.onLinkOver();
    }
    link.accepted(hello.instance(), hello.connection(), admission, nowNanos);
    greet(hello);
    return null;
  }

  /**
   * What the link before the present one is to hear as its last word, when it was taken away by a
   * new writer; null for nothing. Once. Whoever misses it hears the same when it dials again.
   */
  public @Nullable SessionFailure takeFarewell() {
    SessionFailure word = farewell;
    farewell = null;
    return word;
  }

  /** A frame came in. A DATA frame's lease is this side's from here on. */
  public void onFrame(long fromConnection, Frame frame, long nowNanos) {
    if (!link.isHeard(fromConnection)) {
      if (frame instanceof Frame.Data data) {
        data.lease().release();
      }
      return;
    }
    onBytes(fromConnection, nowNanos);
    try {
      Frame heard = link.hear(frame);
      if (heard != null) {
        onCurrentFrame(heard, nowNanos);
      }
    } catch (ProtocolException e) {
      if (e.code() == Code.ABORTED) {
        link.drop(e.reason());
      } else {
        fail(new SessionFailure(e.code(), e.reason(), false));
      }
    }
  }

  /** Bytes came in, whatever they are: the link lives. */
  public void onBytes(long fromConnection, long nowNanos) {
    if (fromConnection == link.connection()) {
      link.onHeard(nowNanos);
    }
  }

  /**
   * What came in was no frame. On a link that stood before, it was damaged on the way: it is
   * dropped and the stream goes on over the next one. A stranger who greets with garbage, where
   * there never was a peer, ends the session.
   */
  public void onGarbage(long fromConnection, ProtocolException garbage) {
    if (!link.isHeard(fromConnection)) {
      return;
    }
    if (link.count() > 0 || garbage.code() == Code.ABORTED) {
      link.drop(garbage.reason());
    } else {
      fail(new SessionFailure(garbage.code(), garbage.reason(), false));
    }
  }

  /** The link is gone. */
  public void onLinkDown(long fromConnection, long nowNanos) {
    if (!link.isUp() || fromConnection != link.connection()) {
      return;
    }
    link.down();
    in.onLinkOver();
    ackTimer.stop();
    if (lingerUntilNanos == NEVER && failure == null && ways.bothEnded() && peerMayAsk()) {
      lingerUntilNanos = nowNanos + config.lingerNanos();
    }
  }

  /** Time passed; to be called at {@link #deadlineNanos} at the latest, any time before is fine. */
  public void onTime(long nowNanos) {
    if (lingerUntilNanos <= nowNanos) {
      lingered = true;
      lingerUntilNanos = NEVER;
    }
    if (link.isHeard()) {
      ackTimer.onTime(nowNanos);
      link.onTime(nowNanos);
    }
  }

  /** When {@link #onTime} wants to be called again; {@link Long#MAX_VALUE} for never. */
  public long deadlineNanos() {
    long deadline = lingerUntilNanos;
    if (link.isHeard()) {
      deadline = Math.min(deadline, Math.min(ackTimer.deadlineNanos(), link.deadlineNanos()));
    }
    return deadline;
  }

  /**
   * Fills in what is to be written next on the current link.
   *
   * @return whether there is anything
   */
  public boolean poll(Transmit transmit, long nowNanos) {
    if (!link.isUp()) {
      return false;
    }
    transmit.begin(link.connection());
    if (link.isHeard() && !link.hasSaidAll()) {
      if (link.takeHelloDue()) {
        link.pollHello(transmit, ways.hello(link));
      }
      link.poll(transmit);
      if (isOpen() && failure == null) {
        pollStream(transmit, nowNanos);
      }
    }
    Frame word = link.lastWord();
    if (word != null) {
      transmit.control(word);
      link.lastWordSent();
    }
    transmit.finish();
    if (transmit.isEmpty()) {
      return false;
    }
    link.onSent(nowNanos);
    return true;
  }

  /** Whether {@link #poll} would fill in anything; cheap. */
  public boolean wantsToSend(long nowNanos) {
    if (!link.isHeard() || link.hasSaidAll()) {
      return link.isUp() && link.lastWord() != null;
    }
    return link.wantsToSend()
        || (isOpen()
            && failure == null
            && (outWantsToSend()
                || in.wantsToSend()
                || ackIsDue(nowNanos)
                || (ways.bothEndedHere() && !link.byeSent())));
  }

  /** Whether the link has served: when {@link #poll} has nothing more, the host closes it. */
  public boolean linkIsToClose() {
    return link.isToClose();
  }

  /** Whether all was said on it, and the next pipe may greet on it. */
  public boolean linkIsKept() {
    return link.isKept() && failure == null && ways.bothEnded();
  }

  /** Whether what still comes over the link is no longer this pipe's. */
  public boolean hasHeardAll() {
    return link.hasHeardAll();
  }

  /** Whether it was dropped: nothing of what is on its way matters any more, either way. */
  public boolean linkIsDropped() {
    return link.isDropped();
  }

  // ---------------------------------------------------------------- the application, outgoing

  /** The id of the stream that this side sends. */
  public String stream() {
    return config.stream();
  }

  /** Whether the peer takes what this side sends; true until its HELLO says otherwise. */
  public boolean peerReceives() {
    return ways.peerReceives();
  }

  /** The sending half, to look at. */
  public Outbound outgoing() {
    return out;
  }

  /** The bytes before the start were read again and have the receiver's digest. */
  public void onStartVerified() {
    out.verifiedFromStart();
  }

  /**
   * Appends to the outgoing stream.
   *
   * @param bytes the remaining bytes; kept, not copied, and not changed by anyone any more
   * @param lease what they lie in; this side's from here on
   * @param cursor the source's place behind them
   * @return the position behind them
   */
  public long append(ByteBuffer bytes, Lease lease, byte @Nullable [] cursor) {
    if (!ways.peerReceives() && bytes.hasRemaining()) {
      lease.release();
      fail(
          new SessionFailure(
              Code.FAILED_PRECONDITION, "the peer of '" + config.name() + "' only sends", false));
      return out.next();
    }
    return out.append(bytes, lease, cursor);
  }

  /** Ends the outgoing stream. */
  public void finish() {
    out.finish();
  }

  /** Gives the pipe up: tells the peer, if there is a link, and is over. */
  public void abort(String reason) {
    if (failure != null || isComplete()) {
      return;
    }
    failure = new SessionFailure(Code.CANCELLED, reason, false);
    link.close(new Frame.Abort(config.sends() ? out.next() : in.applied(), reason));
  }

  /** The next rejection by the peer; null when there is none. Once each. */
  public Frame.@Nullable Reject pollReject() {
    return out.pollReject();
  }

  /** Whether the peer has confirmed the end of the outgoing stream. */
  public boolean outgoingFinished() {
    return ways.outgoingFinished();
  }

  // ---------------------------------------------------------------- the application, incoming

  /** The receiving half, to look at. */
  public Inbound incoming() {
    return in;
  }

  /** The next received bytes in order; null when there are none now. */
  public @Nullable Delivery pollDelivery() {
    return in.pollDelivery();
  }

  /** Whether the incoming stream ended in good order and everything of it was taken over. */
  public boolean incomingEnded() {
    return ways.incomingEnded();
  }

  /** Whether the end of the incoming stream is applied and was confirmed to the peer. */
  public boolean incomingFinished() {
    return ways.incomingFinished();
  }

  /** The host let go of so many delivered bytes: that much more may come. */
  public void onConsumed(long bytes, long nowNanos) {
    in.onConsumed(bytes, nowNanos);
    scheduleAck(nowNanos);
  }

  /**
   * Everything before the position is applied.
   *
   * @param digest of the stream up to there as the sink has it; null when the sink does not tell
   */
  public void onApplied(long position, @Nullable Long digest, long nowNanos) {
    in.onApplied(position, digest);
    fail(in.settle());
    scheduleAck(nowNanos);
  }

  /**
   * Everything before the position survives a loss of power, whether or not it is applied. For a
   * receiver that keeps nothing, this is nothing.
   */
  public void onDurable(long position, long nowNanos) {
    in.onDurable(position, null);
    fail(in.settle());
    scheduleAck(nowNanos);
  }

  /** So does the end of the stream, at this position, with the digest of what was kept. */
  public void onDurableEnd(long position, @Nullable Long digest, long nowNanos) {
    in.onDurable(position, digest);
    in.releaseDurableEnd();
    fail(in.settle());
    scheduleAck(nowNanos);
  }

  /**
   * The host says by itself when its sink has finished: FIN_ACK waits for {@link #onFinished}, and
   * with a spool for {@link #onDurableEnd}.
   */
  public void holdEnd() {
    in.holdEnd();
  }

  /** The host's sink has finished the stream, which ends at this position. */
  public void onFinished(long position, @Nullable Long digest, long nowNanos) {
    in.releaseEnd();
    onApplied(position, digest, nowNanos);
  }

  /** The host's sink commits only when the stream has ended: the peer must not wait for it. */
  public void onAppliesAtEnd() {
    in.onAppliesAtEnd();
  }

  /** The message that ends at the position is refused for good; positions grow. */
  public void onRejected(long endPosition, int code, String reason) {
    in.onRejected(new Frame.Reject(endPosition, code, reason));
  }

  /** The host is about to wait for input: what the peer should know goes out now. */
  public void flushAcks() {
    if (in.ackIsAwaited()) {
      ackTimer.hurry();
    }
  }

  /** Whether a link stands and both sides have welcomed each other. */
  public boolean isOpen() {
    return link.isOpen();
  }

  /** Whether the peer of the current link has said who it is. */
  public boolean isGreeted() {
    return link.isUp() && link.helloSeen();
  }

  /** The name of the current or the last connection, for all inputs that ask for one; it grows. */
  public long connection() {
    return link.connection();
  }

  /** How many links have carried this session, the current one included. */
  public long linkCount() {
    return link.count();
  }

  /** Why the session is over before its streams are; null while it is not. */
  public @Nullable SessionFailure failure() {
    return failure;
  }

  /** Why the last link was dropped or refused, for the host's log; null when unknown. */
  public @Nullable String linkFault() {
    return link.fault();
  }

  /** Why one side refused the last link, when that may change: try again. Null otherwise. */
  public @Nullable SessionFailure linkRefusal() {
    return link.refusal();
  }

  /** Both directions ended, and the peer knows or had its time to ask. */
  public boolean isComplete() {
    boolean knows = (link.byeSent() && link.byeSeen()) || (!link.isUp() && !peerMayAsk());
    return failure == null && ways.bothEnded() && knows;
  }

  /** Lets go of all memory; the session is of no further use. */
  public void close() {
    link.down();
    out.close();
    in.close();
  }

  private void onCurrentFrame(Frame frame, long nowNanos) throws ProtocolException {
    switch (frame) {
      case Frame.Hello hello -> onHello(hello);
      case Frame.Welcome welcome -> onWelcome(welcome);
      case Frame.Data data -> onData(data, nowNanos);
      case Frame.Ack ack -> out.onAck(ack);
      case Frame.Reject reject -> out.onReject(reject);
      case Frame.AppliesAtEnd atEnd -> out.onAppliesAtEnd(atEnd);
      case Frame.Ping ping -> link.onPing(ping);
      case Frame.Pong pong -> {
        if (link.onPong(pong)) {
          in.onRejectsConfirmed();
        }
      }
      case Frame.Fin fin -> {
        if (!ways.hearsStream()) {
          throw new ProtocolException(
              Code.INVALID_ARGUMENT, "a FIN from a peer that sends nothing");
        }
        in.onFin(fin);
        fail(in.settle());
      }
      case Frame.FinAck finAck -> fail(out.onFinAck(finAck));
      case Frame.Bye bye -> onBye();
      case Frame.Abort abort ->
          endByPeer(
              new SessionFailure(
                  Code.CANCELLED,
                  "the peer gave up at position " + abort.position() + ": " + abort.reason(),
                  true));
      case Frame.GoAway goAway -> link.drop("the peer asked for another link: " + goAway.reason());
      case Frame.Failure refused -> onFailure(refused);
      case Frame.Challenge _, Frame.Proof _, Frame.Skipped _ -> {}
    }
    scheduleAck(nowNanos);
  }

  private void onHello(Frame.Hello hello) throws ProtocolException {
    if (link.helloSeen()) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a second HELLO on one link");
    }
    SessionFailure mismatch = Compatibility.mismatch(config, hello, false);
    SessionFailure refusal = ways.refusal(hello, false);
    if (refusal == null) {
      greet(hello);
    } else if (mismatch != null || refusal.code() == Code.DATA_LOSS) {
      fail(refusal);
    } else {
      link.refuse(refusal);
    }
  }

  private void greet(Frame.Hello hello) {
    link.onHelloSeen(hello, ways.greet(hello));
  }

  private void onWelcome(Frame.Welcome welcome) throws ProtocolException {
    if (!link.helloSeen() || link.welcomeSeen()) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a WELCOME out of turn");
    }
    if (ways.saysStream()) {
      SessionFailure refusal = out.onWelcome(welcome);
      if (refusal != null) {
        fail(refusal);
        return;
      }
    }
    link.onWelcomeSeen();
    in.onWriterAnswered();
    lingerUntilNanos = NEVER;
  }

  private void onData(Frame.Data data, long nowNanos) throws ProtocolException {
    if (!link.welcomeSent() || !ways.hearsStream()) {
      data.lease().release();
      throw new ProtocolException(Code.INVALID_ARGUMENT, "DATA before it was allowed");
    }
    in.onData(data, nowNanos);
  }

  private void onBye() throws ProtocolException {
    if (!ways.incomingFinished()) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a BYE before the end of the stream");
    }
    link.onByeSeen();
    if (link.hasHeardAll() && !ways.bothEnded()) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a BYE before an answer to FIN");
    }
  }

  private void onFailure(Frame.Failure refused) {
    SessionFailure told = new SessionFailure(refused.code(), refused.reason(), true);
    if (Code.retryable(refused.code())) {
      link.refused(told);
    } else {
      endByPeer(told);
    }
  }

  /** The peer ended the session: nothing more is said. */
  private void endByPeer(SessionFailure told) {
    failure = told;
    link.close(null);
  }

  private void fail(@Nullable SessionFailure why) {
    if (why != null && failure == null) {
      failure = why;
      link.close(new Frame.Failure(why.code(), why.reason()));
    }
  }

  private void scheduleAck(long nowNanos) {
    if (isOpen() && ways.hearsStream() && in.ackIsAwaited() && !link.hasSaidAll()) {
      ackTimer.onPending(nowNanos);
    }
  }

  private boolean ackIsDue(long nowNanos) {
    return ways.hearsStream()
        && (in.ackIsUrgent() || (in.ackIsPending() && ackTimer.isDue(nowNanos)));
  }

  private void pollStream(Transmit transmit, long nowNanos) {
    boolean sendsData = outWantsToSend();
    boolean withAck = ways.hearsStream() && (sendsData || ackIsDue(nowNanos) || in.wantsToSend());
    if (in.poll(transmit, withAck, nowNanos)) {
      transmit.control(link.confirm());
    }
    if (!in.ackIsPending()) {
      ackTimer.stop();
    }
    if (sendsData) {
      out.poll(transmit);
    }
    if (ways.bothEndedHere()
        && !link.byeSent()
        && !in.wantsToSend()
        && transmit.hasRoomForControl()) {
      link.onByeSent();
      transmit.control(new Frame.Bye());
    }
    scheduleAck(nowNanos);
  }

  private boolean outWantsToSend() {
    return ways.saysStream() && out.wantsToSend();
  }

  /** Whether the peer may not know yet that its stream has ended, and come to ask. */
  private boolean peerMayAsk() {
    return ways.hearsStream() && !link.byeSeen() && !lingered;
  }
}
