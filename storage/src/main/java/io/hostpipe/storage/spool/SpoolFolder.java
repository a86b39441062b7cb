package io.hostpipe.storage.spool;

import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import io.hostpipe.storage.Lock;
import io.hostpipe.storage.RealDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A spool's folder, looked at from outside: what is in it, whether it is sound, and what can be
 * done when it is not.
 *
 * <p>All but {@link #list} need that nobody uses it, and throw Refused with ALREADY_EXISTS
 * otherwise. Thread rule: any thread.
 */
public final class SpoolFolder {
  /** Behind the name of a file that a repair has kept. */
  static final String KEPT_SUFFIX = ".damaged";

  private static final int COPY_BYTES = 1 << 20;

  private final Disk disk;
  private final Path folder;

  /** A folder, which need not be there. */
  public SpoolFolder(Disk disk, Path folder) {
    this.disk = disk;
    this.folder = folder;
  }

  /**
   * What is in the folder.
   *
   * @param holder who uses it now; null when nobody does
   * @param idleBytes files that wait to be used again
   * @param unknown files that nothing tells the stream of
   */
  public record Listing(
      @Nullable String holder, List<Listed> streams, long idleBytes, List<Path> unknown) {}

  /**
   * A stream in the folder.
   *
   * @param heldFrom where a reader can begin
   * @param released what nobody needs lies before it
   * @param end how far it is written
   * @param finished whether its end is there
   * @param epoch of its newest writer
   * @param diskBytes of its segments
   * @param damage why it cannot be opened; null when it can
   */
  public record Listed(
      StreamId stream,
      Encoding encoding,
      long heldFrom,
      long released,
      long end,
      boolean finished,
      long epoch,
      long diskBytes,
      @Nullable String damage) {}

  /**
   * Bytes of a stream that are not what was written, or not there.
   *
   * @param from the first position
   * @param to behind the last one; from itself where nobody knows how far
   * @param offset in the file
   * @param what is wrong, for people
   */
  public record Damage(StreamId stream, long from, long to, Path file, long offset, String what) {}

  /**
   * What a repair has taken out of a stream.
   *
   * @param from where the stream ends now
   * @param to where it ended before
   * @param kept files with what was taken out, damaged or not
   */
  public record Hole(StreamId stream, long from, long to, List<Path> kept) {}

  /** What is in it; while somebody writes, as of some moment of that. */
  public Listing list() throws PipeException {
    try {
      if (!disk.exists(folder)) {
        throw missing();
      }
      Path lock = folder.resolve(Spool.LOCK);
      boolean isReal = disk instanceof RealDisk;
      String holder = isReal && Lock.isTaken(lock) ? Lock.holder(lock) : null;
      StreamFiles.Listing found = StreamFiles.list(disk, folder);
      List<Listed> streams = new ArrayList<>();
      for (StreamFiles each : found.streams().values()) {
        streams.add(listed(each, holder != null));
      }
      long idleBytes = found.idle().values().stream().mapToLong(Long::longValue).sum();
      return new Listing(holder, streams, idleBytes, found.nameless());
    } catch (IOException e) {
      throw Errors.unusable(folder, e);
    }
  }

  /** Reads everything, and says what is damaged; nothing when all is sound. */
  public List<Damage> verify() throws PipeException {
    return alone(() -> {
      List<Damage> all = new ArrayList<>();
      StreamFiles.Listing found = StreamFiles.list(disk, folder);
      for (StreamFiles each : found.streams().values()) {
        all.addAll(Inspection.of(disk, folder, each).damages());
      }
      return all;
    });
  }

  /**
   * Cuts a damaged stream off before its first damage, so that it can be written on from there. The
   * files with what is taken out are kept under other names.
   *
   * @return what is not in the stream any more; null when it was sound
   */
  public @Nullable Hole repair(StreamId stream) throws PipeException {
    List<Hole> holes =
        alone(() -> {
          StreamFiles files = filesOf(stream);
          Inspection.Found found = Inspection.of(disk, folder, files);
          return found.damages().isEmpty() ? List.of() : List.of(cut(files, found));
        });
    return holes.isEmpty() ? null : holes.getFirst();
  }

  /**
   * Writes the payloads of a stream from a position on, up to its end or to a damage.
   *
   * @param from a position that is held, also behind a damage; -1 for the first one
   * @return the position behind the last byte that was written
   * @throws PipeException DataLoss at a damage, after all before it was written
   */
  public long export(StreamId stream, long from, WritableByteChannel out, BlockPool pool)
      throws PipeException {
    return alone(() -> {
      StreamFiles files = filesOf(stream);
      List<Segment> segments = readable(files);
      if (segments.isEmpty()) {
        return files.knownTo();
      }
      long end = Inspection.of(disk, folder, files).end();
      long position = from < 0 ? segments.getFirst().base() : from;
      if (position < segments.getFirst().base() || position > end) {
        throw new PipeException.Config(
            Status.OUT_OF_RANGE,
            "the spool "
                + folder
                + " holds the stream "
                + stream
                + " from position "
                + segments.getFirst().base()
                + " to "
                + end
                + ", and "
                + position
                + " is not there");
      }
      try (SegmentReader reader = new SegmentReader(disk, folder, pool)) {
        while (position < end) {
          SegmentReader.Read read = reader.read(segments, position);
          position = write(read, files.encoding(), stream, position, out);
        }
      }
      return position;
    });
  }

  private static long write(
      SegmentReader.Read read,
      Encoding encoding,
      StreamId stream,
      long position,
      WritableByteChannel out)
      throws IOException {
    Batch whole = read.toBatch(stream, encoding);
    long end = whole.endPosition();
    for (Batch each : whole.behind(position)) {
      try (each) {
        if (each.beginsInsideRecord()) {
          ByteBuffer rest = each.bytes();
          while (rest.hasRemaining()) {
            var _ = out.write(rest);
          }
        } else {
          each.writePayloadTo(out);
        }
      }
    }
    return end;
  }

  private List<Segment> readable(StreamFiles files) {
    List<Segment> segments = new ArrayList<>();
    for (StreamFiles.Part each : files.isOver() ? List.<StreamFiles.Part>of() : files.parts()) {
      SegmentHeader header = each.header();
      if (header != null && files.isOwn(each)) {
        segments.add(new Segment(each.path(), header, each.lengthBytes()));
      }
    }
    return segments;
  }

  private Listed listed(StreamFiles files, boolean inUse) throws IOException {
    long diskBytes = files.parts().stream().mapToLong(StreamFiles.Part::lengthBytes).sum();
    try {
      Look.Found found = Look.at(disk, folder, files);
      long heldFrom =
          found.segments().isEmpty() ? found.end().position() : found.segments().getFirst().base();
      return new Listed(
          files.stream(),
          files.encoding(),
          heldFrom,
          found.released(),
          found.end().position(),
          found.end().finished(),
          found.end().epoch(),
          diskBytes,
          null);
    } catch (IOException e) {
      if (!(e instanceof PipeException) && !inUse) {
        throw e;
      }
      Slot slot = files.slot();
      long released = slot == null ? 0 : slot.released();
      // Who writes meanwhile may well look damaged to somebody who reads at two moments.
      return new Listed(
          files.stream(),
          files.encoding(),
          released,
          released,
          files.knownTo(),
          files.isEndKnown(),
          slot == null ? 0 : slot.synced().epoch(),
          diskBytes,
          inUse ? null : String.valueOf(e.getMessage()));
    }
  }

  private Hole cut(StreamFiles files, Inspection.Found found) throws IOException {
    Segment last = found.soundIn();
    List<Path> kept = new ArrayList<>();
    for (StreamFiles.Part each : files.parts()) {
      if (last == null || each.sequence() > last.header().sequence()) {
        Path aside = asideOf(each.path());
        disk.move(each.path(), aside);
        kept.add(aside);
      }
    }
    Path slotPath = folder.resolve(files.key() + Store.SLOT_SUFFIX);
    if (last == null) {
      // Not even where it begins is known: somebody who holds it elsewhere has to say.
      if (disk.exists(slotPath)) {
        disk.delete(slotPath);
      }
    } else {
      kept.addFirst(cutAfter(last, found.soundOffset()));
      Slot slot = files.slot();
      if (slot != null) {
        try (DiskFile file = disk.open(slotPath)) {
          slot.cutAt(found.sound()).write(file, 1 - files.slotPlace());
          Errors.sync(file);
        }
      }
    }
    Errors.syncFolder(disk, folder);
    return new Hole(files.stream(), found.sound().position(), found.end(), List.copyOf(kept));
  }

  /** Keeps a copy of a segment, and makes the records from an offset on invalid. */
  private Path cutAfter(Segment segment, long offset) throws IOException {
    Path aside = asideOf(segment.path());
    try (DiskFile file = disk.open(segment.path())) {
      copy(file, aside);
      SegmentScan scan = new SegmentScan(file, segment, SegmentScan.WINDOW_BYTES);
      List<Long> offsets = new ArrayList<>();
      if (offset <= segment.lengthBytes() - RecordHeader.LENGTH_BYTES) {
        offsets.add(offset);
      }
      SegmentScan.Later later = scan.later(offset);
      while (later != null) {
        offsets.add(later.offset());
        later = scan.later(later.offset());
      }
      Recovery.wipe(file, segment, offsets);
      Errors.sync(file);
    }
    return aside;
  }

  private void copy(DiskFile from, Path to) throws IOException {
    try (DiskFile copy = disk.open(to)) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(COPY_BYTES);
      long at = 0;
      while (from.read(bytes.clear(), at) > 0) {
        long lengthBytes = bytes.flip().remaining();
        copy.write(bytes, at);
        at += lengthBytes;
      }
      Errors.sync(copy);
    }
  }

  private Path asideOf(Path path) throws IOException {
    Path aside = path.resolveSibling(path.getFileName() + KEPT_SUFFIX);
    for (int number = 2; disk.exists(aside); number++) {
      aside = path.resolveSibling(path.getFileName() + KEPT_SUFFIX + "-" + number);
    }
    return aside;
  }

  private StreamFiles filesOf(StreamId stream) throws IOException {
    for (StreamFiles each : StreamFiles.list(disk, folder).streams().values()) {
      if (each.stream().equals(stream)) {
        return each;
      }
    }
    throw new PipeException.Config(
        Status.NOT_FOUND,
        "the spool "
            + folder
            + " has no stream "
            + stream
            + "; 'hostpipe spool ls "
            + folder
            + "' names those that it has");
  }

  private PipeException missing() {
    return new PipeException.Config(Status.NOT_FOUND, folder + " is no spool: it is not there");
  }

  private interface Task<T> {
    T run() throws IOException;
  }

  private <T> T alone(Task<T> task) throws PipeException {
    try {
      if (!disk.exists(folder)) {
        throw missing();
      }
      if (!(disk instanceof RealDisk)) {
        return task.run();
      }
      try (Lock lock =
          Lock.take(folder.resolve(Spool.LOCK), "the spool " + folder, "hostpipe spool")) {
        assert lock != null;
        return task.run();
      }
    } catch (IOException e) {
      throw Errors.unusable(folder, e);
    }
  }
}
