package io.hostpipe.storage.spool;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The head of a record in a segment.
 *
 * <pre>
 *  0 u32 magic          20 u32 payload's CRC32C   48 u32 messages, or -1
 *  4 u32 CRC32C         24 u64 digest before it   52 u16 length of the cursor
 *  8 u64 position       32 u64 epoch              54 u8  kind
 * 16 u32 payload length 40 u64 synced up to       55 u8  flags (1: begins inside a message)
 * 56 u64 zero           64 the cursor, then the payload, then nothing up to a multiple of 64
 * </pre>
 *
 * <p>The CRC covers the segment's salt, the head without its magic and CRC, and the cursor. The
 * salt is drawn anew each time a file becomes a segment: what lay there before never validates. So
 * a record is bound to its stream, its life and its position.
 *
 * @param syncedTo all of the stream before it was surely on the device when this was written
 */
record RecordHeader(
    Kind kind,
    long position,
    int lengthBytes,
    int payloadCrc32c,
    Digest digestBefore,
    long epoch,
    long syncedTo,
    int messageCount,
    boolean inside,
    @Nullable Cursor cursor) {
  /** Where records may begin: a reader finds them again behind a damaged one. */
  static final int ALIGNMENT_BYTES = 64;

  static final int LENGTH_BYTES = 64;

  /** With the longest cursor. */
  static final int LENGTH_BYTES_MAX = LENGTH_BYTES + Cursor.LENGTH_BYTES_MAX;

  static final int MAGIC = 0x4850_7265; // "HPre"

  private static final int CRC_BEGIN = 8;
  private static final int CURSOR_LENGTH_AT = 52;
  private static final int INSIDE = 1;

  /** What a record says. */
  enum Kind {
    /** Bytes of the stream. */
    DATA(1),
    /** A new epoch. */
    FENCE(2),
    /** The end of the stream. */
    END(3);

    private final byte code;

    Kind(int code) {
      this.code = (byte) code;
    }

    private static @Nullable Kind ofCode(byte code) {
      for (Kind each : values()) {
        if (each.code == code) {
          return each;
        }
      }
      return null;
    }
  }

  /** The whole record in the file, with what fills it up. */
  static long recordBytes(int payloadLengthBytes, @Nullable Cursor cursor) {
    int cursorBytes = cursor == null ? 0 : cursor.bytes().length;
    return align((long) LENGTH_BYTES + cursorBytes + payloadLengthBytes);
  }

  static long align(long offset) {
    return (offset + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
  }

  /** Writes the head of an entry, cursor included. */
  static void write(ByteBuffer out, Entry entry, long syncedTo, long salt) {
    int begin = out.position();
    byte[] cursor = entry.cursor() == null ? new byte[0] : entry.cursor().bytes();
    out.putInt(MAGIC)
        .putInt(0)
        .putLong(entry.before().position())
        .putInt(entry.lengthBytes())
        .putInt(entry.payloadCrc32c())
        .putLong(entry.before().digest().toLong())
        .putLong(entry.behind().epoch())
        .putLong(syncedTo)
        .putInt(entry.messageCount())
        .putShort((short) (entry.cursor() == null ? -1 : cursor.length))
        .put(entry.kind().code)
        .put((byte) (entry.inside() ? INSIDE : 0))
        .putLong(0)
        .put(cursor);
    out.putInt(begin + 4, crc(out, begin, out.position(), salt));
  }

  /** How long a head that begins here is with its cursor, if it is one at all; at most the max. */
  static int lengthAt(ByteBuffer in, int index) {
    int cursorBytes = in.getShort(index + CURSOR_LENGTH_AT);
    return LENGTH_BYTES + Math.clamp(cursorBytes, 0, Cursor.LENGTH_BYTES_MAX);
  }

  /**
   * The head that begins here.
   *
   * @param index with {@link #lengthAt} bytes behind it
   * @return null when it is not valid in a segment of that salt
   */
  static @Nullable RecordHeader read(ByteBuffer in, int index, long salt) {
    int cursorLengthBytes = in.getShort(index + CURSOR_LENGTH_AT);
    Kind kind = Kind.ofCode(in.get(index + 54));
    int payloadLengthBytes = in.getInt(index + 16);
    if (in.getInt(index) != MAGIC
        || cursorLengthBytes < -1
        || cursorLengthBytes > Cursor.LENGTH_BYTES_MAX
        || in.getInt(index + 4) != crc(in, index, index + lengthAt(in, index), salt)
        || kind == null
        || payloadLengthBytes < 0) {
      return null;
    }
    Cursor cursor = null;
    if (cursorLengthBytes >= 0) {
      byte[] bytes = new byte[cursorLengthBytes];
      in.get(index + LENGTH_BYTES, bytes);
      cursor = Cursor.of(bytes);
    }
    return new RecordHeader(
        kind,
        in.getLong(index + 8),
        payloadLengthBytes,
        in.getInt(index + 20),
        Digest.fromLong(in.getLong(index + 24)),
        in.getLong(index + 32),
        in.getLong(index + 40),
        in.getInt(index + 48),
        (in.get(index + 55) & INSIDE) != 0,
        cursor);
  }

  long endPosition() {
    return position + lengthBytes;
  }

  /** How far behind the record's begin its payload lies. */
  int payloadAt() {
    return LENGTH_BYTES + (cursor == null ? 0 : cursor.bytes().length);
  }

  private static int crc(ByteBuffer bytes, int begin, int end, long salt) {
    CRC32C crc = new CRC32C();
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      crc.update((int) (salt >>> shift));
    }
    ByteBuffer view = bytes.duplicate();
    crc.update(view.limit(end).position(begin + CRC_BEGIN));
    return (int) crc.getValue();
  }
}
