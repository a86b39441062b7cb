package io.hostpipe.connector.local;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * How far a file has got with its stream, kept in a small file beside it, so that a later process
 * goes on there.
 *
 * <p>Two slots are written in turn, each behind the data that it speaks of: a process that is
 * killed at any moment leaves at least one that is whole, and data that is never behind it. Each
 * slot has a number, a checksum, and the digest of the stream up to its position; so the data
 * between the positions of the two can be checked too, which a loss of power may have taken.
 *
 * <p>A slot: mark, number, inode, base, position, digest (8 bytes each), the cursor and the
 * stream's name with their lengths before them, filled up with zeros; CRC-32C in the last 4 bytes.
 * Thread rule: one thread at a time.
 */
final class KeptPlaces implements AutoCloseable {
  /** More than the longest cursor and the longest name need. */
  static final int SLOT_BYTES = 1024;

  private static final int SLOT_COUNT = 2;
  private static final int CRC_OFFSET = SLOT_BYTES - Integer.BYTES;
  private static final long MARK = 0x4850_504c_4143_4531L; // "HPPLACE1"
  private static final int NO_CURSOR = 0xFFFF;

  private final FileChannel channel;
  private final ByteBuffer slot = ByteBuffer.allocateDirect(SLOT_BYTES);
  private final CRC32C crc = new CRC32C();
  private long nextNumber;

  private KeptPlaces(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * One slot.
   *
   * @param number grows with each
   * @param inode of the file that it speaks of
   * @param stream whose bytes the file holds
   * @param base where in the file the stream's position 0 is
   * @param held how far it got
   */
  record Kept(long number, long inode, StreamId stream, long base, Resume held) {
    /** Where in the file the stream goes on. */
    long end() {
      return base + held.position();
    }
  }

  /** The file that keeps the places of this one. */
  static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + ".hostpipe");
  }

  /** Opens it, creating it where it is missing. */
  static KeptPlaces open(Path file) throws IOException {
    return new KeptPlaces(
        FileChannel.open(
            beside(file),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE));
  }

  /** The slots that are whole, the newest first. */
  List<Kept> read() throws IOException {
    List<Kept> kept = new ArrayList<>();
    for (int index = 0; index < SLOT_COUNT; index++) {
      slot.clear();
      long at = (long) index * SLOT_BYTES;
      while (slot.hasRemaining() && channel.read(slot, at + slot.position()) >= 0) {
        // Until it is full, or the file ends.
      }
      if (slot.hasRemaining() || slot.getInt(CRC_OFFSET) != checksum()) {
        continue;
      }
      slot.flip();
      if (slot.getLong() == MARK) {
        kept.add(decode());
      }
    }
    kept.sort(Comparator.comparingLong(Kept::number).reversed());
    nextNumber = kept.isEmpty() ? 0 : kept.getFirst().number() + 1;
    return kept;
  }

  /** Keeps a place, over the older of the two slots. */
  void write(long inode, StreamId stream, long base, Resume held) throws IOException {
    Cursor cursor = held.cursor();
    Digest digest = held.digest();
    byte[] name = stream.value().getBytes(StandardCharsets.UTF_8);
    slot.clear();
    slot.putLong(MARK).putLong(nextNumber).putLong(inode).putLong(base).putLong(held.position());
    slot.putLong((digest == null ? Digest.EMPTY : digest).toLong());
    if (cursor == null) {
      slot.putShort((short) NO_CURSOR);
    } else {
      byte[] bytes = cursor.bytes();
      slot.putShort((short) bytes.length).put(bytes);
    }
    slot.putShort((short) name.length).put(name);
    while (slot.position() < CRC_OFFSET) {
      slot.put((byte) 0);
    }
    slot.putInt(CRC_OFFSET, checksum());
    slot.clear();
    long at = nextNumber % SLOT_COUNT * SLOT_BYTES;
    while (slot.hasRemaining()) {
      channel.write(slot, at + slot.position());
    }
    nextNumber++;
  }

  /** What was kept is on the device when this returns. */
  void sync() throws IOException {
    channel.force(false);
  }

  @Override
  public void close() {
    ChannelSink.closeQuietly(channel);
  }

  private Kept decode() {
    long number = slot.getLong();
    long inode = slot.getLong();
    long base = slot.getLong();
    long position = slot.getLong();
    Digest digest = Digest.fromLong(slot.getLong());
    int cursorBytes = slot.getShort() & 0xFFFF;
    Cursor cursor = cursorBytes == NO_CURSOR ? null : Cursor.of(bytes(cursorBytes));
    String stream = new String(bytes(slot.getShort()), StandardCharsets.UTF_8);
    return new Kept(
        number, inode, new StreamId(stream), base, new Resume(position, cursor, digest));
  }

  private byte[] bytes(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    slot.get(bytes);
    return bytes;
  }

  private int checksum() {
    crc.reset();
    crc.update(slot.duplicate().position(0).limit(CRC_OFFSET));
    return (int) crc.getValue();
  }
}
