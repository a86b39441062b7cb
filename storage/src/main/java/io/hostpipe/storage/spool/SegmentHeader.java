package io.hostpipe.storage.spool;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The first block of a segment: whose it is, and where it begins.
 *
 * <p>It is on the device before the segment has its name, and a segment has a successor only when
 * all of it is on the device: so every segment but the last of a stream is whole.
 *
 * @param sequence counts the segments of the stream from 0
 * @param salt what the CRCs of its records are bound to
 * @param base where it begins
 * @param released what of the stream nobody needed any more when it was made
 */
record SegmentHeader(
    StreamId stream, Encoding encoding, long sequence, long salt, Place base, long released) {
  /** Room for it; the records begin behind that. */
  static final int LENGTH_BYTES = 4096;

  private static final int MAGIC = 0x4850_7367; // "HPsg"
  private static final int VERSION = 1;

  /** More than the longest stream and cursor take, and two sectors at most. */
  private static final int CONTENT_BYTES = 1024;

  /** The whole block. */
  ByteBuffer toBytes() {
    ByteBuffer out = ByteBuffer.allocateDirect(LENGTH_BYTES);
    out.putInt(MAGIC).putInt(0).putInt(VERSION).putInt(encoding == Encoding.RAW ? 0 : 1);
    out.putLong(sequence).putLong(salt).putLong(released);
    putStream(out, stream);
    putPlace(out, base);
    out.clear();
    return out.putInt(4, crc(out));
  }

  /** What a block says; null when it is not valid. */
  static @Nullable SegmentHeader of(ByteBuffer block) {
    if (block.remaining() < CONTENT_BYTES
        || block.getInt(0) != MAGIC
        || block.getInt(4) != crc(block)
        || block.getInt(8) != VERSION) {
      return null;
    }
    try {
      ByteBuffer in = block.duplicate().position(12);
      Encoding encoding = in.getInt() == 0 ? Encoding.RAW : Encoding.RECORDS;
      long sequence = in.getLong();
      long salt = in.getLong();
      long released = in.getLong();
      return new SegmentHeader(getStream(in), encoding, sequence, salt, getPlace(in), released);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null; // its checksum is right, and yet it is not ours
    }
  }

  static void putStream(ByteBuffer out, StreamId stream) {
    byte[] name = stream.value().getBytes(StandardCharsets.UTF_8);
    out.putShort((short) name.length).put(name);
  }

  static StreamId getStream(ByteBuffer in) {
    byte[] name = new byte[in.getShort()];
    in.get(name);
    return new StreamId(new String(name, StandardCharsets.UTF_8));
  }

  static void putPlace(ByteBuffer out, Place place) {
    Cursor cursor = place.cursor();
    out.putLong(place.position()).putLong(place.digest().toLong());
    out.putLong(place.epoch()).put((byte) (place.finished() ? 1 : 0));
    out.putLong(place.cursorPosition());
    if (cursor == null) {
      out.putShort((short) -1);
    } else {
      byte[] bytes = cursor.bytes();
      out.putShort((short) bytes.length).put(bytes);
    }
  }

  static Place getPlace(ByteBuffer in) {
    long position = in.getLong();
    Digest digest = Digest.fromLong(in.getLong());
    long epoch = in.getLong();
    boolean finished = in.get() != 0;
    long cursorPosition = in.getLong();
    int cursorBytes = in.getShort();
    Cursor cursor = null;
    if (cursorBytes >= 0) {
      byte[] bytes = new byte[cursorBytes];
      in.get(bytes);
      cursor = Cursor.of(bytes);
    }
    return new Place(position, digest, cursor, cursorPosition, epoch, finished);
  }

  private static int crc(ByteBuffer block) {
    CRC32C crc = new CRC32C();
    crc.update(block.duplicate().limit(CONTENT_BYTES).position(8));
    return (int) crc.getValue();
  }
}
