package io.hostpipe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Takes a stream of bytes apart into messages; keeps the unfinished rest between calls.
 *
 * <p>A message that lies whole in the input is handed out as a view of it, or copied into a batch
 * straight from there; only one that was cut is put together in memory of the decoder's own. Thread
 * rule: one thread.
 */
public final class FrameDecoder {
  private static final int REST_BYTES_MIN = 1 << 10;

  private final Framing framing;
  private final int messageBytesMax;
  private boolean splits;
  private ByteBuffer rest = ByteBuffer.allocate(0);

  /** So much of the rest was handed out, and goes with the next call. */
  private int restTakenBytes;

  /** Whether the rest begins with a message that was found and had no room yet. */
  private boolean restFound;

  /** In the stream: of the first byte that was not handed out. */
  private long position;

  /** What was found last: the payload's place in its buffer, and all the bytes it takes there. */
  private int foundIndex;

  private int foundBytes;
  private int foundTakenBytes;

  FrameDecoder(Framing framing, int messageBytesMax) {
    this.framing = framing;
    this.messageBytesMax = messageBytesMax;
  }

  /**
   * From here on a message that is longer than the limit comes in parts of the limit's length,
   * instead of being an error. For framings with a delimiter; a length that is too large stays an
   * error. Where the parts end depends on the message alone, not on how the input was cut.
   *
   * @return this decoder
   */
  public FrameDecoder splitting() {
    splits = framing.kind() == Framing.Kind.DELIMITER;
    return this;
  }

  /** How messages are told apart. */
  public Framing framing() {
    return framing;
  }

  /** The longest message. */
  public int messageBytesMax() {
    return messageBytesMax;
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
    dropTaken();
    if (rest.position() == 0) {
      if (!findWhole(in)) {
        keep(in, in.remaining());
        return null;
      }
      in.position(in.position() + foundTakenBytes);
      position += foundTakenBytes;
      return in.slice(foundIndex, foundBytes);
    }
    return complete(in) ? handOut() : null;
  }

  /**
   * Moves messages into a batch of records, without an object for each.
   *
   * @param in its position moves behind what was taken; bytes are left only when the batch is full:
   *     write it, and call again with another one
   * @throws PipeException as {@link #next}; the messages before the fault are in the batch
   */
  public void moveTo(ByteBuffer in, BatchWriter out) throws PipeException {
    dropTaken();
    if (rest.position() > 0 && !moveRest(in, out)) {
      return;
    }
    byte[] delimiter = framing.delimiterBytes();
    while (in.hasRemaining()) {
      if (delimiter.length == 1 && !moveLines(in, delimiter[0], out)) {
        return;
      }
      if (!findWhole(in)) {
        keep(in, in.remaining());
        return;
      }
      if (!out.add(in, foundIndex, foundBytes)) {
        return;
      }
      in.position(in.position() + foundTakenBytes);
      position += foundTakenBytes;
    }
  }

  /**
   * The input ended.
   *
   * @return the last message when it needs no border behind it, else null
   * @throws PipeException Rejected when the end is in the middle of a message
   */
  public @Nullable ByteBuffer end() throws PipeException {
    dropTaken();
    if (rest.position() == 0) {
      return null;
    }
    if (framing.kind() != Framing.Kind.DELIMITER) {
      throw new PipeException.Rejected(
          Status.INVALID_ARGUMENT,
          "the stream ended inside a message that begins at byte " + position);
    }
    checkLength(rest.position());
    found(0, rest.position(), rest.position());
    return handOut();
  }

  /** Bytes that are kept because their message is not complete. */
  public int restBytes() {
    return rest.position() - restTakenBytes;
  }

  /** How many bytes of the stream were handed out as messages, borders included. */
  public long position() {
    return position;
  }

  /** Goes on with another stream, or another part of this one, that begins at this byte. */
  public void startAt(long newPosition) {
    rest.clear();
    restTakenBytes = 0;
    restFound = false;
    position = newPosition;
  }

  /**
   * Moves what ends with one byte: the usual case, without the questions of the others.
   *
   * @return whether there was room; the input begins with something else then, or is at its end
   */
  private boolean moveLines(ByteBuffer in, byte delimiter, BatchWriter out) throws PipeException {
    int begin = in.position();
    int limit = in.limit();
    int start = begin;
    boolean room = true;
    while (start < limit) {
      int border = Delimiters.indexOf(in, start, limit, delimiter);
      if (border < 0 || border - start > messageBytesMax) {
        break;
      }
      room = out.add(in, start, border - start);
      if (!room) {
        break;
      }
      start = border + 1;
    }
    position += start - begin;
    in.position(start);
    return room;
  }

  /** Moves the messages that begin in the rest; false when the batch or the input is at its end. */
  private boolean moveRest(ByteBuffer in, BatchWriter out) throws PipeException {
    while (rest.position() > 0) {
      if (!complete(in)) {
        return false;
      }
      if (!out.add(rest, foundIndex, foundBytes)) {
        restFound = true;
        return false;
      }
      position += foundTakenBytes;
      restTakenBytes = foundTakenBytes;
      dropTaken();
    }
    return true;
  }

  /** Looks for a message that lies whole in the input; false when there is none. */
  private boolean findWhole(ByteBuffer in) throws PipeException {
    int start = in.position();
    int availableBytes = in.remaining();
    switch (framing.kind()) {
      case RAW -> {
        int payloadBytes = Math.min(availableBytes, messageBytesMax);
        found(start, payloadBytes, payloadBytes);
        return availableBytes > 0;
      }
      case DELIMITER -> {
        return findDelimited(in, start, start);
      }
      case FIXED -> {
        checkLength(framing.fixedBytes());
        found(start, framing.fixedBytes(), framing.fixedBytes());
      }
      case U32, VARINT -> {
        int headBytes = headBytes(in, start, availableBytes);
        if (headBytes == 0) {
          return false;
        }
        int payloadBytes = payloadBytes(in, start);
        found(start + headBytes, payloadBytes, headBytes + payloadBytes);
      }
    }
    return foundTakenBytes <= availableBytes;
  }

  /** A message that begins here and whose delimiter is not before the second index. */
  private boolean findDelimited(ByteBuffer in, int start, int from) throws PipeException {
    byte[] delimiter = framing.delimiterBytes();
    int border = Delimiters.indexOf(in, from, delimiter);
    // Without a delimiter the last bytes may be the beginning of one.
    int surelyBytes = (border < 0 ? in.limit() - delimiter.length + 1 : border) - start;
    if (surelyBytes > messageBytesMax) {
      if (!splits) {
        checkLength(surelyBytes);
      }
      found(start, messageBytesMax, messageBytesMax);
      return true;
    }
    if (border < 0) {
      return false;
    }
    found(start, surelyBytes, surelyBytes + delimiter.length);
    return true;
  }

  /** Completes what was kept with what came; false when that is still not all. */
  private boolean complete(ByteBuffer in) throws PipeException {
    if (restFound) {
      restFound = false;
      return true;
    }
    return framing.kind() == Framing.Kind.DELIMITER ? completeDelimited(in) : completeLength(in);
  }

  private boolean completeDelimited(ByteBuffer in) throws PipeException {
    byte[] delimiter = framing.delimiterBytes();
    int restBytes = rest.position();
    int bridgeBytes = Math.min(delimiter.length - 1, in.remaining());
    if (bridgeBytes > 0) {
      // The delimiter may begin in what was kept.
      keep(in, bridgeBytes);
      if (findInRest(restBytes)) {
        return true;
      }
      rest.position(restBytes);
      in.position(in.position() - bridgeBytes);
    }
    int border = Delimiters.indexOf(in, in.position(), delimiter);
    int takenBytes = border < 0 ? in.remaining() : border + delimiter.length - in.position();
    // Not more than what shows that the message is too long.
    keep(in, Math.min(takenBytes, messageBytesMax + delimiter.length - restBytes));
    return findInRest(restBytes);
  }

  /** Looks for a delimiter that ends behind the first bytes of the rest. */
  private boolean findInRest(int knownBytes) throws PipeException {
    int bytes = rest.position();
    rest.flip();
    try {
      return findDelimited(rest, 0, Math.max(0, knownBytes - framing.delimiterBytes().length + 1));
    } finally {
      rest.limit(rest.capacity()).position(bytes);
    }
  }

  private boolean completeLength(ByteBuffer in) throws PipeException {
    int headBytes = 0;
    int payloadBytes = framing.fixedBytes();
    if (framing.kind() != Framing.Kind.FIXED) {
      headBytes = headBytes(rest, 0, rest.position());
      while (headBytes == 0 && in.hasRemaining()) {
        keep(in, 1);
        headBytes = headBytes(rest, 0, rest.position());
      }
      if (headBytes == 0) {
        return false;
      }
      payloadBytes = payloadBytes(rest, 0);
    }
    checkLength(payloadBytes);
    int missingBytes = headBytes + payloadBytes - rest.position();
    keep(in, Math.min(missingBytes, in.remaining()));
    found(headBytes, payloadBytes, headBytes + payloadBytes);
    return rest.position() == headBytes + payloadBytes;
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
      int bits = in.getInt(start);
      length =
          (in.order() == ByteOrder.BIG_ENDIAN ? bits : Integer.reverseBytes(bits)) & 0xFFFF_FFFFL;
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

  private void found(int index, int payloadBytes, int takenBytes) {
    foundIndex = index;
    foundBytes = payloadBytes;
    foundTakenBytes = takenBytes;
  }

  /** What was found in the rest. */
  private ByteBuffer handOut() {
    restTakenBytes = foundTakenBytes;
    position += foundTakenBytes;
    return rest.slice(foundIndex, foundBytes);
  }

  /** Forgets what was handed out of the rest by the last call. */
  private void dropTaken() {
    if (restTakenBytes > 0) {
      rest.flip().position(restTakenBytes);
      rest.compact();
      restTakenBytes = 0;
    }
  }

  /** Moves so many bytes of the input to the rest. */
  private void keep(ByteBuffer in, int lengthBytes) {
    if (lengthBytes == 0) {
      return;
    }
    if (rest.remaining() < lengthBytes) {
      int wantedBytes = Math.max(rest.position() + lengthBytes, 2 * rest.capacity());
      ByteBuffer larger = ByteBuffer.allocate(Math.max(wantedBytes, REST_BYTES_MIN));
      rest = larger.put(rest.flip());
    }
    rest.put(in.slice(in.position(), lengthBytes));
    in.position(in.position() + lengthBytes);
  }
}
