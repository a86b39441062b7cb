package io.hostpipe.session;

import java.util.Map;
import java.util.Set;
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
 * @param receiver the identity of this side as a receiver; one that {@link #remembers} has the same
 *     for a stream in all its lives, made of the stream's id
 * @param held what this side already has of streams that may come in, by their ids
 * @param kept what its acknowledgements may mean; asked for more, it says UNIMPLEMENTED
 * @param spooled whether what comes is kept before its sink has it: then {@link Session#onDurable}
 *     says what survives a loss of power, and otherwise {@link Session#onApplied} does
 * @param takesOver whether this side, as a writer, replaces one whose link lives
 * @param heartbeatNanos after so long without a byte a PING is sent; after three the link is dead
 * @param handshakeNanos how long a link may take until both have been welcomed
 * @param ackDelayNanos how long an acknowledgement may wait for company
 * @param lingerNanos how long a finished receiver waits for a sender that lost its FIN_ACK
 * @param windowBytesMin the first window
 * @param windowBytesMax how far the window may grow
 * @param keepsLinks whether a link may carry another pipe when this one has ended on it
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
    Map<String, InboundStart> held,
    Set<Frame.AckLevel> kept,
    boolean spooled,
    boolean takesOver,
    long heartbeatNanos,
    long handshakeNanos,
    long ackDelayNanos,
    long lingerNanos,
    long windowBytesMin,
    long windowBytesMax,
    boolean keepsLinks,
    DigestFunction digest,
    CreditBudget budget) {
  /** An encoding that goes with any other. */
  public static final String ENCODING_ANY = "any";

  /** What a receiver can say that keeps nothing. */
  public static final Set<Frame.AckLevel> KEPT_IN_MEMORY =
      Set.of(Frame.AckLevel.RECEIVED, Frame.AckLevel.APPLIED);

  public SessionConfig {
    held = Map.copyOf(held);
    kept = Set.copyOf(kept);
    if (spooled && !kept.contains(Frame.AckLevel.DURABLE)) {
      throw new IllegalArgumentException("a spool makes durable what comes, and 'kept' says not");
    }
  }

  /** Whether this side, as a receiver, has the stream after a loss of power, too. */
  boolean remembers() {
    return kept.contains(Frame.AckLevel.DURABLE);
  }

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
        keepsLink,
        takesOver,
        null,
        0);
  }

  /**
   * What a receiver remembers of a stream.
   *
   * @param stream its id
   * @param epoch of its last writer
   * @param position all before it survives a loss of power
   * @param digest of the stream up to the position; null when unknown, and then no digest may be
   *     told with what is applied later either
   * @param cursor the last of the source's places that was kept; null when there was none
   * @param cursorPosition the position of that place, not above {@code position}
   * @param damage why the stream cannot go on here, when what was kept is damaged; null when not
   */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  public record InboundStart(
      String stream,
      long epoch,
      long position,
      @Nullable Long digest,
      byte @Nullable [] cursor,
      long cursorPosition,
      @Nullable String damage) {
    /** What is not damaged. */
    public InboundStart(
        String stream,
        long epoch,
        long position,
        @Nullable Long digest,
        byte @Nullable [] cursor,
        long cursorPosition) {
      this(stream, epoch, position, digest, cursor, cursorPosition, null);
    }

    /** With a cursor, if any, for just that position. */
    public InboundStart(
        String stream, long epoch, long position, @Nullable Long digest, byte @Nullable [] cursor) {
      this(stream, epoch, position, digest, cursor, position);
    }

    /** What was kept of this stream, and is damaged: its writer hears DATA_LOSS. */
    public static InboundStart damaged(String stream, String reason) {
      return new InboundStart(stream, 0, 0, null, null, 0, reason);
    }
  }
}
