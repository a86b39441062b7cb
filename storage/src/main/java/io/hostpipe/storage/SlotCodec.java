package io.hostpipe.storage;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How an entry of a {@link SlotTable} lies on the disk.
 *
 * <p>Mark, CRC-32C of all behind it, length (4 bytes each), count of slots (4), generation, number
 * in it, the file's inode, its time of birth, its length, the begin of its newest range (8 each),
 * the range's CRC-32C (4), then the slots: epoch, position, digest, end offset (8 each), flags (1),
 * the name behind its length (2), and where there is a cursor its position (8) and the cursor
 * behind its length (2).
 */
final class SlotCodec {
  /** Entries begin at multiples of it: what a device writes whole. */
  static final int ALIGNMENT_BYTES = 512;

  private static final int MARK = 0x4850_5332; // "HPS2"
  private static final int HEAD_BYTES = 4 * Integer.BYTES + 6 * Long.BYTES + Integer.BYTES;
  private static final int CRC_OFFSET = Integer.BYTES;
  private static final int CHECKED_OFFSET = 2 * Integer.BYTES;
  private static final int SLOT_BYTES_LEAST = 4 * Long.BYTES + 1 + Short.BYTES;
  private static final byte FINISHED = 1;
  private static final byte WITH_CURSOR = 2;

  private SlotCodec() {}

  /**
   * One entry.
   *
   * @param generation counts the times that everything was written anew
   * @param number in its generation; 0 has all slots, the others those that changed
   */
  record Entry(
      long generation,
      long number,
      FileIdentity file,
      long lengthBytes,
      FileRange newest,
      List<Slot> slots) {}

  /** The entry in bytes, filled up with zeros. */
  static ByteBuffer encode(
      long generation,
      long number,
      FileIdentity file,
      long lengthBytes,
      FileRange newest,
      Collection<Slot> slots) {
    int bytes = HEAD_BYTES;
    for (Slot slot : slots) {
      Cursor cursor = slot.held().cursor();
      bytes += SLOT_BYTES_LEAST + nameOf(slot).length;
      bytes += cursor == null ? 0 : Long.BYTES + Short.BYTES + cursor.bytes().length;
    }
    ByteBuffer out = ByteBuffer.allocate(aligned(bytes));
    out.putInt(MARK).putInt(0).putInt(bytes).putInt(slots.size());
    out.putLong(generation).putLong(number).putLong(file.number()).putLong(file.birthNanos());
    out.putLong(lengthBytes).putLong(newest.begin()).putInt(newest.crc());
    for (Slot slot : slots) {
      put(out, slot);
    }
    out.putInt(CRC_OFFSET, crcOf(out, bytes));
    return out.clear();
  }

  /** The whole entry at the buffer's position, which moves behind it; null when there is none. */
  static @Nullable Entry decode(ByteBuffer in) {
    if (in.remaining() < HEAD_BYTES) {
      return null;
    }
    ByteBuffer from = in.slice();
    int mark = from.getInt();
    int crc = from.getInt();
    int bytes = from.getInt();
    if (mark != MARK || bytes < HEAD_BYTES || bytes > in.remaining() || crc != crcOf(from, bytes)) {
      return null;
    }
    from.limit(bytes);
    try {
      Entry entry = decodeChecked(from);
      in.position(Math.min(in.limit(), in.position() + aligned(bytes)));
      return entry;
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null; // the checksum is right, and somebody else's rules made it
    }
  }

  static int aligned(int bytes) {
    return Math.multiplyExact(Math.ceilDiv(bytes, ALIGNMENT_BYTES), ALIGNMENT_BYTES);
  }

  private static Entry decodeChecked(ByteBuffer from) {
    int count = from.getInt();
    long generation = from.getLong();
    long number = from.getLong();
    FileIdentity file = new FileIdentity(from.getLong(), from.getLong());
    long lengthBytes = from.getLong();
    FileRange newest = new FileRange(from.getLong(), lengthBytes, from.getInt());
    List<Slot> slots = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      slots.add(get(from));
    }
    return new Entry(generation, number, file, lengthBytes, newest, slots);
  }

  private static void put(ByteBuffer out, Slot slot) {
    Resume held = slot.held();
    Cursor cursor = held.cursor();
    Digest digest = held.digest();
    byte[] name = nameOf(slot);
    out.putLong(held.epoch()).putLong(held.position());
    out.putLong((digest == null ? Digest.EMPTY : digest).toLong()).putLong(slot.endOffset());
    out.put((byte) ((slot.finished() ? FINISHED : 0) | (cursor == null ? 0 : WITH_CURSOR)));
    out.putShort((short) name.length).put(name);
    if (cursor != null) {
      byte[] bytes = cursor.bytes();
      out.putLong(held.cursorPosition()).putShort((short) bytes.length).put(bytes);
    }
  }

  private static Slot get(ByteBuffer from) {
    long epoch = from.getLong();
    long position = from.getLong();
    Digest digest = Digest.fromLong(from.getLong());
    long endOffset = from.getLong();
    byte flags = from.get();
    StreamId stream = new StreamId(new String(bytes(from), StandardCharsets.UTF_8));
    boolean hasCursor = (flags & WITH_CURSOR) != 0;
    long cursorPosition = hasCursor ? from.getLong() : position;
    Cursor cursor = hasCursor ? Cursor.of(bytes(from)) : null;
    Resume held = new Resume(position, cursor, digest, cursorPosition, epoch);
    return new Slot(stream, held, endOffset, (flags & FINISHED) != 0);
  }

  private static byte[] bytes(ByteBuffer from) {
    byte[] bytes = new byte[from.getShort() & 0xFFFF];
    from.get(bytes);
    return bytes;
  }

  private static byte[] nameOf(Slot slot) {
    return slot.stream().value().getBytes(StandardCharsets.UTF_8);
  }

  private static int crcOf(ByteBuffer entry, int bytes) {
    CRC32C crc = new CRC32C();
    crc.update(entry.duplicate().position(CHECKED_OFFSET).limit(bytes));
    return (int) crc.getValue();
  }
}
