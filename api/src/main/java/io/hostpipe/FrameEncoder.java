package io.hostpipe;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the messages of batches the way a framing tells them apart, without an object for each.
 *
 * <p>Keys and headers have no place in framed bytes and are left out. Thread rule: one thread.
 */
public final class FrameEncoder {
  /** How a call of {@link #encode} ended. */
  public enum Outcome {
    /** The batch is done. */
    DONE,
    /** There is no room for the next message. */
    FULL,
    /** The framing cannot carry the message that ends at {@link #position}; it was passed over. */
    REFUSED
  }

  private final Framing framing;
  private ByteBuffer bytes = ByteBuffer.allocate(0);
  private ByteBuffer view = bytes;
  private int limit;
  private int index;
  private long batchEnd;
  private int neededBytes;
  private int refusedIndex;
  private @Nullable Rejection why;

  /** An encoder for this framing. */
  public FrameEncoder(Framing framing) {
    this.framing = framing;
  }

  /** Goes on with this batch, which stays the caller's and open until it is done. */
  public void begin(Batch batch) {
    bytes = batch.bytes();
    view = batch.bytes();
    limit = view.limit();
    index = view.position();
    batchEnd = batch.endPosition();
  }

  /**
   * Appends messages from where the last call ended.
   *
   * @throws IllegalArgumentException when the batch does not hold whole records
   */
  public Outcome encode(ByteBuffer out) {
    byte[] delimiter = framing.delimiterBytes();
    if (delimiter.length == 1) {
      encodeLines(delimiter[0], out);
    }
    while (index < limit) {
      int begin = index;
      int payloadIndex = index + 2;
      int payloadBytes = bytes.get(index);
      if (payloadBytes < 0 || payloadIndex > limit || bytes.get(index + 1) != 0) {
        view.limit(limit).position(index);
        payloadBytes = Records.readVarint(view);
        int headersBytes = Records.readVarint(view);
        Records.check(payloadBytes, headersBytes);
        payloadIndex = view.position() + headersBytes;
      }
      if (payloadBytes > limit - payloadIndex) {
        throw new IllegalArgumentException("a record is cut off at " + positionOf(begin));
      }
      int framedBytes = framing.encodedLengthBytes(payloadBytes);
      if (framedBytes > out.remaining()) {
        neededBytes = framedBytes;
        return Outcome.FULL;
      }
      index = payloadIndex + payloadBytes;
      view.limit(index).position(payloadIndex);
      String obstacle = framing.obstacle(view);
      if (obstacle != null) {
        refusedIndex = begin;
        why = new Rejection(Status.INVALID_ARGUMENT, obstacle);
        return Outcome.REFUSED;
      }
      framing.put(view, out);
    }
    return Outcome.DONE;
  }

  /**
   * Appends short messages that end with one byte: the usual case, without the questions of the
   * others. It ends before the first message that is something else.
   */
  private void encodeLines(byte delimiter, ByteBuffer out) {
    int at = out.position();
    int room = out.limit();
    int next = index;
    while (next + 2 <= limit) {
      int headBytes = 2;
      int payloadBytes = bytes.get(next);
      int second = bytes.get(next + 1);
      if (payloadBytes < 0 && second > 0 && next + 3 <= limit) {
        payloadBytes = (payloadBytes & 0x7F) | (second << 7);
        second = bytes.get(next + 2);
        headBytes = 3;
      }
      int payloadIndex = next + headBytes;
      int end = payloadIndex + payloadBytes;
      if (second != 0
          || payloadBytes < 0
          || end > limit
          || at + payloadBytes >= room
          || Delimiters.indexOf(bytes, payloadIndex, end, delimiter) >= 0) {
        break;
      }
      out.put(at, bytes, payloadIndex, payloadBytes);
      at += payloadBytes;
      out.put(at++, delimiter);
      next = end;
    }
    index = next;
    out.position(at);
  }

  /** The position in the stream behind the last message that was appended or refused. */
  public long position() {
    return positionOf(index);
  }

  /** The position in the stream where the last refused message begins. */
  public long refusedFrom() {
    return positionOf(refusedIndex);
  }

  /** The room that the next message needs, after {@link Outcome#FULL}. */
  public int neededBytes() {
    return neededBytes;
  }

  /** Why the last message was refused, after {@link Outcome#REFUSED}. */
  public Rejection why() {
    Rejection refusal = why;
    if (refusal == null) {
      throw new IllegalStateException("no message was refused");
    }
    return refusal;
  }

  private long positionOf(int at) {
    return batchEnd - limit + at;
  }
}
