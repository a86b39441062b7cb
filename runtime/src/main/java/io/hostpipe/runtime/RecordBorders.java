package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Records;
import io.hostpipe.StreamId;
import io.hostpipe.session.Delivery;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Makes batches out of received runs of bytes; of records whole ones only.
 *
 * <p>Frames may cut a stream anywhere. A run that begins and ends on borders, as nearly all do, is
 * handed on as it lies. What is left of a record that was cut is copied into a block of that
 * record's length and completed there, so that only cut records are copied.
 *
 * <p>Thread rule: one thread.
 */
final class RecordBorders {
  /** Room for the two lengths, whatever they are. */
  private static final int LENGTHS_BYTES_MAX = 2 * Records.VARINT_BYTES_MAX;

  private final BlockPool pool;
  private final int recordBytesMax;
  private @Nullable ByteBuffer run;
  private @Nullable BlockLease runLease;
  private byte @Nullable [] runCursor;
  private long runEnd;
  private @Nullable Block partial;
  private long partialPosition;
  private int recordCount;

  RecordBorders(BlockPool pool) {
    this(pool, Integer.MAX_VALUE);
  }

  /** Takes no record that is longer than this. */
  RecordBorders(BlockPool pool, int recordBytesMax) {
    this.pool = pool;
    this.recordBytesMax = recordBytesMax;
  }

  /** A record is longer than is taken here. */
  static final class TooLong extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    TooLong(int lengthBytes, int bytesMax) {
      super("a message of " + lengthBytes + " bytes; " + bytesMax + " are taken (message-max=)");
    }
  }

  /** Takes over a run, lease included; {@link #poll} has taken the last one apart before. */
  void add(Delivery delivery) {
    if (run != null || !(delivery.lease() instanceof BlockLease lease)) {
      throw new IllegalStateException("runs come one at a time, and lie in blocks");
    }
    run = delivery.bytes();
    runLease = lease;
    runCursor = delivery.cursor();
    runEnd = delivery.position() + delivery.bytes().remaining();
  }

  /**
   * The next batch; null when another run is needed.
   *
   * @throws IllegalArgumentException when the bytes are no records; {@link TooLong} when too long
   */
  @Nullable Batch poll(StreamId stream, Encoding encoding) {
    ByteBuffer bytes = run;
    BlockLease lease = runLease;
    if (bytes == null || lease == null) {
      return null;
    }
    Block begun = partial;
    if (begun != null) {
      return pollPartial(stream, bytes, lease, begun);
    }
    int start = bytes.position();
    int border = encoding == Encoding.RAW ? bytes.limit() : lastBorder(bytes);
    if (border == start) {
      beginPartial(bytes, lease);
      return null;
    }
    long position = runEnd - bytes.remaining();
    boolean whole = border == bytes.limit();
    ByteBuffer content = bytes.slice(start, border - start);
    Cursor behind = whole ? cursor() : null;
    Batch batch =
        encoding == Encoding.RAW
            ? new Batch(stream, encoding, position, content, lease.block(), behind)
            : new Batch(stream, position, content, lease.block(), behind, recordCount);
    lease.retain();
    bytes.position(border);
    releaseIfEmpty(bytes, lease);
    return batch;
  }

  /**
   * The position up to which bytes were handed on or copied, once {@link #poll} has answered null.
   */
  long takenPosition() {
    return runEnd;
  }

  void close() {
    BlockLease lease = runLease;
    if (lease != null) {
      lease.release();
    }
    run = null;
    runLease = null;
    Block begun = partial;
    if (begun != null) {
      begun.release();
    }
    partial = null;
  }

  /** Where the last whole record ends; counts them on the way. */
  private int lastBorder(ByteBuffer bytes) {
    int border = bytes.position();
    recordCount = 0;
    while (border < bytes.limit()) {
      int lengthBytes = lengthAt(bytes, border);
      if (lengthBytes == Records.INCOMPLETE || lengthBytes > bytes.limit() - border) {
        return border;
      }
      border += lengthBytes;
      recordCount++;
    }
    return border;
  }

  private void beginPartial(ByteBuffer bytes, BlockLease lease) {
    int lengthBytes = lengthAt(bytes, bytes.position());
    Block block = pool.take(lengthBytes == Records.INCOMPLETE ? LENGTHS_BYTES_MAX : lengthBytes);
    partialPosition = runEnd - bytes.remaining();
    block.buffer().put(bytes);
    partial = block;
    releaseIfEmpty(bytes, lease);
  }

  private @Nullable Batch pollPartial(
      StreamId stream, ByteBuffer bytes, BlockLease lease, Block begun) {
    Block block = begun;
    int lengthBytes = lengthOf(block);
    while (lengthBytes == Records.INCOMPLETE && bytes.hasRemaining()) {
      block.buffer().put(bytes.get());
      lengthBytes = lengthOf(block);
    }
    if (lengthBytes != Records.INCOMPLETE) {
      block = withRoomFor(block, lengthBytes);
      int takenBytes = Math.min(lengthBytes - block.buffer().position(), bytes.remaining());
      block.buffer().put(bytes.slice(bytes.position(), takenBytes));
      bytes.position(bytes.position() + takenBytes);
    }
    boolean complete = lengthBytes == block.buffer().position();
    Cursor behind = complete && !bytes.hasRemaining() ? cursor() : null;
    releaseIfEmpty(bytes, lease);
    partial = complete ? null : block;
    return complete
        ? new Batch(
            stream,
            Encoding.RECORDS,
            partialPosition,
            block.buffer().duplicate().flip(),
            block,
            behind)
        : null;
  }

  private int lengthOf(Block block) {
    return lengthAt(block.buffer().duplicate().flip(), 0);
  }

  private int lengthAt(ByteBuffer bytes, int at) {
    int lengthBytes = Records.lengthAt(bytes, at);
    if (lengthBytes > recordBytesMax) {
      throw new TooLong(lengthBytes, recordBytesMax);
    }
    return lengthBytes;
  }

  private Block withRoomFor(Block block, int lengthBytes) {
    if (block.capacityBytes() >= lengthBytes) {
      return block;
    }
    Block larger = pool.take(lengthBytes);
    larger.buffer().put(block.buffer().flip());
    block.release();
    return larger;
  }

  private void releaseIfEmpty(ByteBuffer bytes, BlockLease lease) {
    if (!bytes.hasRemaining()) {
      run = null;
      runLease = null;
      lease.release();
    }
  }

  private @Nullable Cursor cursor() {
    byte[] bytes = runCursor;
    return bytes == null ? null : Cursor.of(bytes);
  }
}
