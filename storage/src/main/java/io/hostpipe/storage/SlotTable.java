package io.hostpipe.storage;

import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The slots of a file's streams, in a small file of their own.
 *
 * <p>Shape: a head of one page says how long a half is; two halves follow. A half holds one
 * <em>generation</em>: an entry with all slots, and behind it, at multiples of 512 bytes, entries
 * with the slots that changed. When a half is full, the next generation is written into the other
 * one, whose own is two steps old by then. So a commit writes what changed and no more, in place,
 * where a sync costs least; each entry has a checksum and the number of its generation; and
 * whatever moment a crash finds, the entry before is whole. When all slots fill more than half of a
 * half, a longer file is written and takes the name of this one.
 *
 * <p>A new process never writes into the half that it believed in: it begins with a new generation
 * in the other one. Thread rule: one thread writes; {@link #slots} may be asked by any.
 */
final class SlotTable implements AutoCloseable {
  /** Of the file, before the halves. */
  static final int HEAD_BYTES = 4096;

  static final int HALF_BYTES_LEAST = 4096;

  private static final long MARK = 0x4850_534c_4f54_5332L; // "HPSLOTS2"
  private static final int HEAD_USED_BYTES = Long.BYTES + 2 * Integer.BYTES;
  private static final int ZEROS_BYTES = 1 << 20;

  private final Disk disk;
  private final Path path;

  /** As they are on the device. */
  private final Map<StreamId, Slot> slots = new ConcurrentHashMap<>();

  private @Nullable DiskFile file;
  private int halfBytes;

  /** Which half is written, or believed in; -1 for none. */
  private int half = -1;

  private long generation;
  private long number;
  private int usedBytes;

  private SlotTable(Disk disk, Path path) {
    this.disk = disk;
    this.path = path;
  }

  /**
   * What was kept at one moment.
   *
   * @param half it lies in
   * @param entries from the beginning of its generation
   */
  record State(int half, List<SlotCodec.Entry> entries) {
    SlotCodec.Entry entry() {
      return entries.getLast();
    }

    /** Of all streams then. */
    Map<StreamId, Slot> slots() {
      Map<StreamId, Slot> all = new LinkedHashMap<>();
      for (SlotCodec.Entry each : entries) {
        each.slots().forEach(slot -> all.put(slot.stream(), slot));
      }
      return all;
    }

    private long generation() {
      return entry().generation();
    }

    private long number() {
      return entry().number();
    }
  }

  /** A table in this file, which may not be there; it is not changed yet. */
  static SlotTable at(Disk disk, Path path) {
    return new SlotTable(disk, path);
  }

  /** The newest moments that are whole, at most two, the newest first. */
  List<State> read() throws IOException {
    List<State> states = new ArrayList<>();
    try (DiskFile in = disk.openToRead(path)) {
      halfBytes = readHead(in);
      for (int each = 0; halfBytes > 0 && each < 2; each++) {
        readHalf(in, each, states);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    }
    states.sort(
        Comparator.comparingLong(State::generation).thenComparingLong(State::number).reversed());
    if (!states.isEmpty()) {
      generation = states.getFirst().generation();
    }
    return List.copyOf(states.subList(0, Math.min(2, states.size())));
  }

  /** This is what counts; the half that it lies in is left alone until there is a newer one. */
  void believe(State state) {
    half = state.half();
    slots.clear();
    slots.putAll(state.slots());
  }

  /** The slots that are lasting. */
  Map<StreamId, Slot> slots() {
    return slots;
  }

  /**
   * Writes everything anew; lasting when this returns, as are the names in the folder.
   *
   * @param all the slots from here on
   */
  void begin(FileIdentity of, long lengthBytes, FileRange newest, Collection<Slot> all)
      throws IOException {
    writeGeneration(of, lengthBytes, newest, all);
    disk.syncFolder(folderOf(path));
    slots.clear();
    all.forEach(slot -> slots.put(slot.stream(), slot));
  }

  /**
   * Writes what changed; lasting when this returns. When there is no room for it on the device,
   * nothing has changed and it can be tried again; after any other exception nobody knows.
   *
   * @param gone streams that are remembered no longer
   */
  void keep(
      FileIdentity of,
      long lengthBytes,
      FileRange newest,
      Collection<Slot> changed,
      Collection<StreamId> gone)
      throws IOException {
    ByteBuffer entry = SlotCodec.encode(generation, number + 1, of, lengthBytes, newest, changed);
    if (usedBytes + entry.remaining() <= halfBytes) {
      DiskFile out = Objects.requireNonNull(file, "a table that has begun");
      int entryBytes = entry.remaining();
      out.write(entry, offsetOf(half) + usedBytes);
      sync(out);
      usedBytes += entryBytes;
      number++;
    } else {
      Map<StreamId, Slot> all = new LinkedHashMap<>(slots);
      gone.forEach(all::remove);
      changed.forEach(slot -> all.put(slot.stream(), slot));
      writeGeneration(of, lengthBytes, newest, all.values());
    }
    gone.forEach(slots::remove);
    changed.forEach(slot -> slots.put(slot.stream(), slot));
  }

  /** Removes the file: there is nothing to remember. */
  void remove() throws IOException {
    close();
    if (disk.exists(path)) {
      disk.delete(path);
    }
  }

  @Override
  public void close() {
    if (file != null) {
      file.close();
      file = null;
    }
  }

  private void writeGeneration(
      FileIdentity of, long lengthBytes, FileRange newest, Collection<Slot> all)
      throws IOException {
    ByteBuffer entry = SlotCodec.encode(generation + 1, 0, of, lengthBytes, newest, all);
    int entryBytes = entry.remaining();
    int other = half == 0 ? 1 : 0;
    // Where nothing is believed in, nothing may stay that could pass for a part of what comes.
    if (half < 0 || entryBytes > halfBytes / 2) {
      other = 0;
      writeFile(entry, longEnough(entryBytes));
    } else {
      if (file == null) {
        file = disk.open(path);
        // What is believed may be a killed process's and not synced; the other half is, up to now.
        sync(file);
      }
      file.write(entry, offsetOf(other));
      sync(file);
    }
    half = other;
    generation++;
    number = 0;
    usedBytes = entryBytes;
  }

  /** A file of its own size, whole before it has the name. */
  private void writeFile(ByteBuffer entry, int newHalfBytes) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    DiskFile out = disk.open(fresh);
    try {
      out.truncate(0);
      // With zeros, so that no later sync has to find room or to note a length.
      ByteBuffer zeros = ByteBuffer.allocate(ZEROS_BYTES);
      long whole = HEAD_BYTES + 2L * newHalfBytes;
      for (long at = 0; at < whole; at += ZEROS_BYTES) {
        out.write(zeros.clear().limit((int) Math.min(ZEROS_BYTES, whole - at)), at);
      }
      out.write(head(newHalfBytes), 0);
      out.write(entry, HEAD_BYTES);
      sync(out);
      disk.move(fresh, path);
      disk.syncFolder(folderOf(path));
    } catch (IOException e) {
      out.close();
      deleteQuietly(fresh);
      throw e;
    }
    close();
    file = out;
    halfBytes = newHalfBytes;
  }

  private void deleteQuietly(Path left) {
    try {
      if (disk.exists(left)) {
        disk.delete(left);
      }
    } catch (IOException e) {
      // The next try overwrites it.
    }
  }

  /**
   * Makes lasting what a file has.
   *
   * @throws PipeException DataLoss when that failed: nobody knows then what the device has, and a
   *     second try would succeed without having done anything
   */
  static void sync(DiskFile file) throws IOException {
    try {
      file.sync();
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.DataLoss(
          file.path() + " could not be made lasting: " + DiskErrors.reason(e), e);
    }
  }

  /** The folder that a file is in. */
  static Path folderOf(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null ? file.toAbsolutePath() : folder;
  }

  private long offsetOf(int which) {
    return HEAD_BYTES + (long) which * halfBytes;
  }

  /** Twice as much as has to be there at once, and as much again for what changes. */
  private static int longEnough(int entryBytes) {
    int bytes = HALF_BYTES_LEAST;
    while (bytes / 4 < entryBytes) {
      bytes = Math.multiplyExact(bytes, 2);
    }
    return bytes;
  }

  private static ByteBuffer head(int halfBytes) {
    ByteBuffer head = ByteBuffer.allocate(HEAD_USED_BYTES).putLong(MARK).putInt(halfBytes);
    return head.putInt(headCrc(head)).flip();
  }

  private static int headCrc(ByteBuffer head) {
    CRC32C crc = new CRC32C();
    crc.update(head.duplicate().position(0).limit(HEAD_USED_BYTES - Integer.BYTES));
    return (int) crc.getValue();
  }

  /** How long a half is; 0 when the head does not say. */
  private static int readHead(DiskFile in) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEAD_USED_BYTES);
    if (in.read(head, 0) < HEAD_USED_BYTES) {
      return 0;
    }
    head.flip();
    if (head.getLong() != MARK) {
      return 0;
    }
    int bytes = head.getInt();
    boolean said = head.getInt() == headCrc(head) && bytes >= HALF_BYTES_LEAST;
    return said && HEAD_BYTES + 2L * bytes <= in.lengthBytes() ? bytes : 0;
  }

  private void readHalf(DiskFile in, int which, List<State> into) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(halfBytes);
    var _ = in.read(bytes, offsetOf(which));
    bytes.flip();
    SlotCodec.Entry entry = SlotCodec.decode(bytes);
    if (entry == null || entry.number() != 0) {
      return;
    }
    List<SlotCodec.Entry> entries = new ArrayList<>();
    for (SlotCodec.Entry next = entry; next != null; ) {
      entries.add(next);
      SlotCodec.Entry follower = SlotCodec.decode(bytes);
      boolean follows =
          follower != null
              && follower.generation() == next.generation()
              && follower.number() == next.number() + 1;
      next = follows ? follower : null;
    }
    // Of the moments before the last but one nobody asks.
    for (int count = Math.max(1, entries.size() - 1); count <= entries.size(); count++) {
      into.add(new State(which, entries.subList(0, count)));
    }
  }
}
