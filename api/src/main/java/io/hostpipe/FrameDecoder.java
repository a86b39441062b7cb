package io.hostpipe;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes a stream of bytes apart into messages; keeps the unfinished rest between calls.
 *
 * <p>A message that lies whole in the input is handed out as a view of it; only one that was cut is
 * put together in memory of the decoder's own. Thread rule: one thread.
 */
public final class FrameDecoder {
  private static final int REST_BYTES_MIN = 1 << 10;

  private final Framing framing;
  private final int messageBytesMax;
  private ByteBuffer rest = ByteBuffer.allocate(0);
  private boolean handedOut;
  private long position;

  FrameDecoder(Framing framing, int messageBytesMax) {
    this.framing = framing;
    this.messageBytesMax = messageBytesMax;
  }

  /**
   * The next message.
   *
   * @param in its position moves behind what was taken; call again with the same buffer until the
   *     answer is null, which means that all of it was taken
   * @return the message without its border, valid until the next call or until the input changes
   * @throws PipeException Rejected with OUT_OF_RANGE when a message is longer than allowed, or
   *     INVALID_ARGUMENT when a length is none; the stream cannot be read on
   */
  public @Nullable ByteBuffer next(ByteBuffer in) throws PipeException {
    if (handedOut) {
      handedOut = false;
      rest.clear();
    }
    if (rest.position() == 0) {
      ByteBuffer message = whole(in);
      if (message != null) {
        return message;
      }
      keep(in, in.remaining());
      return null;
    }
    return completed(in);
  }

  /**
   * The input ended.
   *
   * @return the last message when it needs no border behind it, else null
   * @throws PipeException Rejected when the end is in the middle of a message
   */
  public @Nullable ByteBuffer end() throws PipeException {
    if (handedOut) {
      handedOut = false;
      rest.clear();
    }
    if (rest.position() == 0) {
      return null;
    }
    if (framing.kind() != Framing.Kind.DELIMITER) {
      throw new PipeException.Rejected(
          Status.INVALID_ARGUMENT,
          "the stream ended inside a message that begins at byte " + position);
    }
    handedOut = true;
    position += rest.position();
    return rest.duplicate().flip();
  }

  /** Bytes that are kept because their message is not complete. */
  public int restBytes() {
    return handedOut ? 0 : rest.position();
  }

  /** A message that lies whole in the input; null when it does not. */
  private @Nullable ByteBuffer whole(ByteBuffer in) throws PipeException {
    int start = in.position();
    int availableBytes = in.remaining();
    if (availableBytes == 0) {
      return null;
    }
    int headBytes = 0;
    int payloadBytes;
    int tailBytes = 0;
    switch (framing.kind()) {
      case RAW -> payloadBytes = Math.min(availableBytes, messageBytesMax);
      case DELIMITER -> {
        int border = Delimiters.indexOf(in, start, framing.delimiterBytes());
        if (border < 0) {
          checkLength(availableBytes - framing.delimiterBytes().length + 1L);
          return null;
        }
        payloadBytes = border - start;
        tailBytes = framing.delimiterBytes().length;
      }
      case FIXED -> payloadBytes = framing.fixedBytes();
      default -> {
        headBytes = headBytes(in, start, availableBytes);
        if (headBytes == 0) {
          return null;
        }
        payloadBytes = payloadBytes(in, start);
      }
    }
    checkLength(payloadBytes);
    if (headBytes + payloadBytes + tailBytes > availableBytes) {
      return null;
    }
    in.position(start + headBytes + payloadBytes + tailBytes);
    position += headBytes + payloadBytes + tailBytes;
    return in.slice(start + headBytes, payloadBytes);
  }

  /** Completes what was kept with what came; null when that is still not all. */
  private @Nullable ByteBuffer completed(ByteBuffer in) throws PipeException {
    return framing.kind() == Framing.Kind.DELIMITER ? completedLine(in) : completedLength(in);
  }

  private @Nullable ByteBuffer completedLine(ByteBuffer in) throws PipeException {
    byte[] delimiter = framing.delimiterBytes();
    // The delimiter may begin in what was kept: so many of its bytes are looked at again.
    int overlapBytes = Math.min(delimiter.length - 1, rest.position());
    int bridgeBytes = Math.min(delimiter.length - 1, in.remaining());
    if (overlapBytes > 0) {
      int restBytes = rest.position();
      keep(in.slice(in.position(), bridgeBytes), bridgeBytes);
      ByteBuffer bridged = rest.duplicate().flip();
      int border = Delimiters.indexOf(bridged, restBytes - overlapBytes, delimiter);
      if (border >= 0) {
        in.position(in.position() + border + delimiter.length - restBytes);
        return handOut(0, border, border + delimiter.length);
      }
      rest.position(restBytes);
    }
    int border = Delimiters.indexOf(in, in.position(), delimiter);
    int takenBytes = border < 0 ? in.remaining() : border - in.position();
    checkLength(rest.position() + (long) takenBytes - (border < 0 ? delimiter.length - 1 : 0));
    keep(in, takenBytes);
    if (border < 0) {
      return null;
    }
    in.position(in.position() + delimiter.length);
    return handOut(0, rest.position(), rest.position() + delimiter.length);
  }

  private @Nullable ByteBuffer completedLength(ByteBuffer in) throws PipeException {
    int headBytes = 0;
    int payloadBytes = framing.fixedBytes();
    if (framing.kind() != Framing.Kind.FIXED) {
      headBytes = headBytes(rest, 0, rest.position());
      while (headBytes == 0 && in.hasRemaining()) {
        keep(in, 1);
        headBytes = headBytes(rest, 0, rest.position());
      }
      if (headBytes == 0) {
        return null;
      }
      payloadBytes = payloadBytes(rest, 0);
    }
    checkLength(payloadBytes);
    int missingBytes = headBytes + payloadBytes - rest.position();
    keep(in, Math.min(missingBytes, in.remaining()));
    return rest.position() < headBytes + payloadBytes
        ? null
        : handOut(headBytes, headBytes + payloadBytes, headBytes + payloadBytes);
  }

  /** The bytes of the length field that begins here; 0 when it is not all there. */
  private int headBytes(ByteBuffer in, int start, int availableBytes) throws PipeException {
    if (framing.kind() == Framing.Kind.U32) {
      return availableBytes >= Integer.BYTES ? Integer.BYTES : 0;
    }
    int mostBytes = Math.min(availableBytes, Framing.varintBytesMax());
    for (int count = 0; count < mostBytes; count++) {
      if (in.get(start + count) >= 0) {
        return count + 1;
      }
    }
    if (mostBytes == Framing.varintBytesMax()) {
      throw new PipeException.Rejected(
          Status.INVALID_ARGUMENT,
          "no length where a message should begin, at byte " + position + " of the stream");
    }
    return 0;
  }

  private int payloadBytes(ByteBuffer in, int start) throws PipeException {
    long length = 0;
    if (framing.kind() == Framing.Kind.U32) {
      length = in.duplicate().order(java.nio.ByteOrder.BIG_ENDIAN).getInt(start) & 0xFFFF_FFFFL;
    } else {
      int shift = 0;
      for (int index = start; ; index++, shift += 7) {
        int b = in.get(index);
        length |= (long) (b & 0x7F) << shift;
        if (b >= 0) {
          break;
        }
      }
    }
    checkLength(length);
    return (int) length;
  }

  private void checkLength(long lengthBytes) throws PipeException {
    if (lengthBytes > messageBytesMax) {
      throw new PipeException.Rejected(
          Status.OUT_OF_RANGE,
          "a message that begins at byte "
              + position
              + " of the stream has more than "
              + messageBytesMax
              + " bytes; is "
              + framing
              + " the right framing?");
    }
  }

  private ByteBuffer handOut(int from, int to, int takenBytes) {
    handedOut = true;
    position += takenBytes;
    return rest.slice(from, to - from);
  }

  /** Moves so many bytes of the input to the rest. */
  private void keep(ByteBuffer in, int lengthBytes) {
    if (rest.remaining() < lengthBytes) {
      int wantedBytes = Math.max(rest.position() + lengthBytes, 2 * rest.capacity());
      ByteBuffer larger = ByteBuffer.allocate(Math.max(wantedBytes, REST_BYTES_MIN));
      rest = larger.put(rest.flip());
    }
    rest.put(in.slice(in.position(), lengthBytes));
    in.position(in.position() + lengthBytes);
  }
}
