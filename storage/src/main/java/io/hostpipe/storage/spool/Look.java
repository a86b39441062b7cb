package io.hostpipe.storage.spool;

import io.hostpipe.PipeException;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a stream's files hold, found out without changing them.
 *
 * <p>Only the last segment is read through. What is torn or missing at its end was never synced,
 * and does not count; but where anything that is still there says that it was synced, bytes are
 * lost, and that is said instead. Thread rule: one thread.
 */
final class Look {
  private static final int WIPE_COUNT_MAX = 1 << 20;

  private final Disk disk;
  private final Path folder;
  private final StreamFiles files;
  private List<Segment> segments = List.of();
  private List<StreamFiles.Part> leftovers = List.of();
  private Place end = Place.START;
  private long offset = SegmentHeader.LENGTH_BYTES;
  private long doubtOffset = SegmentHeader.LENGTH_BYTES;
  private List<Long> strays = List.of();

  private Look(Disk disk, Path folder, StreamFiles files) {
    this.disk = disk;
    this.folder = folder;
    this.files = files;
  }

  /**
   * What was found.
   *
   * @param segments that follow one another up to the end
   * @param leftovers files of segments that were released before the crash brought them back
   * @param offset behind the last record in the last segment
   * @param doubtOffset where in it the records begin of which nothing says that they are safe
   * @param strays where in it whole records lie that never were safe, and belong nowhere
   */
  record Found(
      List<Segment> segments,
      List<StreamFiles.Part> leftovers,
      Place end,
      long released,
      long offset,
      long doubtOffset,
      List<Long> strays) {}

  /**
   * Looks at a stream that nobody writes meanwhile.
   *
   * @throws PipeException DataLoss when bytes are lost
   */
  static Found at(Disk disk, Path folder, StreamFiles files) throws IOException {
    return new Look(disk, folder, files).run();
  }

  private Found run() throws IOException {
    takeWhole();
    if (segments.isEmpty()) {
      endWithoutSegments();
    } else {
      readLast();
    }
    long base = segments.isEmpty() ? end.position() : segments.getFirst().base();
    long released = Math.max(base, Math.min(releasedTo(), end.position()));
    return new Found(segments, leftovers, end, released, offset, doubtOffset, strays);
  }

  private long releasedTo() {
    Slot slot = files.slot();
    return slot == null ? 0 : slot.released();
  }

  /** Takes the segments that follow one another up to the last one. */
  private void takeWhole() throws IOException {
    List<StreamFiles.Part> parts = files.parts();
    if (files.isOver()) {
      leftovers = parts;
      return;
    }
    List<Segment> run = new ArrayList<>();
    int index = parts.size() - 1;
    for (; index >= 0; index--) {
      StreamFiles.Part part = parts.get(index);
      Segment next = run.isEmpty() ? null : run.getLast();
      if (next != null && next.base() <= releasedTo()) {
        break;
      }
      SegmentHeader header = part.header();
      if (header == null || !files.isOwn(part)) {
        throw damaged(firstDamage(), part.path(), 0, "a segment's head is damaged");
      }
      if (next != null && header.sequence() != next.header().sequence() - 1) {
        throw damaged(
            header.base().position(), next.path(), 0, "a segment before this one is missing");
      }
      run.add(new Segment(part.path(), header, part.lengthBytes()));
    }
    segments = List.copyOf(run.reversed());
    leftovers = parts.subList(0, index + 1);
    if (!segments.isEmpty() && files.slot() != null && segments.getFirst().base() > releasedTo()) {
      throw damaged(
          releasedTo(), segments.getFirst().path(), 0, "the segments before this one are missing");
    }
  }

  /** Where bytes are missing first, when it is known that some are: needs all files to be read. */
  private long firstDamage() throws IOException {
    List<SpoolFolder.Damage> all = Inspection.of(disk, folder, files).damages();
    return all.isEmpty() ? releasedTo() : all.getFirst().from();
  }

  private void endWithoutSegments() throws PipeException {
    Slot slot = files.slot();
    if (slot == null) {
      return;
    }
    if (slot.synced().position() > 0 && !files.isOver()) {
      throw damaged(
          slot.released(), folder.resolve(files.key()), 0, "all of its segments are missing");
    }
    end = slot.synced();
  }

  private void readLast() throws IOException {
    Segment last = segments.getLast();
    try (DiskFile file = disk.openToRead(last.path())) {
      SegmentScan scan = new SegmentScan(file, last, SegmentScan.WINDOW_BYTES);
      long safePosition = Math.max(last.base(), files.knownTo());
      RecordHeader each = scan.next();
      while (each != null) {
        safePosition = Math.max(safePosition, each.syncedTo());
        each = scan.place().finished() ? null : scan.next();
      }
      end = scan.place();
      offset = scan.offset();
      if (end.position() < files.knownTo() || (files.isEndKnown() && !end.finished())) {
        throw damaged(end.position(), last.path(), offset, "a record is damaged");
      }
      if (!end.finished()) {
        strays = strays(scan, last);
      }
      doubtOffset = offsetBehind(file, last, safePosition);
    }
  }

  /** Where the first record begins that does not lie before a position as a whole. */
  private long offsetBehind(DiskFile file, Segment last, long position) throws IOException {
    SegmentScan scan = new SegmentScan(file, last, SegmentScan.WINDOW_BYTES);
    long before = scan.offset();
    while (before < offset) {
      RecordHeader each = scan.nextHead();
      if (each == null
          || each.endPosition() > position
          || (each.lengthBytes() == 0 && each.position() >= position)) {
        return before;
      }
      before = scan.offset();
    }
    return before;
  }

  /** The whole records behind the end, which never were safe: else one of them says so. */
  private List<Long> strays(SegmentScan scan, Segment last) throws IOException {
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

  private PipeException damaged(long position, Path file, long at, String what) {
    return Errors.damaged(folder, files.stream(), position, file, at, what);
  }
}
