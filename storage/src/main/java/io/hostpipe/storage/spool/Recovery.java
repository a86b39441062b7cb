package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what a stream's files hold after whatever happened.
 *
 * <p>Only the last segment is read through. What is torn or missing at its end was never synced,
 * and is cut off; but where anything that is still there says that it was synced, bytes are lost,
 * and that is said instead of cutting. Thread rule: the spool's writer.
 */
final class Recovery {
  private static final int WIPE_COUNT_MAX = 1 << 20;

  private final Store store;
  private final StreamFiles files;
  private List<Segment> segments = List.of();
  private Place end = Place.START;
  private long offset = SegmentHeader.LENGTH_BYTES;

  private Recovery(Store store, StreamFiles files) {
    this.store = store;
    this.files = files;
  }

  /**
   * What a stream's log goes on from.
   *
   * @param offset behind the last record in the last segment
   */
  record Found(
      String key,
      StreamId stream,
      Encoding encoding,
      List<Segment> segments,
      Place end,
      long released,
      long offset,
      boolean hasSlot,
      long slotGeneration,
      int slotPlace) {}

  /**
   * Brings the files into a state that can be written on, and syncs it.
   *
   * @throws PipeException DataLoss when bytes are lost; nothing was changed then
   */
  static Found recover(Store store, StreamFiles files) throws IOException {
    return new Recovery(store, files).run();
  }

  private Found run() throws IOException {
    Slot slot = files.slot();
    List<StreamFiles.Part> released = takeWhole();
    if (segments.isEmpty()) {
      endWithoutSegments();
    } else {
      readLast();
    }
    for (StreamFiles.Part each : released) {
      Path idle = store.pool.newName();
      store.disk.move(each.path(), idle);
      store.pool.giveBack(idle, each.lengthBytes());
    }
    long base = segments.isEmpty() ? end.position() : segments.getFirst().base();
    return new Found(
        files.key(),
        files.stream(),
        files.encoding(),
        segments,
        end,
        Math.max(base, Math.min(releasedTo(), end.position())),
        offset,
        slot != null,
        slot == null ? 0 : slot.generation(),
        files.slotPlace());
  }

  private long releasedTo() {
    Slot slot = files.slot();
    return slot == null ? 0 : slot.released();
  }

  /**
   * Takes the segments that follow one another up to the last one.
   *
   * @return those that were released, and came back with the crash
   */
  private List<StreamFiles.Part> takeWhole() throws PipeException {
    List<StreamFiles.Part> parts = files.parts();
    List<Segment> run = new ArrayList<>();
    int index = parts.size() - 1;
    Slot slot = files.slot();
    if (slot != null && slot.synced().finished() && slot.released() >= slot.synced().position()) {
      return parts; // it was over
    }
    for (; index >= 0; index--) {
      StreamFiles.Part part = parts.get(index);
      Segment next = run.isEmpty() ? null : run.getLast();
      if (next != null && next.base() <= releasedTo()) {
        break;
      }
      SegmentHeader header = part.header();
      if (header == null || !isOwn(header, part)) {
        throw damaged(
            next == null ? knownTo() : next.base(), part.path(), 0, "a segment's head is damaged");
      }
      if (next != null && header.sequence() != next.header().sequence() - 1) {
        throw damaged(
            header.base().position(), next.path(), 0, "a segment before this one is missing");
      }
      run.add(new Segment(part.path(), header, part.lengthBytes()));
    }
    segments = run.reversed();
    if (!segments.isEmpty() && slot != null && segments.getFirst().base() > slot.released()) {
      throw damaged(
          slot.released(),
          segments.getFirst().path(),
          0,
          "the segments before this one are missing");
    }
    return parts.subList(0, index + 1);
  }

  private boolean isOwn(SegmentHeader header, StreamFiles.Part part) {
    return header.stream().equals(files.stream()) && header.sequence() == part.sequence();
  }

  /** What was surely on the device, as far as anything beside the segments tells. */
  private long knownTo() {
    Slot slot = files.slot();
    return slot == null ? 0 : slot.synced().position();
  }

  private void endWithoutSegments() throws PipeException {
    Slot slot = files.slot();
    if (slot == null) {
      return;
    }
    Place place = slot.synced();
    if (place.position() > 0 && !(place.finished() && slot.released() >= place.position())) {
      throw damaged(slot.released(), store.slotPath(files.key()), 0, "all segments are missing");
    }
    end = place;
  }

  private void readLast() throws IOException {
    Segment last = segments.getLast();
    try (DiskFile file = store.disk.open(last.path())) {
      SegmentScan scan = new SegmentScan(file, last, SegmentScan.WINDOW_BYTES);
      while (!scan.place().finished() && scan.next() != null) {
        // On to the end, or to a damage.
      }
      end = scan.place();
      offset = scan.offset();
      if (end.position() < knownTo() || (isEndKnown() && !end.finished())) {
        throw damaged(end.position(), last.path(), offset, "a record is damaged");
      }
      if (!end.finished()) {
        wipe(file, last, later(scan, last));
      }
      // What was found may be in the system's memory only; from here on it counts as safe.
      Errors.sync(file);
    }
  }

  private boolean isEndKnown() {
    Slot slot = files.slot();
    return slot != null && slot.synced().finished();
  }

  /** The whole records behind the end, which never were safe: else one of them says so. */
  private List<Long> later(SegmentScan scan, Segment last) throws IOException {
    List<Long> offsets = new ArrayList<>();
    SegmentScan.@Nullable Later later = scan.later(offset - 1);
    while (later != null) {
      if (later.header().syncedTo() > end.position()) {
        throw damaged(
            end.position(),
            last.path(),
            offset,
            "a record is damaged, and a later one at position "
                + later.header().position()
                + " is whole");
      }
      offsets.add(later.offset());
      if (offsets.size() > WIPE_COUNT_MAX) {
        throw new IllegalStateException("more than " + WIPE_COUNT_MAX + " records without order");
      }
      later = scan.later(later.offset());
    }
    return offsets;
  }

  /** Whatever will be written here must not be followed by a record of a former life. */
  private static void wipe(DiskFile file, Segment last, List<Long> offsets) throws IOException {
    for (long each : offsets) {
      int lengthBytes = (int) Math.min(RecordHeader.LENGTH_BYTES, last.lengthBytes() - each);
      file.write(ByteBuffer.allocateDirect(lengthBytes), each);
    }
  }

  private PipeException damaged(long position, Path file, long at, String what) {
    return Errors.damaged(store.folder, files.stream(), position, file, at, what);
  }
}
