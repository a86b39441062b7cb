package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of one direction: what came, what survives, what was applied, and what may
 * still come.
 *
 * <p>{@code durable <= received}, {@code applied <= received <= credit}. With a spool the two first
 * are told by different ones, and may come in any order; the peer hears of {@code applied} no more
 * than is durable, since it lets go of what it hears: a receiver that goes on from its spool could
 * not get it again. Without one, and where this side remembers, what is applied is durable. Data is
 * contiguous: a gap is a broken link. The credit is absolute, covers what the host has taken over
 * plus one window, and never falls; the window doubles whenever it held the sender back ({@link
 * WindowGrowth}), as far as the budget allows.
 *
 * <p>The epoch and the writer's instance are the fence: another writer gets the next epoch, and
 * only one link is listened to at a time ({@link Session}).
 */
public final class Inbound {
  /**
   * Of a wide window less than a quarter may be news: on a long path what was acknowledged late is
   * missing from what is under way.
   */
  private static final long ACK_BYTES_MAX = 1 << 20;

  /** So many writers that were replaced are known again. */
  private static final int REPLACED_COUNT_MAX = 64;

  private final SessionConfig config;
  private final DigestFunction digest;
  private final CreditBudget budget;
  private final long windowBytesMin;
  private final long windowBytesMax;

  /** Whether the digest is that of the whole stream, and not of a part that a writer began. */
  private boolean digestWhole = true;

  private final ArrayDeque<Delivery> deliveries = new ArrayDeque<>();
  private final Rejections rejections = new Rejections();

  private @Nullable String stream;

  /** Whether a writer of it has answered; until then another stream may come in its place. */
  private boolean met;

  private Frame.@Nullable Id writer;

  /** Those before it: one of their greetings may have been on its way until now. */
  private final ArrayDeque<Frame.Id> replaced = new ArrayDeque<>();

  /** The one before it, as long as the present one may be dead already; null when it is not. */
  private @Nullable Writer before;

  private Frame.AckLevel ackLevel = Frame.AckLevel.APPLIED;

  /** The highest that was given; whoever got it may never have answered. */
  private long epoch;

  /** Of the last writer that answered: a lower one is of somebody who was replaced. */
  private long answeredEpoch;

  /** Whether the writer's epoch was given to another one that never answered. */
  private boolean epochSpent;

  private long startPosition;
  private long received;
  private long receivedDigest = DigestFunction.EMPTY;

  /** Whether the writer counts its digest from where this side counts. */
  private boolean digestShared = true;

  private byte @Nullable [] cursor;
  private long cursorPosition;
  private long durable;
  private @Nullable Long durableDigest;
  private long applied;
  private @Nullable Long appliedDigest;
  private long duplicateBytes;

  private long window;
  private long consumed;
  private long credit;
  private boolean pressed;
  private final WindowGrowth growth = new WindowGrowth();

  /** Whether the host's sink commits only at the end, and whether the peer has to be told. */
  private boolean appliesAtEnd;

  private boolean appliesAtEndDue;

  private long ackedReceived;
  private long ackedDurable;
  private long ackedApplied;
  private long ackedCredit;

  private boolean finSeen;

  /** Whether the present writer said so: an answer to the one before is none to it. */
  private boolean finOfWriter;

  private long finPosition;
  private @Nullable Long finDigest;
  private boolean finAckDue;
  private boolean finAcked;
  private boolean endHeld;
  private boolean durableEndHeld;

  Inbound(SessionConfig config) {
    this.config = config;
    this.digest = config.digest();
    this.budget = config.budget();
    this.window = config.windowBytesMin();
    this.windowBytesMin = config.windowBytesMin();
    this.windowBytesMax = config.windowBytesMax();
    credit = window;
  }

  /** The stream is known: it goes on from what is held of it. */
  private void begin(String known) {
    SessionConfig.InboundStart held = config.held().get(known);
    SessionConfig.InboundStart start =
        held == null
            ? new SessionConfig.InboundStart(known, 0, 0, DigestFunction.EMPTY, null)
            : held;
    Long startDigest = start.digest();
    stream = known;
    writer = null;
    digestWhole = startDigest != null;
    digestShared = digestWhole;
    epoch = Math.max(epoch, start.epoch());
    answeredEpoch = start.epoch();
    startPosition = start.position();
    received = startPosition;
    receivedDigest = startDigest == null ? DigestFunction.EMPTY : startDigest;
    cursor = start.cursor();
    cursorPosition = start.cursorPosition();
    durable = received;
    // What a spool holds is its sink's only when that one says so.
    applied = config.spooled() ? 0 : received;
    consumed = received;
    credit = consumed + window;
  }

  /** Whether some stream would go on from what is held of it. */
  public boolean holdsAny() {
    return !config.held().isEmpty();
  }

  /** Where the stream went on when this session first met its sender. */
  public long startPosition() {
    return startPosition;
  }

  /** The stream's digest there; null when it is not known. */
  public @Nullable Long startDigest() {
    SessionConfig.InboundStart start = stream == null ? null : config.held().get(stream);
    return start == null ? Long.valueOf(DigestFunction.EMPTY) : start.digest();
  }

  /** How much has come. */
  public long received() {
    return received;
  }

  /** How much the sink has committed. */
  public long applied() {
    return applied;
  }

  /** How much survives a loss of power; 0 where nothing does. */
  public long durable() {
    return config.spooled() ? durable : config.remembers() ? applied : 0;
  }

  /** How much the peer may hear of as applied. */
  private long safelyApplied() {
    return config.spooled() ? Math.min(applied, durable) : applied;
  }

  /** Up to where data may come. */
  public long credit() {
    return credit;
  }

  /** The epoch of the writer that sent what came last. */
  public long epoch() {
    return answeredEpoch;
  }

  /** Bytes that came more than once and were dropped. */
  public long duplicateBytes() {
    return duplicateBytes;
  }

  /** The id of the stream; null until a writer of it was met and has answered. */
  public @Nullable String stream() {
    return met ? stream : null;
  }

  /** Whether the end was confirmed to the peer. */
  public boolean finAcked() {
    return finAcked;
  }

  /** Whether the sender has said where the stream ends. */
  boolean finSeen() {
    return finSeen;
  }

  /** Whether the stream ended and the host has taken all of it. */
  public boolean ended() {
    return finSeen && deliveries.isEmpty() && received == finPosition;
  }

  /** Whether the present writer is this one. */
  boolean isWriter(Frame.Id instance) {
    return instance.equals(writer);
  }

  /** Another stream, or a writer that was replaced, cannot have this pipe. Null: it is welcome. */
  @Nullable SessionFailure refusal(Frame.Hello hello) {
    String present = stream();
    SessionConfig.InboundStart start = present == null ? config.held().get(hello.stream()) : null;
    if (start != null && start.damage() != null) {
      return new SessionFailure(Code.DATA_LOSS, start.damage(), false);
    }
    long latest = start != null ? start.epoch() : present == null ? 0 : answeredEpoch;
    if (present != null && !present.equals(hello.stream())) {
      return new SessionFailure(
          Code.ALREADY_EXISTS,
          "this pipe already carries stream " + present + ", not " + hello.stream(),
          false);
    }
    boolean known = isWriter(hello.instance()) || (before != null && before.is(hello.instance()));
    boolean older = !known && hello.epoch() > 0 && hello.epoch() < latest;
    if (older || replaced.contains(hello.instance())) {
      return new SessionFailure(
          Code.FAILED_PRECONDITION,
          "stream "
              + hello.stream()
              + " has a newer writer, of epoch "
              + latest
              + "; the one of epoch "
              + hello.epoch()
              + " was replaced",
          false);
    }
    return hello.epoch() < FrameCodec.EPOCH_MAX
        ? null
        : new SessionFailure(Code.INVALID_ARGUMENT, "no epoch can follow " + hello.epoch(), false);
  }

  /**
   * The writer is accepted; what was received so far is where it goes on. A new one gets an epoch
   * above all that it or this side knows of: what this side knows may be older, when it was
   * restarted before its sink kept the last one.
   */
  Frame.Welcome welcome(Frame.Hello hello) {
    if (!met && !hello.stream().equals(stream)) {
      begin(hello.stream());
    }
    ackLevel = hello.ackLevel();
    boolean another = !isWriter(hello.instance());
    if (another || epochSpent) {
      before = another ? Writer.of(this) : before;
      epochSpent = false;
      writer = hello.instance();
      finOfWriter &= !another;
      epoch = Math.max(epoch, hello.epoch()) + 1;
      digestShared = another ? digestWhole : digestShared;
    }
    if (another && hello.takesOver()) {
      replaceBefore(); // It says so itself that the one before is out.
    }
    if (!digestShared) {
      receivedDigest = DigestFunction.EMPTY;
      finDigest = null;
    }
    ackedReceived = received;
    ackedDurable = 0;
    ackedApplied = 0;
    ackedCredit = credit;
    rejections.onLink();
    finAckDue = false;
    growth.onLink();
    appliesAtEndDue = appliesAtEnd;
    return new Frame.Welcome(
        config.remembers() ? Frame.Id.ofStream(hello.stream()) : config.receiver(),
        epoch,
        received,
        digestShared ? receivedDigest : null,
        credit,
        cursor,
        cursorPosition);
  }

  /** The writer has answered on the present link. */
  void onWriterAnswered() {
    met = stream != null;
    replaceBefore();
  }

  private void replaceBefore() {
    answeredEpoch = epoch;
    Writer last = before;
    before = null;
    Frame.Id instance = last == null ? null : last.instance();
    if (instance != null) {
      replaced.add(instance);
    }
    if (replaced.size() > REPLACED_COUNT_MAX) {
      replaced.remove();
    }
  }

  /** A writer that never answered may have greeted before it died, and be heard only now. */
  void onLinkOver() {
    Writer last = before;
    before = null;
    if (last != null && last.instance() != null) {
      last.restore(this);
      epochSpent = true;
    }
  }

  /** What goes with a writer. */
  private record Writer(
      Frame.@Nullable Id instance,
      boolean digestShared,
      long receivedDigest,
      @Nullable Long finDigest,
      boolean finOfWriter) {
    static Writer of(Inbound in) {
      return new Writer(
          in.writer, in.digestShared, in.receivedDigest, in.finDigest, in.finOfWriter);
    }

    boolean is(Frame.Id other) {
      return other.equals(instance);
    }

    void restore(Inbound in) {
      in.writer = instance;
      in.digestShared = digestShared;
      in.receivedDigest = receivedDigest;
      in.finDigest = finDigest;
      in.finOfWriter = finOfWriter;
    }
  }

  /** The data's lease is this side's from here on. */
  void onData(Frame.Data data, long nowNanos) throws ProtocolException {
    long end = data.position() + data.payload().remaining();
    if (data.position() > received) {
      data.lease().release();
      throw new ProtocolException(
          Code.ABORTED, "bytes " + received + " to " + data.position() + " did not come");
    }
    if (end > credit || (finSeen && end > finPosition)) {
      data.lease().release();
      throw new ProtocolException(
          Code.INVALID_ARGUMENT, "data up to " + end + " where " + credit + " was allowed");
    }
    if (end <= received) {
      duplicateBytes += data.payload().remaining();
      data.lease().release();
      return;
    }
    int oldBytes = (int) (received - data.position());
    duplicateBytes += oldBytes;
    ByteBuffer fresh = data.payload().slice(oldBytes, data.payload().remaining() - oldBytes);
    deliveries.add(new Delivery(received, fresh, data.lease(), data.cursor()));
    receivedDigest =
        oldBytes == 0
            ? digest.extend(receivedDigest, fresh, data.crc32c())
            : digest.extend(receivedDigest, fresh);
    received = end;
    pressed |= growth.onReceived(received, consumed, nowNanos);
    digestShared = true;
    if (data.cursor() != null) {
      cursor = data.cursor();
      cursorPosition = end;
    }
    pressed |= credit - received < window / 2;
  }

  void onFin(Frame.Fin fin) throws ProtocolException {
    Long known = finDigest;
    if (fin.position() != received || (known != null && known != fin.digest())) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT,
          "an end at " + fin.position() + " of a stream of which " + received + " came");
    }
    finSeen = true;
    finOfWriter = true;
    finPosition = fin.position();
    finDigest = fin.digest();
    digestShared = true;
    finAckDue = finAcked;
  }

  @Nullable Delivery pollDelivery() {
    return deliveries.poll();
  }

  /** Whether there are bytes to be taken over. */
  public boolean hasDelivery() {
    return !deliveries.isEmpty();
  }

  /** The host no longer holds so many of the delivered bytes. */
  void onConsumed(long bytes, long nowNanos) {
    consumed += bytes;
    if (pressed && growth.isTooSmall(window, consumed, nowNanos) && mayGrow()) {
      window *= 2;
      pressed = false;
    }
    credit = Math.max(credit, consumed + window);
  }

  private boolean mayGrow() {
    return window < windowBytesMax && budget.tryReserve(window);
  }

  void onApplied(long position, @Nullable Long digestThere) {
    if (position > received) {
      throw new IllegalStateException(
          "position " + position + " was applied before it came; received " + received);
    }
    if (position >= applied) {
      applied = position;
      appliedDigest = digestThere;
    }
  }

  void onDurable(long position, @Nullable Long digestThere) {
    if (position > received) {
      throw new IllegalStateException(
          "position " + position + " was kept before it came; received " + received);
    }
    if (position >= durable) {
      durable = position;
      durableDigest = digestThere;
    }
  }

  void holdEnd() {
    endHeld = true;
    durableEndHeld = config.spooled();
  }

  void releaseDurableEnd() {
    durableEndHeld = false;
  }

  void releaseEnd() {
    endHeld = false;
  }

  void onAppliesAtEnd() {
    appliesAtEndDue = !appliesAtEnd;
    appliesAtEnd = true;
  }

  /** Whether another message may be refused now; when not, the host waits for the peer. */
  public boolean takesRejects() {
    return rejections.takesMore();
  }

  void onRejected(Frame.Reject reject) {
    rejections.add(reject);
  }

  /** The end is known, all of it is there at the asked level: is it what the sender sent? */
  @Nullable SessionFailure settle() {
    Long expected = finDigest;
    if (!finOfWriter || expected == null || finAcked) {
      return null;
    }
    boolean applies =
        ackLevel == Frame.AckLevel.APPLIED
            || (ackLevel == Frame.AckLevel.DURABLE && !config.spooled());
    boolean keeps = config.spooled() && ackLevel != Frame.AckLevel.RECEIVED;
    if (received != finPosition
        || (applies && (endHeld || applied != finPosition))
        || (keeps && (durableEndHeld || durable != finPosition))) {
      return null;
    }
    Long atSink = applies ? appliedDigest : keeps ? durableDigest : null;
    long own = !digestWhole || atSink == null ? receivedDigest : atSink;
    if (own != expected) {
      return new SessionFailure(
          Code.DATA_LOSS,
          "the digest of "
              + stream
              + " up to "
              + finPosition
              + " is not the sender's: bytes were altered between the link and the sink",
          false);
    }
    finAcked = true;
    finAckDue = true;
    return null;
  }

  /**
   * Whether the host has finished the stream, whose present writer has not come to its end yet: he
   * took over from the one who did, and will be answered when he says it.
   */
  public boolean owesEnd() {
    return finSeen && !finOfWriter && !endHeld && !durableEndHeld && applied == finPosition;
  }

  /** Whether the peer should hear now, and not only along with something else. */
  boolean ackIsUrgent() {
    long quarter = Math.clamp(window / 4, 1, ACK_BYTES_MAX);
    return credit - ackedCredit >= quarter
        || durable() - ackedDurable >= quarter
        || safelyApplied() - ackedApplied >= quarter
        || (ackLevel == Frame.AckLevel.RECEIVED && received - ackedReceived >= quarter);
  }

  /** Whether there is anything that the peer does not know. */
  boolean ackIsPending() {
    return credit > ackedCredit || ackIsAwaited();
  }

  /**
   * Whether someone may wait to hear that the stream got further. For credit alone nobody does:
   * what the peer does not know of is less than a quarter of its window, or {@link #ackIsUrgent}.
   */
  boolean ackIsAwaited() {
    return safelyApplied() > ackedApplied
        || durable() > ackedDurable
        || (ackLevel == Frame.AckLevel.RECEIVED && received > ackedReceived);
  }

  /** Whether {@link #poll} has more than acknowledgements. */
  boolean wantsToSend() {
    return finAckDue || appliesAtEndDue || rejections.hasUnsent();
  }

  /**
   * Puts rejections, then the acknowledgement that passes them, then FIN_ACK.
   *
   * @return whether a PING should follow that confirms the rejections
   */
  boolean poll(Transmit out, boolean withAck, long nowNanos) {
    if (appliesAtEndDue && out.hasRoomForControl()) {
      out.control(new Frame.AppliesAtEnd(config.spooled()));
      appliesAtEndDue = false;
    }
    rejections.poll(out);
    if (rejections.hasUnsent()) {
      return false; // No acknowledgement passes one.
    }
    if (withAck && ackIsPending() && out.hasRoomForControl()) {
      out.control(new Frame.Ack(received, durable(), safelyApplied(), credit));
      if (credit > ackedCredit) {
        growth.onTold(ackedCredit, nowNanos);
      }
      ackedReceived = received;
      ackedDurable = durable();
      ackedApplied = safelyApplied();
      ackedCredit = credit;
    }
    Long confirmed = finDigest;
    if (finAckDue && confirmed != null && out.hasRoomForControl()) {
      out.control(new Frame.FinAck(finPosition, confirmed));
      finAckDue = false;
    }
    return rejections.asks();
  }

  /** A PING that was sent behind the rejections was answered: the peer has them. */
  void onRejectsConfirmed() {
    rejections.onConfirmed();
  }

  /** Lets go of everything, when the session is over. */
  void close() {
    for (Delivery delivery : deliveries) {
      delivery.lease().release();
    }
    deliveries.clear();
    budget.release(window - windowBytesMin);
    window = windowBytesMin;
  }
}
