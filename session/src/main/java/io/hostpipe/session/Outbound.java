package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of one direction: what was appended, sent, and acknowledged.
 *
 * <p>{@code released <= heldFrom's segment end}, {@code heldFrom <= sent <= next}, {@code sent <=
 * credit} at all times. Everything from {@code heldFrom} on is kept in segments, a singly linked
 * list in stream order, and let go of when the peer acknowledged it at the asked level. Inside one
 * connection each byte is sent once; a new connection begins where the receiver says.
 *
 * <p>Each segment knows the digest of all before it, so the digest at any held position is one
 * partial digest away: that is what a resume compares.
 */
public final class Outbound {
  /** So many rejections may wait for the host to take them. */
  static final int REJECTS_COUNT_MAX = 65_536;

  private final String stream;
  private final Frame.AckLevel ackLevel;
  private final DigestFunction digest;
  private final CRC32C crc = new CRC32C();
  private final ArrayDeque<Frame.Reject> rejects = new ArrayDeque<>();

  private boolean positioned;
  private long startPosition;
  private byte @Nullable [] startCursor;
  private long startCursorPosition;
  private @Nullable Long startDigest;
  private long verifiedFrom;
  private Frame.@Nullable Id receiver;
  private long epoch;

  private @Nullable Segment first;
  private @Nullable Segment last;
  private @Nullable Segment sending;
  private long next;
  private long digestNext;

  /** Below this position the digest is not known any more. */
  private long countedFrom;

  private long sent;
  private long sentHighest;
  private long sentAgainBytes;

  private long credit;
  private long received;
  private long durable;
  private long applied;
  private long rejectedHighest;

  /** Whether the peer's sink commits only when the stream has ended. */
  private boolean appliesAtEnd;

  /** Whether the peer keeps what comes before that, and says so. */
  private boolean keptBefore;

  private boolean finishing;
  private boolean finSent;
  private boolean finAcked;

  /** Whether the receiver of this link has confirmed it: another one may have to learn it anew. */
  private boolean finAckedHere;

  Outbound(String stream, Frame.AckLevel ackLevel, DigestFunction digest) {
    this.stream = stream;
    this.ackLevel = ackLevel;
    this.digest = digest;
  }

  /** Whether the receiver has said where the stream goes on. */
  public boolean positioned() {
    return positioned;
  }

  /** Where the stream went on when this session first met its receiver. */
  public long startPosition() {
    return startPosition;
  }

  /** The last of the source's places before the start that the receiver kept; null for none. */
  public byte @Nullable [] startCursor() {
    return startCursor;
  }

  /**
   * The position of that place. It may be lower than the start: then a source that goes there
   * yields bytes again that the receiver has, and the host leaves them out.
   */
  public long startCursorPosition() {
    return startCursorPosition;
  }

  /** The stream's digest at the start position; null when the receiver does not know. */
  public @Nullable Long startDigest() {
    return startDigest;
  }

  /** From where on the digest was compared; 0 is the whole stream. */
  public long verifiedFrom() {
    return verifiedFrom;
  }

  /** The host read the bytes before the start again and found the same digest. */
  void verifiedFromStart() {
    if (startDigest != null) {
      verifiedFrom = 0;
    }
  }

  /** The position behind everything appended. */
  public long next() {
    return next;
  }

  /** The digest of everything appended. */
  public long digestNext() {
    return digestNext;
  }

  /** The lowest position that can still be sent again. */
  public long heldFrom() {
    Segment held = first;
    return held == null ? next : held.position;
  }

  /** Up to where the peer takes data. */
  public long credit() {
    return credit;
  }

  /** How much the peer has. */
  public long received() {
    return received;
  }

  /** How much the peer's sink has committed. */
  public long applied() {
    return applied;
  }

  /** What is acknowledged at the asked level. */
  public long acknowledged() {
    return switch (ackLevel) {
      case RECEIVED -> received;
      case DURABLE -> durable;
      case APPLIED -> applied;
    };
  }

  /** How much survives a loss of power at the peer. */
  public long durable() {
    return durable;
  }

  /**
   * What this side no longer holds for its receiver: all that is acknowledged, and all that the
   * receiver would have after a loss of power. Where the sink commits at the end only and nothing
   * is kept before, it is all that was received, or a stream longer than the window would wait for
   * its own end.
   */
  public long letGo() {
    return appliesAtEnd() && !keptBefore ? received : Math.max(acknowledged(), durable);
  }

  /** Whether what is asked for comes only when the stream has ended. */
  public boolean appliesAtEnd() {
    return appliesAtEnd && ackLevel == Frame.AckLevel.APPLIED;
  }

  /** Bytes that were sent more than once. */
  public long sentAgainBytes() {
    return sentAgainBytes;
  }

  /** Whether the end was set. */
  public boolean finishing() {
    return finishing;
  }

  /** Whether the peer has confirmed the end. */
  public boolean finAcked() {
    return finAcked;
  }

  /** Whether the end was set, and the receiver of this link has not confirmed it. */
  boolean awaitsFinAck() {
    return finishing && !finAckedHere;
  }

  /** The epoch that the receiver gave. */
  public long epoch() {
    return epoch;
  }

  Frame.@Nullable Reject pollReject() {
    return rejects.poll();
  }

  long append(ByteBuffer bytes, Lease lease, byte @Nullable [] cursor) {
    if (!positioned || finishing) {
      throw new IllegalStateException(
          finishing ? "nothing follows the end of " + stream : stream + " has no position yet");
    }
    if (!bytes.hasRemaining()) {
      lease.release();
      return next;
    }
    int crc32c = FrameCodec.crc32c(bytes, crc);
    Segment segment = new Segment(next, digestNext, bytes, crc32c, lease, cursor);
    next += bytes.remaining();
    digestNext = digest.extend(digestNext, bytes, crc32c);
    Segment tail = last;
    if (tail == null) {
      first = segment;
    } else {
      tail.following = segment;
    }
    last = segment;
    if (sending == null) {
      sending = segment;
    }
    return next;
  }

  void finish() {
    finishing = true;
  }

  /** The receiver says where the stream goes on. Null when that can be done. */
  @Nullable SessionFailure onWelcome(Frame.Welcome welcome) {
    Frame.Id known = receiver;
    if (known != null && !known.equals(welcome.receiver())) {
      return failure(
          Code.FAILED_PRECONDITION,
          "the receiver of "
              + stream
              + " is another one than before and knows nothing of positions 0 to "
              + acknowledged()
              + "; it was restarted without its memory");
    }
    if (welcome.epoch() < epoch) {
      return failure(Code.INVALID_ARGUMENT, "epoch " + welcome.epoch() + " comes after " + epoch);
    }
    long position = welcome.position();
    if (!positioned) {
      begin(welcome);
    } else if (position < startPosition && acknowledged() <= startPosition) {
      return failure(
          Code.OUT_OF_RANGE,
          "the receiver of "
              + stream
              + " was restarted before it had kept all that the sender before this one sent, and"
              + " goes on at "
              + position
              + "; this one began at "
              + startPosition
              + ": start it again to go back");
    } else if (position < heldFrom() || position > next) {
      return failure(
          Code.DATA_LOSS,
          "the receiver of "
              + stream
              + " goes on at "
              + position
              + ", but this side holds "
              + heldFrom()
              + " to "
              + next
              + (position < startPosition ? "; this sender began at " + startPosition : ""));
    } else {
      Long theirs = welcome.digest();
      if (theirs == null || position < countedFrom) {
        countFrom(position, theirs == null ? DigestFunction.EMPTY : theirs);
      } else if (theirs != digestAt(position)) {
        return failure(
            Code.DATA_LOSS,
            "the receiver of "
                + stream
                + " holds other bytes before position "
                + position
                + ", this side holds "
                + heldFrom()
                + " to "
                + next);
      }
    }
    receiver = welcome.receiver();
    epoch = welcome.epoch();
    credit = welcome.credit();
    received = Math.max(received, position);
    release(letGo());
    sent = position;
    sending = segmentAt(position);
    finSent = false;
    finAckedHere = false;
    return null;
  }

  /** Puts as much data as credit and room allow; then FIN, when all is sent. */
  void poll(Transmit out) {
    Segment segment = sending;
    while (segment != null && sent < credit && out.hasRoomForData()) {
      long end =
          Math.min(
              Math.min(segment.end(), credit),
              sent + Math.min(out.roomBytes(), FrameCodec.PAYLOAD_BYTES_MAX));
      ByteBuffer payload = segment.slice(sent, end);
      boolean last = end == segment.end();
      boolean whole = last && sent == segment.position;
      int payloadCrc = whole ? segment.crc32c : FrameCodec.crc32c(payload, crc);
      out.data(sent, last ? segment.cursor : null, payload, payloadCrc, segment.lease);
      sentAgainBytes += Math.max(0, Math.min(end, sentHighest) - sent);
      sentHighest = Math.max(sentHighest, end);
      sent = end;
      if (last) {
        segment = segment.following;
        sending = segment;
      }
    }
    if (finishing && !finSent && sent == next && out.hasRoomForControl()) {
      out.control(new Frame.Fin(next, digestNext));
      finSent = true;
    }
  }

  /** Whether {@link #poll} would put anything. */
  boolean wantsToSend() {
    return (sending != null && sent < credit) || (finishing && !finSent && sent == next);
  }

  void onAck(Frame.Ack ack) throws ProtocolException {
    if (ack.received() > sent || ack.applied() > ack.received() || ack.durable() > ack.received()) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT,
          "an acknowledgement of " + ack.received() + " for " + stream + ", sent are " + sent);
    }
    received = Math.max(received, ack.received());
    durable = Math.max(durable, ack.durable());
    applied = Math.max(applied, ack.applied());
    credit = Math.max(credit, ack.credit());
    release(letGo());
  }

  void onAppliesAtEnd(Frame.AppliesAtEnd told) {
    appliesAtEnd = true;
    keptBefore = told.keepsBefore();
    release(letGo());
  }

  void onReject(Frame.Reject reject) throws ProtocolException {
    if (reject.endPosition() > sent) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT, "a rejection of what was not sent: " + reject.endPosition());
    }
    if (reject.endPosition() > rejectedHighest) {
      if (rejects.size() >= REJECTS_COUNT_MAX) {
        // They are said again on the next link, and this side may have taken some by then.
        throw new ProtocolException(
            Code.ABORTED, "more rejections of " + stream + " than this side has taken");
      }
      rejectedHighest = reject.endPosition();
      rejects.add(reject);
    }
  }

  @Nullable SessionFailure onFinAck(Frame.FinAck finAck) throws ProtocolException {
    // It may answer a FIN of an earlier link, when the sink finished after the break.
    if (!finishing || finAck.position() != next) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT, "the end of " + stream + " is not at " + finAck.position());
    }
    if (finAck.digest() != digestNext) {
      return failure(
          Code.DATA_LOSS,
          "the whole of " + stream + " has another digest at the receiver, at position " + next);
    }
    finAcked = true;
    finAckedHere = true;
    finSent = true;
    received = next;
    switch (ackLevel) {
      case RECEIVED -> {}
      case DURABLE -> durable = next;
      case APPLIED -> applied = next;
    }
    release(next);
    return null;
  }

  /** Lets go of everything, when the session is over. */
  void close() {
    release(Long.MAX_VALUE);
  }

  private void begin(Frame.Welcome welcome) {
    positioned = true;
    startPosition = welcome.position();
    startCursor = welcome.cursor();
    startCursorPosition = welcome.cursorPosition();
    startDigest = welcome.digest();
    verifiedFrom = welcome.position();
    next = welcome.position();
    countedFrom = next;
    digestNext = startDigest == null ? DigestFunction.EMPTY : startDigest;
    sentHighest = next;
  }

  private void release(long position) {
    Segment segment = first;
    while (segment != null && segment.end() <= position) {
      if (segment == sending) {
        sending = segment.following;
      }
      segment.lease.release();
      segment = segment.following;
    }
    first = segment;
    if (segment == null) {
      last = null;
    }
  }

  private @Nullable Segment segmentAt(long position) {
    Segment segment = first;
    while (segment != null && segment.end() <= position) {
      segment = segment.following;
    }
    return segment;
  }

  /** The digest at a held position that is not below where the digest is counted from. */
  private long digestAt(long position) {
    Segment segment = segmentAt(position);
    if (segment == null) {
      return digestNext;
    }
    long from = Math.max(segment.position, countedFrom);
    return digest.extend(segment.digestAtFrom, segment.slice(from, position));
  }

  /**
   * One side cannot tell the digest at this position, so both count from here on. What lies before
   * it can no longer be checked; it is kept all the same, for a receiver that falls back.
   */
  private void countFrom(long position, long digestThere) {
    verifiedFrom = position;
    countedFrom = position;
    long running = digestThere;
    for (Segment segment = segmentAt(position); segment != null; segment = segment.following) {
      segment.digestAtFrom = running;
      long from = Math.max(segment.position, position);
      running = digest.extend(running, segment.slice(from, segment.end()));
    }
    digestNext = running;
  }

  private static SessionFailure failure(int code, String reason) {
    return new SessionFailure(code, reason, false);
  }

  /** A run of the stream that is still held. */
  private static final class Segment {
    final long position;
    final ByteBuffer bytes;

    /** Of its bytes alone: that of the frame which carries all of them. */
    final int crc32c;

    final Lease lease;
    final byte @Nullable [] cursor;

    /** At its position; or at {@link #countedFrom}, if that is inside of it. */
    long digestAtFrom;

    @Nullable Segment following;

    Segment(
        long position,
        long digestAtFrom,
        ByteBuffer bytes,
        int crc32c,
        Lease lease,
        byte @Nullable [] cursor) {
      this.position = position;
      this.digestAtFrom = digestAtFrom;
      this.bytes = bytes;
      this.crc32c = crc32c;
      this.lease = lease;
      this.cursor = cursor;
    }

    long end() {
      return position + bytes.remaining();
    }

    ByteBuffer slice(long from, long to) {
      return bytes.slice(bytes.position() + (int) (from - position), (int) (to - from));
    }
  }
}
