package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The log of one stream: its segments, and how far they are written and synced.
 *
 * <p>What has to hold after a crash at any moment:
 *
 * <ul>
 *   <li>A file has a segment's name only when its header is on the device.
 *   <li>A segment has a successor only when all of it is on the device; the successor says where it
 *       begins. So only the last one has to be looked through.
 *   <li>A segment loses its name only when the slot on the device says that nobody needs it. So one
 *       that is missing was released, or is lost, and the slot tells which.
 * </ul>
 *
 * <p>A write that found no room has changed nothing that counts: it is made again, at the same
 * place. It has no thread and knows no time: whoever drives it, a thread or a simulation, takes the
 * same steps. Thread rule: the spool's writer, but for {@link #segments}.
 */
final class SegmentLog {
  /** The first segment of a stream is this long, each next one four times the one before. */
  private static final long FIRST_SEGMENT_BYTES = 1 << 20;

  private static final long BULK_BYTES = 4 << 20;

  private final Store store;
  private final String key;
  private final StreamId stream;
  private final Encoding encoding;
  private volatile List<Segment> segments;
  private Place end;
  private Place synced;
  private long released;
  private boolean endReleased;
  private @Nullable DiskFile current;
  private long offset;
  private boolean dirty;
  private long slotGeneration;
  private int slotPlace;
  private boolean slotIsNew;
  private boolean slotIsSynced;
  private String shortage = "";

  /** A stream that was never here. */
  SegmentLog(Store store, String key, StreamId stream, Encoding encoding) {
    this.store = store;
    this.key = key;
    this.stream = stream;
    this.encoding = encoding;
    this.segments = List.of();
    this.end = Place.START;
    this.synced = Place.START;
    this.slotIsNew = true;
  }

  /** A stream as it was found. */
  SegmentLog(Store store, Recovery.Found found) {
    this.store = store;
    this.key = found.key();
    this.stream = found.stream();
    this.encoding = found.encoding();
    this.segments = found.segments();
    this.end = found.end();
    this.synced = found.end();
    this.released = found.released();
    this.endReleased = found.end().finished() && found.segments().isEmpty();
    this.offset = found.offset();
    this.slotGeneration = found.slotGeneration();
    this.slotPlace = found.slotPlace();
    this.slotIsNew = !found.hasSlot();
  }

  StreamId stream() {
    return stream;
  }

  Encoding encoding() {
    return encoding;
  }

  String key() {
    return key;
  }

  /** The segments in their order. Any thread. */
  List<Segment> segments() {
    return segments;
  }

  /** Behind the last record that was written. */
  Place end() {
    return end;
  }

  /** Behind the last record that is surely on the device. */
  Place synced() {
    return synced;
  }

  long released() {
    return released;
  }

  /**
   * Nobody needs what lies before the position.
   *
   * @param andEnd nor the end of the stream, which lies there
   */
  void released(long position, boolean andEnd) {
    released = Math.max(released, position);
    endReleased |= andEnd;
  }

  /** Why the last {@link #append} did not take all. */
  String shortage() {
    return shortage;
  }

  /**
   * Writes records behind the end, in as few writes as they fit into.
   *
   * @return how many were written; less than all when there was no room
   */
  int append(List<Entry> entries) throws IOException {
    int count = 0;
    while (count < entries.size()) {
      if (!fits(entries.get(count)) && !roll(entries.subList(count, entries.size()))) {
        return count;
      }
      try {
        count = gather(entries, count);
      } catch (IOException e) {
        if (!Errors.isOutOfRoom(e, store.disk, store.folder)) {
          throw e;
        }
        shortage = "its file system says: " + Errors.reason(e);
        return count;
      }
    }
    return count;
  }

  /** Makes lasting what was written. */
  void sync() throws IOException {
    if (dirty && current != null) {
      Errors.sync(current);
      dirty = false;
      checkStillThere(segments.getLast().path());
    }
    synced = end;
  }

  /**
   * Lets go of the segments that nobody needs. Of a finished stream that may be all of them.
   *
   * @return whether files became free
   */
  boolean release() throws IOException {
    List<Segment> all = segments;
    int count = 0;
    while (count + 1 < all.size() && all.get(count + 1).base() <= released) {
      count++;
    }
    boolean over = endReleased && synced.finished() && !all.isEmpty();
    if (over) {
      count = all.size();
    }
    if (count == 0) {
      return false;
    }
    try {
      writeSlot(false);
      if (over && current != null) {
        current.close();
        current = null;
      }
      segments = List.copyOf(all.subList(count, all.size()));
      for (Segment each : all.subList(0, count)) {
        Path idle = store.pool.newName();
        store.disk.move(each.path(), idle);
        store.pool.giveBack(idle, each.lengthBytes());
      }
    } catch (IOException e) {
      if (!Errors.isOutOfRoom(e, store.disk, store.folder)) {
        throw e;
      }
      segments = all.stream().filter(each -> existsStill(each.path())).toList();
    }
    return true;
  }

  /** Notes beside the segments how far everything is, as a hint for the next start. */
  void hint() throws IOException {
    try {
      if (!slotIsNew) {
        try (DiskFile file = openSlot()) {
          slot(false).hint(file);
        }
      }
    } catch (IOException e) {
      if (!Errors.isOutOfRoom(e, store.disk, store.folder)) {
        throw e;
      }
    }
  }

  /** Removes all that there is of the stream. */
  void forget() throws IOException {
    boolean hasFiles = !slotIsNew || !segments.isEmpty();
    if (hasFiles) {
      writeSlot(true);
    }
    close();
    for (Segment each : segments) {
      Path idle = store.pool.newName();
      store.disk.move(each.path(), idle);
      store.pool.giveBack(idle, each.lengthBytes());
    }
    segments = List.of();
    if (hasFiles) {
      // The slot goes last, and after the names of the segments are gone for good.
      store.syncNames();
      store.disk.delete(store.slotPath(key));
      store.syncNames();
    }
  }

  /** Lets go of the files. */
  void close() {
    if (current != null) {
      current.close();
      current = null;
    }
  }

  /**
   * What was written to a file without a name is gone with this process: nobody may count on it.
   */
  private void checkStillThere(Path path) throws IOException {
    if (!store.disk.exists(path)) {
      throw new NoSuchFileException(
          path.toString(), null, path.getFileName() + " was removed while it was in use");
    }
  }

  private boolean existsStill(Path path) {
    try {
      return store.disk.exists(path);
    } catch (IOException e) {
      return true;
    }
  }

  private boolean fits(Entry entry) {
    List<Segment> all = segments;
    return !all.isEmpty() && offset + bytesOf(entry) <= all.getLast().lengthBytes();
  }

  private static long bytesOf(Entry entry) {
    return RecordHeader.recordBytes(entry.lengthBytes(), entry.cursor());
  }

  /** Writes records from an index on, as many as fit; the index behind them. */
  private int gather(List<Entry> entries, int from) throws IOException {
    Segment segment = segments.getLast();
    DiskFile file = current;
    if (file == null) {
      file = store.disk.open(segment.path());
      current = file;
    }
    ByteBuffer heads = store.heads.clear();
    ByteBuffer[] buffers = store.gathered;
    int bufferCount = 0;
    int headBegin = 0;
    long at = offset;
    int index = from;
    while (index < entries.size() && index - from < Store.GATHER_RECORDS_MAX) {
      Entry entry = entries.get(index);
      long recordBytes = bytesOf(entry);
      if (at + recordBytes > segment.lengthBytes()) {
        break;
      }
      int begin = heads.position();
      RecordHeader.write(heads, entry, synced.position(), segment.header().salt());
      int headBytes = heads.position() - begin;
      if (entry.lengthBytes() > 0) {
        buffers[bufferCount++] = heads.slice(headBegin, heads.position() - headBegin);
        buffers[bufferCount++] = entry.bytes().duplicate();
        headBegin = heads.position();
      }
      fill(heads, recordBytes - headBytes - entry.lengthBytes());
      at += recordBytes;
      index++;
    }
    long pageEnd = (at + Store.PAGE_BYTES - 1) & -Store.PAGE_BYTES;
    fill(heads, Math.min(pageEnd, segment.lengthBytes()) - at);
    buffers[bufferCount++] = heads.slice(headBegin, heads.position() - headBegin);
    dirty = true;
    file.write(buffers, bufferCount, offset);
    offset = at;
    end = entries.get(index - 1).behind();
    return index;
  }

  private static void fill(ByteBuffer heads, long lengthBytes) {
    for (long each = 0; each < lengthBytes; each++) {
      heads.put((byte) 0);
    }
  }

  /** Begins another segment that has room for the first entry; false when there is none. */
  private boolean roll(List<Entry> rest) throws IOException {
    sync();
    Entry first = rest.getFirst();
    List<Segment> all = segments;
    long sequence = all.isEmpty() ? 0 : all.getLast().header().sequence() + 1;
    boolean holdsNothing = released >= synced.position() && all.size() <= 1;
    DiskFile fresh = null;
    Path idle = null;
    long lengthBytes = segmentBytes(sequence, first);
    long leastBytes = segmentBytes(0, first);
    Segment segment;
    try {
      if (slotIsNew) {
        makeSlot();
      }
      fresh = store.pool.take(lengthBytes, holdsNothing, isBulk(rest));
      while (fresh == null && lengthBytes > leastBytes) {
        // Where there is no room for a long one, a shorter one may do.
        lengthBytes /= 2;
        fresh = store.pool.take(lengthBytes, holdsNothing, isBulk(rest));
      }
      if (fresh == null) {
        shortage = store.pool.shortage();
        return false;
      }
      idle = fresh.path();
      SegmentHeader header =
          new SegmentHeader(stream, encoding, sequence, store.salts.getAsLong(), end, released);
      fresh.write(header.toBytes(), 0);
      Errors.sync(fresh);
      segment = new Segment(store.segmentPath(key, sequence), header, lengthBytes);
      store.disk.move(idle, segment.path());
    } catch (IOException e) {
      if (fresh != null) {
        fresh.close();
      }
      if (!Errors.isOutOfRoom(e, store.disk, store.folder)) {
        throw e;
      }
      if (idle != null) {
        store.pool.giveBack(idle, lengthBytes);
      }
      shortage = "its file system says: " + Errors.reason(e);
      return false;
    }
    store.syncNames();
    if (current != null) {
      current.close();
    }
    current = fresh;
    offset = SegmentHeader.LENGTH_BYTES;
    List<Segment> more = new ArrayList<>(all);
    more.add(segment);
    segments = List.copyOf(more);
    return true;
  }

  /**
   * Whether so much waits that it is written in large pieces: then the few syncs may as well make
   * the file longer, and writing it full beforehand would only write everything twice.
   */
  private static boolean isBulk(List<Entry> rest) {
    long waitingBytes = 0;
    for (Entry each : rest) {
      waitingBytes += each.lengthBytes();
    }
    return waitingBytes >= BULK_BYTES;
  }

  private long segmentBytes(long sequence, Entry first) {
    long growing = FIRST_SEGMENT_BYTES << Math.min(2 * sequence, 20);
    long lengthBytes = Math.min(store.options.segmentBytes(), growing);
    while (lengthBytes - SegmentHeader.LENGTH_BYTES < bytesOf(first)) {
      lengthBytes *= 2;
    }
    return lengthBytes;
  }

  private void makeSlot() throws IOException {
    try (DiskFile file = openSlot()) {
      Slot slot = slot(false);
      slot.write(file, 0);
      slot.write(file, 1);
      slot.hint(file);
      Errors.sync(file);
      slotIsNew = false;
    }
  }

  private void writeSlot(boolean forgotten) throws IOException {
    if (slotIsNew) {
      makeSlot();
      store.syncNames();
      if (!forgotten) {
        return;
      }
    }
    try (DiskFile file = openSlot()) {
      int place = 1 - slotPlace;
      slot(forgotten).write(file, place);
      Errors.sync(file);
      slotPlace = place;
    }
  }

  private Slot slot(boolean forgotten) {
    return new Slot(++slotGeneration, stream, encoding, synced, released, endReleased, forgotten);
  }

  /** Opened for each use: ten thousand streams would take as many files more. */
  private DiskFile openSlot() throws IOException {
    Path path = store.slotPath(key);
    if (!slotIsNew) {
      checkStillThere(path);
    }
    DiskFile file = store.disk.open(path);
    if (!slotIsNew && !slotIsSynced) {
      try {
        // The older place is the next that is written over, so the newer one has to be lasting.
        Slot.settle(file);
      } catch (IOException e) {
        file.close();
        throw e;
      }
    }
    slotIsSynced = true;
    return file;
  }
}
