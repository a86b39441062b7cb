package io.hostpipe.storage.spool;

import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the records of one segment, and behind a damaged one looks for the next that is whole.
 *
 * <p>Thread rule: one thread.
 */
final class SegmentScan {
  /** For who reads everything. */
  static final int WINDOW_BYTES = 256 << 10;

  private final DiskFile file;
  private final long salt;
  private final long lengthBytes;
  private final ByteBuffer window;
  private long windowOffset;
  private long offset;
  private Place place;

  /**
   * A walk from the segment's first record on.
   *
   * @param file which stays the caller's
   * @param windowBytes how much is read at a time
   */
  SegmentScan(DiskFile file, Segment segment, int windowBytes) {
    this.file = file;
    this.salt = segment.header().salt();
    this.lengthBytes = segment.lengthBytes();
    this.offset = SegmentHeader.LENGTH_BYTES;
    this.place = segment.header().base();
    this.window = ByteBuffer.allocateDirect((int) Math.min(windowBytes, lengthBytes)).limit(0);
  }

  /** Where in the file the next record begins. */
  long offset() {
    return offset;
  }

  /** The place in the stream where the next record begins. */
  Place place() {
    return place;
  }

  /** Goes on at a later record, over a damage. */
  void jump(Later later) {
    RecordHeader header = later.header();
    offset = later.offset();
    place =
        new Place(
            header.position(),
            header.digestBefore(),
            place.cursor(),
            place.cursorPosition(),
            place.epoch(),
            false);
  }

  /** The file may have grown since it was read. */
  void forget() {
    window.limit(0);
  }

  /** The next record, without a look at its payload; null where no valid head follows. */
  @Nullable RecordHeader nextHead() throws IOException {
    RecordHeader found = headAt(offset);
    if (found == null || found.position() != place.position()) {
      return null;
    }
    // The digest behind it is what the next record says; who needs it reads the payload.
    pass(found, found.digestBefore());
    return found;
  }

  /** The next record, whole; null where none follows: at the end, or at a damage. */
  @Nullable RecordHeader next() throws IOException {
    RecordHeader found = headAt(offset);
    if (found == null
        || found.position() != place.position()
        || !found.digestBefore().equals(place.digest())) {
      return null;
    }
    Digest payload = payloadDigest(offset, found);
    if (payload == null) {
      return null;
    }
    pass(found, place.digest().join(payload, found.lengthBytes()));
    return found;
  }

  /**
   * Copies the payload of a record.
   *
   * @param recordOffset where it begins in the file
   * @return whether the file had it
   */
  boolean readPayload(long recordOffset, RecordHeader header, ByteBuffer into) throws IOException {
    long from = recordOffset + header.payloadAt();
    if (from >= windowOffset && from + header.lengthBytes() <= windowOffset + window.limit()) {
      into.put(window.slice((int) (from - windowOffset), header.lengthBytes()));
      return true;
    }
    into.limit(into.position() + header.lengthBytes());
    int lengthRead = file.read(into, from);
    return lengthRead == header.lengthBytes();
  }

  private void pass(RecordHeader passed, Digest digest) {
    offset += RecordHeader.recordBytes(passed.lengthBytes(), passed.cursor());
    Place behind = place.behind(passed.lengthBytes(), digest, passed.cursor());
    behind = passed.epoch() == behind.epoch() ? behind : behind.withEpoch(passed.epoch());
    place = passed.kind() == RecordHeader.Kind.END ? behind.withEnd() : behind;
  }

  /** A whole record, and where it lies. */
  record Later(RecordHeader header, long offset) {}

  /**
   * The first whole record behind an offset that belongs behind this walk's position; where this
   * walk does not get to because what lies between is damaged.
   */
  @Nullable Later later(long behindOffset) throws IOException {
    long at = RecordHeader.align(behindOffset + 1);
    for (; at <= lengthBytes - RecordHeader.LENGTH_BYTES; at += RecordHeader.ALIGNMENT_BYTES) {
      if (!fill(at, RecordHeader.LENGTH_BYTES)) {
        return null;
      }
      if (window.getInt((int) (at - windowOffset)) == RecordHeader.MAGIC) {
        RecordHeader found = headAt(at);
        if (found != null
            && found.position() >= place.position()
            && payloadDigest(at, found) != null) {
          return new Later(found, at);
        }
      }
    }
    return null;
  }

  private @Nullable RecordHeader headAt(long from) throws IOException {
    if (from > lengthBytes - RecordHeader.LENGTH_BYTES || !fill(from, RecordHeader.LENGTH_BYTES)) {
      return null;
    }
    int headBytes = RecordHeader.lengthAt(window, (int) (from - windowOffset));
    if (from > lengthBytes - headBytes || !fill(from, headBytes)) {
      return null;
    }
    RecordHeader found = RecordHeader.read(window, (int) (from - windowOffset), salt);
    return found == null || from > lengthBytes - headBytes - found.lengthBytes() ? null : found;
  }

  /** The digest of a record's payload alone; null when it is not the one that was written. */
  private @Nullable Digest payloadDigest(long recordOffset, RecordHeader header)
      throws IOException {
    Digester digester = new Digester(Digest.EMPTY);
    long at = recordOffset + header.payloadAt();
    long end = at + header.lengthBytes();
    while (at < end) {
      int partBytes = (int) Math.min(window.capacity(), end - at);
      if (!fill(at, partBytes)) {
        return null;
      }
      int index = (int) (at - windowOffset);
      digester.update(window.duplicate().limit(index + partBytes).position(index));
      at += partBytes;
    }
    Digest digest = digester.digest();
    return digest.crc32c() == header.payloadCrc32c() ? digest : null;
  }

  /** Makes the window hold these bytes; false when the file does not have them. */
  private boolean fill(long from, int wantedBytes) throws IOException {
    if (from < windowOffset || from + wantedBytes > windowOffset + window.limit()) {
      window.clear();
      windowOffset = from;
      int readBytes = file.read(window, from);
      window.position(0).limit(readBytes);
    }
    return from + wantedBytes <= windowOffset + window.limit();
  }
}
