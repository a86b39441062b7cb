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
 * Reads all that there is of a stream and finds every damage, not only the first.
 *
 * <p>Thread rule: one thread, while nobody writes the spool.
 */
final class Inspection {
  private final Disk disk;
  private final StreamFiles files;
  private final List<SpoolFolder.Damage> damages = new ArrayList<>();

  /** Where the stream is sound up to; only the place of the first damage matters. */
  private Place sound = Place.START;

  private long soundOffset;
  private @Nullable Segment soundIn;

  /** How far the walk is. */
  private long position;

  private Inspection(Disk disk, StreamFiles files) {
    this.disk = disk;
    this.files = files;
  }

  /**
   * What was found.
   *
   * @param sound the last place before the first damage
   * @param soundIn the segment that holds it; null when none is sound
   * @param soundOffset behind the last record there
   * @param end how far records were found, or are known of
   */
  record Found(
      List<SpoolFolder.Damage> damages,
      Place sound,
      @Nullable Segment soundIn,
      long soundOffset,
      long end) {}

  static Found of(Disk disk, Path folder, StreamFiles files) throws IOException {
    Inspection inspection = new Inspection(disk, files);
    inspection.run(folder);
    return new Found(
        List.copyOf(inspection.damages),
        inspection.sound,
        inspection.soundIn,
        inspection.soundOffset,
        Math.max(inspection.position, files.knownTo()));
  }

  private void run(Path folder) throws IOException {
    if (files.isOver()) {
      sound = files.slot() == null ? Place.START : files.slot().synced();
      position = sound.position();
      return;
    }
    List<StreamFiles.Part> parts = whole();
    position = beginOf(parts);
    for (int index = 0; index < parts.size(); index++) {
      StreamFiles.Part part = parts.get(index);
      if (!files.isOwn(part) || part.header() == null) {
        long to = Math.max(position, laterBase(parts, index));
        damage(position, to, part.path(), 0, "the segment's head is damaged");
        position = to;
      } else {
        boolean isLast = index + 1 == parts.size();
        long nextBase = isLast ? -1 : baseOf(parts.get(index + 1));
        read(new Segment(part.path(), part.header(), part.lengthBytes()), nextBase, isLast);
      }
    }
    if (position < files.knownTo()) {
      damage(position, files.knownTo(), folder.resolve(files.key()), 0, "segments are missing");
      position = files.knownTo();
    }
    if (damages.isEmpty()) {
      // The walk agrees with what a start would find, or says what that says.
      tryStart(folder);
    }
  }

  private long beginOf(List<StreamFiles.Part> parts) {
    long base = parts.isEmpty() ? 0 : baseOf(parts.getFirst());
    return base < 0 ? releasedTo() : Math.min(releasedTo(), base);
  }

  /** The parts that count: not those that were released, and came back with a crash. */
  private List<StreamFiles.Part> whole() {
    List<StreamFiles.Part> parts = files.parts();
    int first = 0;
    for (int index = 1; index < parts.size(); index++) {
      SegmentHeader header = parts.get(index).header();
      if (header != null && header.base().position() <= releasedTo()) {
        first = index;
      }
    }
    return parts.subList(first, parts.size());
  }

  private void tryStart(Path folder) throws IOException {
    try {
      Look.at(disk, folder, files);
    } catch (PipeException e) {
      String why = String.valueOf(e.getMessage());
      damage(position, position, folder.resolve(files.key()), 0, why);
    }
  }

  /** Where what is known behind a part begins. */
  private long laterBase(List<StreamFiles.Part> parts, int index) {
    for (StreamFiles.Part each : parts.subList(index + 1, parts.size())) {
      if (baseOf(each) >= 0) {
        return baseOf(each);
      }
    }
    return files.knownTo();
  }

  /**
   * Reads one segment through.
   *
   * @param nextBase where the next one begins; -1 when that is not known, or there is none
   */
  private void read(Segment segment, long nextBase, boolean isLast) throws IOException {
    if (segment.base() > position) {
      damage(position, segment.base(), segment.path(), 0, "what lies before it is missing");
    }
    position = Math.max(position, segment.base());
    try (DiskFile file = disk.openToRead(segment.path())) {
      SegmentScan scan = new SegmentScan(file, segment, SegmentScan.WINDOW_BYTES);
      begin(segment, scan);
      while (true) {
        walk(segment, scan);
        position = Math.max(position, scan.place().position());
        if (scan.place().finished() || position == nextBase) {
          return;
        }
        long offset = scan.offset();
        SegmentScan.Later later = !isLast || isUnsafe(scan) ? scan.later(offset - 1) : null;
        if (later == null && nextBase < 0 && (!isLast || position >= files.knownTo())) {
          return; // a torn end, which never was safe; or its end, behind which a damage begins
        }
        long to = later == null ? nextBase : later.header().position();
        to = to >= 0 ? to : files.knownTo();
        damage(position, to, segment.path(), offset, "a record is damaged");
        position = to;
        if (later == null) {
          return;
        }
        scan.jump(later);
      }
    }
  }

  /** Whether something behind the end of the last segment says that it was safe. */
  private boolean isUnsafe(SegmentScan scan) throws IOException {
    if (position < files.knownTo()) {
      return true;
    }
    SegmentScan.Later later = scan.later(scan.offset() - 1);
    while (later != null) {
      if (later.header().syncedTo() > position) {
        return true;
      }
      later = scan.later(later.offset());
    }
    return false;
  }

  private void begin(Segment segment, SegmentScan scan) {
    if (damages.isEmpty()) {
      sound = scan.place();
      soundIn = segment;
      soundOffset = scan.offset();
    }
  }

  private void walk(Segment segment, SegmentScan scan) throws IOException {
    while (!scan.place().finished() && scan.next() != null) {
      begin(segment, scan);
    }
  }

  private long releasedTo() {
    Slot slot = files.slot();
    return slot == null ? 0 : slot.released();
  }

  private static long baseOf(StreamFiles.Part part) {
    SegmentHeader header = part.header();
    return header == null ? -1 : header.base().position();
  }

  private void damage(long from, long to, Path file, long offset, String what) {
    damages.add(new SpoolFolder.Damage(files.stream(), from, to, file, offset, what));
  }
}
