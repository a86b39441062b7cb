package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
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

  /** What is known of the line in the middle of which it ends, if it is a copy. */
  final Tear tear = new Tear();

  /**
   * Nothing of it was read yet: it may have been written, copied and truncated before, perhaps more
   * than once, and then those copies come first.
   */
  boolean fresh = true;

  private Followed(Seen seen, FileChannel channel) {
    this.path = seen.path();
    this.inode = seen.inode();
    this.device = seen.device();
    this.modified = seen.modified();
    this.channel = channel;
  }

  /**
   * Opens the very file that was seen.
   *
   * @throws MovedException when the path leads nowhere or elsewhere by now
   */
  static Followed open(Seen seen) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(seen.path(), StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw new MovedException(seen.path() + " is not there any more");
    }
    Seen again = Seen.look(seen.path());
    if (again == null || !again.isSameFile(seen.inode(), seen.device())) {
      channel.close();
      throw new MovedException(seen.path() + " is another file by now");
    }
    return new Followed(again, channel);
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

  boolean is(Seen seen) {
    return seen.isSameFile(inode, device);
  }

  /** The most that it was ever seen to hold, since it was truncated last. */
  long lengthSeenBytes() {
    return lengthSeenBytes;
  }

  /** What it holds now. */
  long lengthBytes() throws IOException {
    return channel.size();
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

  /** Whether a line ends at this length. */
  boolean endsALine(long lengthBytes) throws IOException {
    ByteBuffer last = ByteBuffer.allocate(1);
    return fill(last, lengthBytes - 1) == 1 && last.get(0) == '\n';
  }

  /** Goes on from here; what lies before is remembered. */
  void goTo(long newOffset) throws IOException {
    fresh = newOffset == 0;
    offset = newOffset;
    headBytes = fill(ByteBuffer.wrap(head, 0, (int) Math.min(newOffset, head.length)), 0);
    tail = new byte[(int) Math.min(newOffset, TAIL_BYTES_MAX)];
    fill(ByteBuffer.wrap(tail), newOffset - tail.length);
  }

  /** Remembers more of the first bytes, so that a truncation is noticed before any was read. */
  void learnFront() throws IOException {
    long lengthBytes = channel.size();
    if (headBytes < head.length && offset <= headBytes && isUnchanged()) {
      lengthSeenBytes = Math.max(lengthSeenBytes, lengthBytes);
      headBytes += fill(ByteBuffer.wrap(head, headBytes, head.length - headBytes), headBytes);
    }
  }

  /** The file was truncated and is read from its start. */
  void beginAgain() {
    fresh = true;
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
    long lengthBytes = channel.size();
    fill(into, offset);
    if (!isUnchanged()) {
      return false;
    }
    lengthSeenBytes = Math.max(lengthSeenBytes, lengthBytes);
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

  /** Whether a copy goes on where this one was read to, from what is remembered of this one. */
  boolean goesOnIn(Followed copy) throws IOException {
    return copy.channel.size() >= offset
        && hasFrontOf(copy)
        && copy.isAt(tail, tail.length, offset - tail.length);
  }

  /** Whether all of a copy was read in this one, from what is remembered of this one. */
  boolean hasAllOf(Followed copy) throws IOException {
    long lengthBytes = copy.channel.size();
    long tailBegin = offset - tail.length;
    int overlapBytes = Math.clamp(lengthBytes - tailBegin, 0, tail.length);
    return hasFrontOf(copy) && copy.isAt(tail, overlapBytes, tailBegin);
  }

  /**
   * Whether the other one begins with all that this one has: then this is a copy of it, made before
   * the other one has grown. Of the other one's front its memory counts.
   */
  boolean isBeginningOf(Followed other) throws IOException {
    long lengthBytes = channel.size();
    if (other.headBytes > 0 && !other.hasFrontOf(this)) {
      return false;
    }
    byte[] front = new byte[(int) Math.min(lengthBytes, head.length)];
    byte[] end = new byte[(int) Math.min(lengthBytes, TAIL_BYTES_MAX)];
    return lengthBytes > 0
        && fill(ByteBuffer.wrap(front), 0) == front.length
        && fill(ByteBuffer.wrap(end), lengthBytes - end.length) == end.length
        && other.isAt(front, front.length, 0)
        && other.isAt(end, end.length, lengthBytes - end.length);
  }

  /** Whether a copy begins as this one did, as far as both go. */
  private boolean hasFrontOf(Followed copy) throws IOException {
    int lengthBytes = (int) Math.min(headBytes, copy.channel.size());
    return lengthBytes > 0 && copy.isAt(head, lengthBytes, 0);
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
