package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One open file with a place in it. It knows the first bytes and those before its offset, and so
 * notices when it was truncated, also when it has grown beyond the offset again since.
 *
 * <p>Thread rule: one thread.
 */
final class Followed implements AutoCloseable {
  private static final int OPENING_TRIES_MAX = 16;
  private static final int TAIL_BYTES_MAX = Fingerprint.TAIL_BYTES_MAX;

  private final Path path;
  private final long inode;
  private final long device;
  private final FileTime modified;
  private final FileChannel channel;
  private final byte[] head = new byte[Fingerprint.HEAD_BYTES_MAX];
  private int headBytes;
  private byte[] tail = new byte[0];
  private long offset;
  private long lengthSeenBytes;
  private @Nullable FileTime touchedLast;

  /** When there was last something new, or the file's own time when it was opened. */
  long activeNanos;

  /** Nobody writes to it any more: what was cut off the followed file, or was rotated long ago. */
  boolean settled;

  /** It is a copy: where it ends, the file that was truncated goes on, be it inside of a line. */
  boolean continues;

  /** Where the file ended that it is a copy of, when more was read of that than was copied. */
  long cutAt;

  /**
   * It was empty when its reading began: what came in it since may have been copied and cut off.
   */
  boolean begunEmpty;

  private Followed(Seen seen, FileChannel channel) {
    this.path = seen.path();
    this.inode = seen.inode();
    this.device = seen.device();
    this.modified = seen.modified();
    this.channel = channel;
  }

  /** Opens the very file that was seen; null when the path leads elsewhere by now. */
  static @Nullable Followed open(Seen seen) throws IOException {
    for (int count = 0; count < OPENING_TRIES_MAX; count++) {
      FileChannel channel = FileChannel.open(seen.path(), StandardOpenOption.READ);
      Seen again = Seen.look(seen.path());
      if (again != null && again.isSameFile(seen.inode(), seen.device())) {
        return new Followed(again, channel);
      }
      channel.close();
      if (again == null) {
        return null;
      }
    }
    return null;
  }

  Path path() {
    return path;
  }

  long inode() {
    return inode;
  }

  long offset() {
    return offset;
  }

  FileChannel channel() {
    return channel;
  }

  /**
   * Whether it was written since the last question. A file that was truncated and has grown to the
   * same length again shows it in nothing else.
   */
  boolean wasTouched(Seen seen) {
    boolean touched = !seen.modified().equals(touchedLast);
    touchedLast = seen.modified();
    return touched;
  }

  /** When it was last written, as of its opening. */
  FileTime modified() {
    return modified;
  }

  boolean isSameAs(Followed other) {
    return inode == other.inode && device == other.device;
  }

  boolean is(Seen seen) {
    return seen.isSameFile(inode, device);
  }

  /** The most that it was ever seen to hold. */
  long lengthSeenBytes() {
    return lengthSeenBytes;
  }

  /** What it holds now. */
  long lengthBytes() throws IOException {
    long lengthBytes = channel.size();
    lengthSeenBytes = Math.max(lengthSeenBytes, lengthBytes);
    return lengthBytes;
  }

  /** The place at the offset, from memory: the file may have been truncated by now. */
  Place place() {
    int frontBytes = (int) Math.min(offset, head.length);
    return new Place(
        inode,
        device,
        offset,
        new Fingerprint(frontBytes, crc(head, frontBytes), crc(tail, tail.length)),
        continues);
  }

  /** Whether it ends with the end of a line, as far as it is written now. */
  boolean endsALine() throws IOException {
    ByteBuffer last = ByteBuffer.allocate(1);
    long lengthBytes = channel.size();
    return lengthBytes > 0 && fill(last, lengthBytes - 1) == 1 && last.get(0) == '\n';
  }

  /** Goes on from here; what lies before is remembered. */
  void goTo(long newOffset) throws IOException {
    offset = newOffset;
    headBytes = fill(ByteBuffer.wrap(head, 0, (int) Math.min(newOffset, head.length)), 0);
    tail = new byte[(int) Math.min(newOffset, TAIL_BYTES_MAX)];
    fill(ByteBuffer.wrap(tail), newOffset - tail.length);
  }

  /** Remembers more of the first bytes, so that a truncation is noticed before any was read. */
  void learnFront() throws IOException {
    if (headBytes < head.length && offset <= headBytes && isUnchanged()) {
      headBytes += fill(ByteBuffer.wrap(head, headBytes, head.length - headBytes), headBytes);
    }
  }

  /** The file was truncated and is read from its start. */
  void beginAgain() {
    begunEmpty = true;
    offset = 0;
    headBytes = 0;
    tail = new byte[0];
    lengthSeenBytes = 0;
  }

  /**
   * Reads what lies at the offset, as much as there is room for, and stays there.
   *
   * @return false when the file is not what it was: truncated, and perhaps written anew
   */
  boolean read(ByteBuffer into) throws IOException {
    int begin = into.position();
    fill(into, offset);
    if (!isUnchanged()) {
      return false;
    }
    learnHead(into, begin);
    return true;
  }

  /** These bytes at the offset were taken over. */
  void advance(ByteBuffer taken) {
    byte[] last = new byte[Math.min(taken.remaining(), TAIL_BYTES_MAX)];
    taken.get(taken.limit() - last.length, last);
    if (last.length < TAIL_BYTES_MAX && tail.length > 0) {
      byte[] joined = Arrays.copyOf(tail, tail.length + last.length);
      System.arraycopy(last, 0, joined, tail.length, last.length);
      last = Arrays.copyOfRange(joined, Math.max(0, joined.length - TAIL_BYTES_MAX), joined.length);
    }
    tail = last;
    offset += taken.remaining();
  }

  /** Whether what is known of the front, and of what lies before the offset, is still there. */
  boolean isUnchanged() throws IOException {
    if (channel.size() < offset) {
      return false;
    }
    return isAt(tail, tail.length, offset - tail.length) && isAt(head, headBytes, 0);
  }

  /** Whether another file has the same front, as a copy of this one would. */
  boolean isFrontOf(Followed other) throws IOException {
    return headBytes > 0 && other.isAt(head, headBytes, 0);
  }

  /** Whether a copy of this file goes on where this one was read to. */
  boolean goesOnIn(Followed copy) throws IOException {
    return copy.channel.size() >= offset && copy.isAt(tail, tail.length, offset - tail.length);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It was only read.
    }
  }

  private static int crc(byte[] bytes, int lengthBytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, lengthBytes);
    return (int) crc.getValue();
  }

  private boolean isAt(byte[] wanted, int lengthBytes, long from) throws IOException {
    byte[] found = new byte[lengthBytes];
    return fill(ByteBuffer.wrap(found), from) == lengthBytes
        && Arrays.equals(found, 0, lengthBytes, wanted, 0, lengthBytes);
  }

  /** The front grows with what is read, also with the beginning of an unfinished line. */
  private void learnHead(ByteBuffer read, int begin) {
    if (headBytes < head.length && offset <= headBytes) {
      int known = (int) (headBytes - offset);
      int more = Math.min(read.position() - begin - known, head.length - headBytes);
      if (more > 0) {
        read.get(begin + known, head, headBytes, more);
        headBytes += more;
      }
    }
  }

  private int fill(ByteBuffer into, long from) throws IOException {
    int begin = into.position();
    while (into.hasRemaining()) {
      int readBytes = channel.read(into, from + into.position() - begin);
      if (readBytes < 0) {
        break;
      }
    }
    return into.position() - begin;
  }
}
