package io.hostpipe.storage.spool;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads records back from the files of a log, and believes none whose checksum is not right.
 *
 * <p>Has files of its own, because an interrupt of the thread that reads closes them. Thread rule:
 * one thread, which is not the writer's.
 */
final class SegmentReader implements AutoCloseable {
  private static final int WINDOW_BYTES = 16 << 10;

  private final Disk disk;
  private final Path folder;
  private final BlockPool pool;
  private @Nullable Segment segment;
  private @Nullable DiskFile file;
  private @Nullable SegmentScan scan;

  SegmentReader(Disk disk, Path folder, BlockPool pool) {
    this.disk = disk;
    this.folder = folder;
    this.pool = pool;
  }

  /**
   * A record that was read.
   *
   * @param block of which the caller owns a reference
   * @param bytes the payload
   */
  record Read(RecordHeader header, Block block, ByteBuffer bytes) {
    /** As a batch, to which the reference passes. */
    Batch toBatch(StreamId stream, Encoding encoding) {
      return batch(
          stream,
          encoding,
          header.position(),
          bytes,
          block,
          header.cursor(),
          header.inside(),
          header.messageCount());
    }
  }

  /** A record as a batch, to which a reference to the block passes. */
  static Batch batch(
      StreamId stream,
      Encoding encoding,
      long position,
      ByteBuffer bytes,
      Block block,
      @Nullable Cursor cursor,
      boolean inside,
      int messageCount) {
    if (encoding == Encoding.RAW) {
      return new Batch(stream, Encoding.RAW, position, bytes, block, cursor);
    }
    return inside
        ? Batch.restOfRecord(stream, position, bytes, block, cursor)
        : new Batch(stream, position, bytes, block, cursor, messageCount);
  }

  /**
   * The record with bytes that holds the position.
   *
   * @param segments the log's, of which one holds it
   * @param position below what was written
   */
  Read read(List<Segment> segments, long position) throws IOException {
    SegmentScan from = scan;
    if (from == null || !leadsTo(segments, from, position)) {
      from = open(segments, position);
    }
    while (true) {
      Segment own = segment;
      if (own == null) {
        throw new IllegalStateException("no segment is open");
      }
      Segment next = after(segments, own);
      if (next != null && from.place().position() == next.base()) {
        from = open(segments, next.base());
        continue;
      }
      long offset = from.offset();
      RecordHeader header = from.nextHead();
      if (header == null) {
        from.forget();
        header = from.nextHead();
      }
      if (header == null) {
        throw damaged(own, from.place().position(), offset);
      }
      if (header.endPosition() > position) {
        return payload(own, from, header, offset);
      }
    }
  }

  /** Lets go of the file; it is opened again when something is read. */
  @Override
  public void close() {
    if (file != null) {
      file.close();
      file = null;
    }
    segment = null;
    scan = null;
  }

  private SegmentScan open(List<Segment> segments, long position) throws IOException {
    Segment holder = null;
    for (Segment each : segments) {
      if (each.base() <= position) {
        holder = each;
      }
    }
    if (holder == null) {
      throw new IllegalArgumentException("position " + position + " was released");
    }
    DiskFile opened = file;
    if (opened == null || !holder.equals(segment)) {
      close();
      opened = disk.openToRead(holder.path());
      file = opened;
      segment = holder;
    }
    SegmentScan begun = new SegmentScan(opened, holder, WINDOW_BYTES);
    scan = begun;
    return begun;
  }

  /** Whether a walk that has begun comes to the position, in its own segment. */
  private boolean leadsTo(List<Segment> segments, SegmentScan from, long position) {
    Segment own = segment;
    if (own == null || from.place().position() > position || !segments.contains(own)) {
      return false;
    }
    Segment next = after(segments, own);
    return next == null || position <= next.base();
  }

  private static @Nullable Segment after(List<Segment> segments, Segment own) {
    for (Segment each : segments) {
      if (each.header().sequence() == own.header().sequence() + 1) {
        return each;
      }
    }
    return null;
  }

  private Read payload(Segment own, SegmentScan from, RecordHeader header, long offset)
      throws IOException {
    Block block = pool.take(header.lengthBytes());
    ByteBuffer bytes = block.buffer();
    boolean whole = false;
    try {
      for (int attempt = 0; attempt < 2 && !whole; attempt++) {
        whole = from.readPayload(offset, header, bytes.clear()) && isRight(bytes.flip(), header);
        if (!whole) {
          from.forget(); // what the window has may be older than what was written since
        }
      }
    } finally {
      if (!whole) {
        block.release();
      }
    }
    if (!whole) {
      throw damaged(own, header.position(), offset);
    }
    return new Read(header, block, bytes);
  }

  private static boolean isRight(ByteBuffer bytes, RecordHeader header) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue() == header.payloadCrc32c();
  }

  private IOException damaged(Segment own, long position, long offset) {
    return Errors.damaged(
        folder, own.header().stream(), position, own.path(), offset, "a record is damaged");
  }
}
