package io.hostpipe;

import io.hostpipe.spi.Block;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run of one stream in wire form: a read-only slice of a pooled block.
 *
 * <p>Filled once, sent from there, kept there until committed. Whoever has the batch owns it and
 * closes it, or hands it on to a method that says that it takes it. A batch of records holds whole
 * records only. Thread rule: one thread at a time.
 */
public final class Batch implements AutoCloseable {
  private final StreamId stream;
  private final Encoding encoding;
  private final long position;
  private final @Nullable Cursor cursor;
  private final Block block;
  private final ByteBuffer bytes;

  /** How many messages it holds; -1 when they were not counted yet. */
  private int messageCount = -1;

  /** Whether it begins inside a record. */
  private boolean inside;

  private boolean closed;

  /**
   * A batch of these bytes.
   *
   * @param bytes position to limit is the content; the batch keeps this very object
   * @param block what the bytes lie in; one reference passes to the batch
   * @param cursor the source's place behind the last byte, when it has one
   */
  public Batch(
      StreamId stream,
      Encoding encoding,
      long position,
      ByteBuffer bytes,
      Block block,
      @Nullable Cursor cursor) {
    this.stream = stream;
    this.encoding = encoding;
    this.position = position;
    this.bytes = bytes;
    this.block = block;
    this.cursor = cursor;
  }

  /**
   * A batch of so many records, for who has counted them.
   *
   * @param messageCount what {@link #count} is to answer
   */
  public Batch(
      StreamId stream,
      long position,
      ByteBuffer bytes,
      Block block,
      @Nullable Cursor cursor,
      int messageCount) {
    this(stream, Encoding.RECORDS, position, bytes, block, cursor);
    this.messageCount = messageCount;
  }

  /**
   * The rest of one record whose beginning the sink holds already: a link may break inside one, and
   * the stream goes on there. It counts as one message and cannot be looked into.
   *
   * @param position inside the record
   * @param bytes from there to the record's end
   */
  public static Batch restOfRecord(
      StreamId stream, long position, ByteBuffer bytes, Block block, @Nullable Cursor cursor) {
    Batch rest = new Batch(stream, position, bytes, block, cursor, 1);
    rest.inside = true;
    return rest;
  }

  /** The stream that this is a part of. */
  public StreamId stream() {
    return stream;
  }

  /** Whether it holds bytes or records. */
  public Encoding encoding() {
    return encoding;
  }

  /** The position of its first byte. */
  public long position() {
    return position;
  }

  /** The position behind its last byte. */
  public long endPosition() {
    return position + bytes.remaining();
  }

  /** The source's own place at the end position; null when the source has none there. */
  public @Nullable Cursor cursor() {
    return cursor;
  }

  /** The bytes in wire form. */
  public int lengthBytes() {
    return bytes.remaining();
  }

  /** A fresh read-only view of the wire form, valid until the batch is closed. */
  public ByteBuffer bytes() {
    return bytes.asReadOnlyBuffer();
  }

  /** The block behind it, for those who keep the bytes longer than the batch. */
  public Block block() {
    return block;
  }

  /**
   * How many messages it holds; raw bytes are one, or none when there are none.
   *
   * @throws IllegalArgumentException when the block does not hold whole records
   */
  public int count() {
    if (encoding == Encoding.RAW) {
      return bytes.hasRemaining() ? 1 : 0;
    }
    if (messageCount < 0) {
      int count = 0;
      for (int index = bytes.position(); index < bytes.limit(); count++) {
        index = recordEnd(index);
      }
      messageCount = count;
    }
    return messageCount;
  }

  /**
   * Calls with each message in order. Allocates nothing for messages without headers: the payload
   * buffer is one view that moves on, valid only inside the call.
   *
   * @throws IllegalArgumentException when the batch does not hold whole records
   */
  public void forEach(Visitor visitor) throws IOException {
    ByteBuffer view = bytes.asReadOnlyBuffer();
    int limit = view.limit();
    checkWhole();
    if (encoding == Encoding.RAW) {
      if (view.hasRemaining()) {
        visitor.message(endPosition(), view, Headers.EMPTY);
      }
      return;
    }
    int start = view.position();
    int index = start;
    while (index < limit) {
      int begin = index;
      Headers headers = Headers.EMPTY;
      int payloadLengthBytes = bytes.get(index);
      if (payloadLengthBytes >= 0 && index + 1 < limit && bytes.get(index + 1) == 0) {
        // A length of one byte and no headers: most messages.
        index += 2;
      } else {
        view.limit(limit).position(index);
        payloadLengthBytes = Records.readVarint(view);
        int headersLengthBytes = Records.readVarint(view);
        Records.check(payloadLengthBytes, headersLengthBytes);
        index = view.position() + headersLengthBytes;
        if (headersLengthBytes > 0 && index <= limit) {
          headers = Headers.decode(view.limit(index));
        }
      }
      if (payloadLengthBytes > limit - index) {
        throw new IllegalArgumentException("a record is cut off at " + (position + begin - start));
      }
      view.limit(index + payloadLengthBytes).position(index);
      index += payloadLengthBytes;
      visitor.message(position + index - start, view, headers);
    }
  }

  /**
   * Writes the payloads without their envelopes, blocking until all are written.
   *
   * @return the bytes written
   */
  public long writePayloadTo(WritableByteChannel out) throws IOException {
    if (encoding == Encoding.RAW) {
      return writeFully(out, bytes.duplicate());
    }
    long[] written = {0};
    forEach((endPosition, payload, headers) -> written[0] += writeFully(out, payload));
    return written[0];
  }

  /** Whether it is the rest of one record, whose beginning the sink holds already. */
  public boolean beginsInsideRecord() {
    return inside;
  }

  /**
   * The position of the last border that is within limits, as seen from another border: behind one
   * message at least, however long; of raw bytes each byte has a border.
   *
   * @param from a border in this batch
   * @param bytesMax at most so many bytes behind it, at least 1
   * @param messagesMax at most so many messages behind it, at least 1; of raw bytes any number
   */
  public long border(long from, int bytesMax, int messagesMax) {
    long limit = Math.min(endPosition(), from + bytesMax);
    if (encoding == Encoding.RAW || from >= endPosition()) {
      return limit;
    }
    if (inside || (limit == endPosition() && messageCount >= 0 && messageCount <= messagesMax)) {
      return endPosition();
    }
    int index = bytes.position() + (int) (from - position);
    int end = recordEnd(index);
    int limitIndex = bytes.position() + (int) (limit - position);
    for (int count = 1; count < messagesMax && end < bytes.limit(); count++) {
      int next = recordEnd(end);
      if (next > limitIndex) {
        break;
      }
      end = next;
    }
    return position + end - bytes.position();
  }

  /**
   * A batch of its own from one border to another, over the same block; this one stays open, and
   * its owner's.
   */
  public Batch part(long from, long to) {
    if (from < position || to < from || to > endPosition()) {
      throw new IllegalArgumentException(from + ".." + to + " is not in " + this);
    }
    int start = bytes.position() + (int) (from - position);
    block.retain();
    Batch part =
        new Batch(
            stream,
            encoding,
            from,
            bytes.slice(start, (int) (to - from)),
            block,
            to == endPosition() ? cursor : null);
    part.inside = inside && from == position;
    part.messageCount = from == position && to == endPosition() ? messageCount : -1;
    return part;
  }

  /**
   * The part from this position on, as a batch of its own; this one is closed, unless this throws.
   *
   * @throws IllegalArgumentException when the position is outside, or inside a record
   */
  public Batch from(long newPosition) {
    long skipBytes = newPosition - position;
    if (skipBytes < 0 || skipBytes > bytes.remaining()) {
      throw new IllegalArgumentException(
          "position " + newPosition + " is not in " + position + ".." + endPosition());
    }
    if (encoding == Encoding.RECORDS && skipBytes > 0) {
      checkWhole();
      int border = bytes.position();
      while (border < bytes.position() + skipBytes) {
        border = recordEnd(border);
      }
      if (border != bytes.position() + skipBytes) {
        throw new IllegalArgumentException("position " + newPosition + " is inside a record");
      }
    }
    ByteBuffer rest = bytes.duplicate();
    rest.position(rest.position() + (int) skipBytes);
    block.retain();
    close();
    Batch part = new Batch(stream, encoding, newPosition, rest, block, cursor);
    part.inside = inside;
    return part;
  }

  /**
   * What lies behind this position, which may be inside a record: then the rest of that record
   * comes first, by itself. This batch is closed.
   *
   * @return none, one or two batches, each the caller's
   */
  public List<Batch> behind(long newPosition) {
    if (encoding == Encoding.RAW || newPosition <= position) {
      if (newPosition < endPosition()) {
        return List.of(from(Math.max(newPosition, position)));
      }
      close();
      return List.of();
    }
    try (this) {
      int targetIndex =
          bytes.position() + (int) Math.min(newPosition - position, bytes.remaining());
      int border = bytes.position();
      while (border < targetIndex) {
        border = recordEnd(border);
      }
      List<Batch> rest = new ArrayList<>(2);
      if (border > targetIndex) {
        block.retain();
        ByteBuffer ofRecord = bytes.slice(targetIndex, border - targetIndex);
        Cursor behind = border == bytes.limit() ? cursor : null;
        rest.add(restOfRecord(stream, newPosition, ofRecord, block, behind));
      }
      if (border < bytes.limit()) {
        block.retain();
        ByteBuffer whole = bytes.slice(border, bytes.limit() - border);
        rest.add(
            new Batch(
                stream, encoding, position + border - bytes.position(), whole, block, cursor));
      }
      return rest;
    }
  }

  /** Gives the block back. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      block.release();
    }
  }

  @Override
  public String toString() {
    return "Batch[" + stream + " " + position + ".." + endPosition() + "]";
  }

  private void checkWhole() {
    if (inside) {
      throw new IllegalArgumentException("position " + position + " is inside a record");
    }
  }

  /** Where the record that begins at this index ends: never past the batch's own end. */
  private int recordEnd(int index) {
    int lengthBytes = Records.lengthAt(bytes, index);
    if (lengthBytes == Records.INCOMPLETE || lengthBytes > bytes.limit() - index) {
      throw new IllegalArgumentException(
          "a record is cut off at " + (position + index - bytes.position()));
    }
    return index + lengthBytes;
  }

  private static long writeFully(WritableByteChannel out, ByteBuffer from) throws IOException {
    long written = 0;
    while (from.hasRemaining()) {
      written += out.write(from);
    }
    return written;
  }

  /** What is called for each message. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * One message.
     *
     * @param endPosition the position behind it: what to commit or reject
     * @param payload read-only, valid only inside the call
     * @param headers may be kept
     */
    void message(long endPosition, ByteBuffer payload, Headers headers) throws IOException;
  }
}
