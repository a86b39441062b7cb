package io.hostpipe;

import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A batch being filled.
 *
 * <p>Owned by whoever got it from {@link Sink#newBatch}, until it is written or closed. Thread
 * rule: one thread.
 */
public final class BatchWriter implements AutoCloseable {
  /** From this length on, a varint has three bytes. */
  private static final int TWO_BYTE_LENGTHS_END = 1 << 14;

  private final BlockPool pool;
  private final Encoding encoding;
  private Block block;
  private ByteBuffer out;
  private @Nullable Cursor cursor;
  private int count;
  private boolean closed;

  /** A writer over a block of the pool with room for at least so many bytes. */
  public BatchWriter(BlockPool pool, Encoding encoding, int leastBytes) {
    this.pool = pool;
    this.encoding = encoding;
    this.block = pool.take(leastBytes);
    this.out = block.buffer();
  }

  /** Whether it takes bytes or records. */
  public Encoding encoding() {
    return encoding;
  }

  /** The bytes in wire form so far. */
  public int lengthBytes() {
    return out.position();
  }

  /** It is full at so many bytes from here on, also where there is more room; one message fits. */
  public void limit(int mostBytes) {
    out.limit(Math.clamp(mostBytes, out.position(), out.capacity()));
  }

  /** How many messages were added. */
  public int count() {
    return count;
  }

  /** Adds a message without headers; as {@link #add(ByteBuffer, Headers)}. */
  public boolean add(ByteBuffer payload) throws PipeException {
    int payloadLengthBytes = payload.remaining();
    if (payloadLengthBytes <= Byte.MAX_VALUE
        && encoding == Encoding.RECORDS
        && !closed
        && out.remaining() >= 2 + payloadLengthBytes) {
      // A length of one byte and no headers: most messages, without the questions of begin().
      out.putShort((short) (payloadLengthBytes << 8)).put(payload);
      count++;
      return true;
    }
    return add(payload, Headers.EMPTY);
  }

  /**
   * Adds one message: copies the payload's remaining bytes and moves its position to its limit.
   *
   * @return false when there is no room beside what the batch already holds: write it and take a
   *     new one. A message is never split, and an empty batch grows to hold any allowed message.
   * @throws PipeException Config with OUT_OF_RANGE when the message is longer than {@link
   *     Records#PAYLOAD_BYTES_MAX}
   */
  public boolean add(ByteBuffer payload, Headers headers) throws PipeException {
    int payloadLengthBytes = payload.remaining();
    if (!begin(payloadLengthBytes, headers)) {
      return false;
    }
    out.put(payload);
    return true;
  }

  /**
   * Adds one message without headers from a place in a buffer, whose position does not move; as
   * {@link #add(ByteBuffer, Headers)}.
   */
  public boolean add(ByteBuffer from, int index, int lengthBytes) throws PipeException {
    Objects.checkFromIndexSize(index, lengthBytes, from.limit());
    int at = out.position();
    int headBytes = 3;
    if (closed
        || encoding != Encoding.RECORDS
        || lengthBytes >= TWO_BYTE_LENGTHS_END
        || out.remaining() < headBytes + lengthBytes) {
      if (!begin(lengthBytes, Headers.EMPTY)) {
        return false;
      }
      at = out.position();
      headBytes = 0;
    } else if (lengthBytes <= Byte.MAX_VALUE) {
      headBytes = 2;
      out.putShort(at, (short) (lengthBytes << 8));
      count++;
    } else {
      out.putShort(at, (short) (0x8000 | ((lengthBytes & 0x7F) << 8) | (lengthBytes >>> 7)));
      out.put(at + 2, (byte) 0);
      count++;
    }
    out.put(at + headBytes, from, index, lengthBytes);
    out.position(at + headBytes + lengthBytes);
    return true;
  }

  /** Adds one message from an array; as {@link #add(ByteBuffer, Headers)}. */
  public boolean add(byte[] payload, int offset, int lengthBytes, Headers headers)
      throws PipeException {
    Objects.checkFromIndexSize(offset, lengthBytes, payload.length);
    if (!begin(lengthBytes, headers)) {
      return false;
    }
    out.put(payload, offset, lengthBytes);
    return true;
  }

  /**
   * Reserves one message of this length without headers and hands out its place.
   *
   * @return a slice to be filled completely before anything else is added; null when there is no
   *     room beside what the batch already holds
   */
  public @Nullable ByteBuffer claim(int lengthBytes) throws PipeException {
    if (lengthBytes < 0) {
      throw new IllegalArgumentException("a length is not negative: " + lengthBytes);
    }
    if (!begin(lengthBytes, Headers.EMPTY)) {
      return null;
    }
    ByteBuffer place = out.slice(out.position(), lengthBytes);
    out.position(out.position() + lengthBytes);
    return place;
  }

  /**
   * Reads raw bytes straight into the batch. Blocks as the channel does.
   *
   * @return what the channel's read returned; 0 when the batch is full
   * @throws IllegalStateException on a batch of records
   */
  public int readFrom(ReadableByteChannel in) throws IOException {
    checkRaw();
    return out.hasRemaining() ? in.read(out) : 0;
  }

  /**
   * Adds as many raw bytes as there is room for, and moves the position of the input behind them.
   *
   * @throws IllegalStateException on a batch of records
   */
  public void addBytes(ByteBuffer in) {
    checkRaw();
    int lengthBytes = Math.min(in.remaining(), out.remaining());
    out.put(out.position(), in, in.position(), lengthBytes).position(out.position() + lengthBytes);
    in.position(in.position() + lengthBytes);
  }

  /** Sets the source's own place behind what has been added so far. */
  public void cursor(Cursor cursor) {
    this.cursor = cursor;
  }

  /**
   * What was added as a batch, read-only from here on; the writer is used up.
   *
   * @param position of its first byte
   */
  public Batch toBatch(StreamId stream, long position) {
    checkOpen();
    closed = true;
    ByteBuffer content = out.duplicate().flip();
    return encoding == Encoding.RAW
        ? new Batch(stream, encoding, position, content, block, cursor)
        : new Batch(stream, position, content, block, cursor, count);
  }

  /** Gives up what was added. Idempotent, and nothing after the batch was written. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      block.release();
    }
  }

  /** What was handed on is shared and read-only: to write on would alter bytes on their way. */
  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this batch was already handed on");
    }
  }

  private void checkRaw() {
    checkOpen();
    if (encoding != Encoding.RAW) {
      throw new IllegalStateException("raw bytes have no place between records");
    }
  }

  private boolean begin(int payloadLengthBytes, Headers headers) throws PipeException {
    checkOpen();
    if (payloadLengthBytes > Records.PAYLOAD_BYTES_MAX) {
      throw new PipeException.Config(
          Status.OUT_OF_RANGE,
          "a message of "
              + payloadLengthBytes
              + " bytes is longer than the limit of "
              + Records.PAYLOAD_BYTES_MAX
              + "; send it as raw bytes or in parts");
    }
    int neededBytes =
        encoding == Encoding.RAW
            ? payloadLengthBytes
            : Records.lengthBytes(payloadLengthBytes, headers.lengthBytes());
    if (out.remaining() < neededBytes) {
      if (out.position() > 0) {
        return false;
      }
      out.clear();
      if (out.capacity() < neededBytes) {
        block.release();
        block = pool.take(neededBytes);
        out = block.buffer();
      }
    }
    if (encoding == Encoding.RECORDS) {
      Records.writeVarint(out, payloadLengthBytes);
      Records.writeVarint(out, headers.lengthBytes());
      headers.writeTo(out);
    } else if (!headers.isEmpty()) {
      throw new PipeException.Config("raw bytes carry no headers; use a stream of messages");
    }
    count++;
    return true;
  }
}
