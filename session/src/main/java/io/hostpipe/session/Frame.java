package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What crosses a link. Laid out in docs/PROTOCOL.md, "Frames". */
public sealed interface Frame {
  /** The lowest type number that a receiver without knowledge of it may skip. */
  int SKIPPABLE_FROM = 128;

  /**
   * Who speaks, and what it still holds of the stream that it sends. Both sides send one first.
   *
   * @param versionMin lowest protocol version spoken
   * @param versionMax highest protocol version spoken
   * @param sends whether this side will send on this pipe
   * @param receives whether this side will receive on this pipe
   * @param ackLevel what this side's sending asks of acknowledgements
   * @param encoding "raw", "records" or "any"
   * @param instance random per process and pipe
   * @param connection the dialer's number of this link; the other side repeats it
   * @param name the pipe's name: the path of the address
   * @param stream the id of the stream that this side sends
   * @param positioned whether the two positions mean something: a fresh writer has none yet
   * @param heldFrom the lowest position that this side can send again
   * @param next the position of the next new byte
   * @param epoch the highest that this side, as a writer, was given; 0 for none yet
   * @param keepsLink whether this side's BYE will be its last word on the link, which may carry
   *     another pipe then
   * @param takesOver whether this side, as a writer, replaces one whose link lives
   * @param claim the token that the dialer will prove; null when it has none
   * @param otherFlags the bits that this version does not know: they are in what is proved
   */
  record Hello(
      int versionMin,
      int versionMax,
      boolean sends,
      boolean receives,
      AckLevel ackLevel,
      String encoding,
      Id instance,
      long connection,
      String name,
      String stream,
      boolean positioned,
      long heldFrom,
      long next,
      long epoch,
      boolean keepsLink,
      boolean takesOver,
      @Nullable Claim claim,
      int otherFlags)
      implements Frame {
    /** Who replaces nobody. */
    public Hello(
        int versionMin,
        int versionMax,
        boolean sends,
        boolean receives,
        AckLevel ackLevel,
        String encoding,
        Id instance,
        long connection,
        String name,
        String stream,
        boolean positioned,
        long heldFrom,
        long next,
        long epoch,
        boolean keepsLink) {
      this(
          versionMin,
          versionMax,
          sends,
          receives,
          ackLevel,
          encoding,
          instance,
          connection,
          name,
          stream,
          positioned,
          heldFrom,
          next,
          epoch,
          keepsLink,
          false,
          null,
          0);
    }

    /** The same, with this claim. */
    public Hello withClaim(Claim newClaim) {
      return new Hello(
          versionMin,
          versionMax,
          sends,
          receives,
          ackLevel,
          encoding,
          instance,
          connection,
          name,
          stream,
          positioned,
          heldFrom,
          next,
          epoch,
          keepsLink,
          takesOver,
          newClaim,
          otherFlags);
    }
  }

  /**
   * What a dialer says that it will prove.
   *
   * @param binding what ties the proof to the link
   * @param nonce random, used on this link alone
   * @param token the token's name
   */
  record Claim(Binding binding, Id nonce, String token) {}

  /**
   * The acceptor wants the claim proved.
   *
   * @param binding what ties the proof to the link
   * @param nonce random, used on this link alone
   */
  record Challenge(Binding binding, Id nonce) implements Frame {}

  /** A proof of the token, over all that was said on the link. */
  @SuppressWarnings("ArrayRecordComponent") // compared in constant time, by Proofs
  record Proof(byte[] mac) implements Frame {
    @Override
    public String toString() {
      return "Proof";
    }
  }

  /**
   * The receiver's answer: it has the stream up to here, and this is what may come.
   *
   * @param receiver the receiver's identity, the same as long as it remembers the stream
   * @param epoch which writer is valid from now on
   * @param position where the stream goes on: the truth
   * @param digest of the stream up to the position; null when unknown, then both count from here
   * @param credit the position up to which data may come
   * @param cursor the last of the source's places that came; null when none did
   * @param cursorPosition the position of that place, not above {@code position}
   */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  record Welcome(
      Id receiver,
      long epoch,
      long position,
      @Nullable Long digest,
      long credit,
      byte @Nullable [] cursor,
      long cursorPosition)
      implements Frame {}

  /**
   * A run of the stream. The lease passes with the frame.
   *
   * @param position of its first byte
   * @param cursor the source's place behind its last byte
   * @param payload the bytes
   * @param crc32c of the payload
   * @param lease what the payload lies in
   */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  record Data(long position, byte @Nullable [] cursor, ByteBuffer payload, int crc32c, Lease lease)
      implements Frame {}

  /** How far the receiver is, and how far data may come; absolute, never falling. */
  record Ack(long received, long durable, long applied, long credit) implements Frame {}

  /** The message that ends at the position was refused for good. */
  record Reject(long endPosition, int code, String reason) implements Frame {}

  /**
   * The receiver's sink commits when the stream has ended, and not before: the sender does not wait
   * for {@code applied} to let go of what was received.
   *
   * @param keepsBefore whether the receiver keeps what comes and says so by {@code durable}: then
   *     the sender waits for that
   */
  record AppliesAtEnd(boolean keepsBefore) implements Frame {}

  /** Asks for a sign of life. */
  record Ping(long nonce) implements Frame {}

  /** The sign of life. */
  record Pong(long nonce) implements Frame {}

  /** The stream ends here with this digest. */
  record Fin(long position, long digest) implements Frame {}

  /** All up to the end is applied, and the digest is the same. */
  record FinAck(long position, long digest) implements Frame {}

  /** This side knows that both directions are finished and will not come back. */
  record Bye() implements Frame {}

  /** The sender gives up the stream at this position; nothing more will come. */
  record Abort(long position, String reason) implements Frame {}

  /** This link will close soon; dial another. */
  record GoAway(String reason) implements Frame {}

  /** The answer is no, or something broke; the link closes behind it. */
  record Failure(int code, String reason) implements Frame {}

  /** A frame of a later version that may be passed over. */
  record Skipped(int type) implements Frame {}

  /** What an acknowledgement must mean before the sender lets go of data. */
  enum AckLevel {
    RECEIVED(0),
    DURABLE(1),
    APPLIED(2);

    private final int code;

    AckLevel(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /** What ties a proof to the link that it is given on. */
  enum Binding {
    /** The nonces of both sides alone: who sits between them can pass it on. */
    NONE(0),
    /** The keying material exporter of TLS 1.3 (RFC 9266): it is of no use on any other link. */
    TLS_EXPORTER(1);

    private final int code;

    Binding(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /** A random 128-bit name. */
  record Id(long high, long low) {
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final long FNV_BASIS = 0xcbf29ce484222325L;

    /**
     * The one of every receiver that remembers this stream: whoever holds it goes on with it, and
     * what it holds is told by position and digest.
     */
    static Id ofStream(String stream) {
      long high = FNV_BASIS;
      long low = ~FNV_BASIS;
      for (byte each : stream.getBytes(StandardCharsets.UTF_8)) {
        high = (high ^ (each & 0xff)) * FNV_PRIME;
        low = (low ^ (each & 0xff)) * FNV_PRIME;
      }
      return new Id(high, low);
    }

    @Override
    public String toString() {
      return String.format("%016x%016x", high, low);
    }
  }
}
