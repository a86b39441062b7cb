package io.hostpipe.session;

import org.jspecify.annotations.Nullable;

/**
 * What a session is made with.
 *
 * @param name the pipe's name: the path of the address
 * @param stream the id of the stream that this side sends
 * @param sends whether this side sends
 * @param receives whether this side receives
 * @param ackLevel what this side's sending asks of acknowledgements
 * @param encoding "raw", "records" or "any"
 * @param instance random per process and pipe
 * @param receiver the identity of this side as a receiver, kept as long as it remembers the stream
 * @param inbound what this side already has of the stream that comes in; null for nothing yet
 * @param heartbeatNanos after so long without a byte a PING is sent; after three the link is dead
 * @param handshakeNanos how long a link may take until both have been welcomed
 * @param ackDelayNanos how long an acknowledgement may wait for company
 * @param lingerNanos how long a finished receiver waits for a sender that lost its FIN_ACK
 * @param windowBytesMin the first window
 * @param windowBytesMax how far the window may grow
 * @param keepsLinks whether a link may carry another pipe when this one has ended on it
 * @param durable whether this side can make data durable; without it DURABLE is UNIMPLEMENTED
 * @param digest the stream digest
 * @param budget what all sessions may promise together
 */
public record SessionConfig(
    String name,
    String stream,
    boolean sends,
    boolean receives,
    Frame.AckLevel ackLevel,
    String encoding,
    Frame.Id instance,
    Frame.Id receiver,
    @Nullable InboundStart inbound,
    long heartbeatNanos,
    long handshakeNanos,
    long ackDelayNanos,
    long lingerNanos,
    long windowBytesMin,
    long windowBytesMax,
    boolean keepsLinks,
    boolean durable,
    DigestFunction digest,
    CreditBudget budget) {
  /** An encoding that goes with any other. */
  public static final String ENCODING_ANY = "any";

  /** Who this side is on the dialer's link of this number, and what it still holds. */
  Frame.Hello hello(long number, Outbound out, boolean keepsLink) {
    return new Frame.Hello(
        FrameCodec.VERSION,
        FrameCodec.VERSION,
        sends,
        receives,
        ackLevel,
        encoding,
        instance,
        number,
        name,
        stream,
        out.positioned(),
        out.heldFrom(),
        out.next(),
        out.epoch(),
        keepsLink);
  }

  /**
   * What a receiver remembers of a stream.
   *
   * @param stream its id
   * @param epoch of its last writer
   * @param position all before it is applied
   * @param digest of the stream up to the position; null when unknown, and then no digest may be
   *     told with what is applied later either
   * @param cursor the last of the source's places that was applied; null when there was none
   * @param cursorPosition the position of that place, not above {@code position}
   */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  public record InboundStart(
      String stream,
      long epoch,
      long position,
      @Nullable Long digest,
      byte @Nullable [] cursor,
      long cursorPosition) {
    /** With a cursor, if any, for just that position. */
    public InboundStart(
        String stream, long epoch, long position, @Nullable Long digest, byte @Nullable [] cursor) {
      this(stream, epoch, position, digest, cursor, position);
    }
  }
}
