package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of one stream as they lie in the folder; nothing of them is believed yet.
 *
 * @param slotPlace which of the slot's two synced places is the newer one
 * @param parts in the order of their sequence numbers
 */
record StreamFiles(
    String key,
    StreamId stream,
    Encoding encoding,
    @Nullable Slot slot,
    int slotPlace,
    List<Part> parts) {
  /** What the files of a spool are called. */
  private static final Pattern NAME =
      Pattern.compile("[0-9a-f]{16}(\\.[0-9]{8,17}\\.seg|\\.slot)|[0-9]{1,17}\\.free");

  /** Whether it has ended, and nothing of it is needed: then it has no segments that count. */
  boolean isOver() {
    return slot != null
        && slot.synced().finished()
        && slot.released() >= slot.synced().position()
        && (slot.delivered() || parts.isEmpty());
  }

  /** What was surely on the device, as far as anything beside the segments tells. */
  long knownTo() {
    return slot == null ? 0 : slot.synced().position();
  }

  /** Whether the stream's end was surely on the device. */
  boolean isEndKnown() {
    return slot != null && slot.synced().finished();
  }

  /** Whether a file is what its name says. */
  boolean isOwn(Part part) {
    SegmentHeader header = part.header();
    return header != null && header.stream().equals(stream) && header.sequence() == part.sequence();
  }

  /**
   * A file with the name of a segment.
   *
   * @param header null when it cannot be read
   */
  record Part(Path path, long sequence, @Nullable SegmentHeader header, long lengthBytes) {}

  /**
   * What lies in a folder.
   *
   * @param streams by key
   * @param idle files that are no segments now, with their lengths
   * @param nameless files of which nothing says whose they are
   */
  record Listing(Map<String, StreamFiles> streams, Map<Path, Long> idle, List<Path> nameless) {}

  /** Looks at all files of a folder. */
  static Listing list(Disk disk, Path folder) throws IOException {
    Map<String, List<Part>> parts = new TreeMap<>();
    Map<String, Slot.Read> slots = new TreeMap<>();
    Map<Path, Long> idle = new TreeMap<>();
    for (Path path : disk.list(folder)) {
      String name = path.getFileName().toString();
      if (!NAME.matcher(name).matches()) {
        continue; // somebody else's: it is neither looked at nor touched
      }
      int dot = name.indexOf('.');
      try {
        if (name.endsWith(SegmentPool.SUFFIX)) {
          idle.put(path, lengthBytes(disk, path));
        } else if (name.endsWith(Store.SLOT_SUFFIX)) {
          slots.put(name.substring(0, dot), Slot.read(disk, path));
        } else {
          parts
              .computeIfAbsent(name.substring(0, dot), key -> new ArrayList<>())
              .add(part(disk, path, sequence(name, dot)));
        }
      } catch (NoSuchFileException e) {
        // Somebody works here meanwhile, and this file has got another name.
      }
    }
    return join(parts, slots, idle);
  }

  private static Listing join(
      Map<String, List<Part>> parts, Map<String, Slot.Read> slots, Map<Path, Long> idle) {
    Map<String, StreamFiles> streams = new TreeMap<>();
    List<Path> nameless = new ArrayList<>();
    for (String key : slots.keySet()) {
      parts.computeIfAbsent(key, none -> new ArrayList<>());
    }
    parts.forEach((key, own) -> {
      Slot.Read read = slots.get(key);
      Slot slot = read == null ? null : read.newest();
      StreamId stream = slot == null ? null : slot.stream();
      Encoding encoding = slot == null ? Encoding.RAW : slot.encoding();
      for (Part each : own) {
        if (stream == null && each.header() != null) {
          stream = each.header().stream();
          encoding = each.header().encoding();
        }
      }
      if (stream == null) {
        own.forEach(each -> nameless.add(each.path()));
      } else {
        int place = read == null ? 0 : read.syncedPlace();
        streams.put(key, new StreamFiles(key, stream, encoding, slot, place, List.copyOf(own)));
      }
    });
    return new Listing(streams, idle, nameless);
  }

  private static long sequence(String name, int dot) {
    return Long.parseLong(name, dot + 1, name.length() - Segment.SUFFIX.length(), 10);
  }

  private static Part part(Disk disk, Path path, long sequence) throws IOException {
    try (DiskFile file = disk.openToRead(path)) {
      ByteBuffer block = ByteBuffer.allocateDirect(SegmentHeader.LENGTH_BYTES);
      file.read(block, 0);
      return new Part(path, sequence, SegmentHeader.of(block.flip()), file.lengthBytes());
    }
  }

  private static long lengthBytes(Disk disk, Path path) throws IOException {
    try (DiskFile file = disk.openToRead(path)) {
      return file.lengthBytes();
    }
  }
}
