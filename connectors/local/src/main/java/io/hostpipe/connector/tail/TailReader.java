package io.hostpipe.connector.tail;

import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file through its rotations, line by line, without ever waiting.
 *
 * <p>There is one file that is read now; those that came after it stand in line, opened as soon as
 * they were seen, so that they cannot be removed unread. A file is left for the next one in line
 * when it is at its end and nothing was added for a while. Two ways of rotation:
 *
 * <ul>
 *   <li>The file is renamed, and another one has its name. Writers may go on in the old one for a
 *       moment; it is open here, so its name does not matter.
 *   <li>The file is copied, and truncated. What was not read before is in the copy: that is read
 *       first, from the same offset, and then the file again from its start. A copy is known by its
 *       first bytes and by those before the offset.
 * </ul>
 *
 * <p>Only whole lines are handed over. An unfinished last line is remembered ({@code held}), since
 * a truncation takes it away; where the rest of it comes in another file it is carried over ({@code
 * carry}). Positions count what was handed over. The cursor of a batch is the place behind it, in
 * the file that it came from. Thread rule: one thread.
 */
final class TailReader implements AutoCloseable {
  /** What one read asks for. */
  static final int BLOCK_BYTES = 256 << 10;

  /** A line that is longer is handed over in pieces. */
  static final int LINE_BYTES_MAX = 1 << 20;

  private static final int SMALL_BLOCK_BYTES = 4 << 10;
  private static final byte[] NOTHING = {};

  private final StreamId stream;
  private final Path path;
  private final BlockPool pool;
  private final TailOptions options;
  private final PipeEvents events;
  private final Rotation rotation;
  private final ArrayDeque<Followed> ahead = new ArrayDeque<>();
  private @Nullable Followed current;
  private @Nullable Followed left;
  private byte[] held = NOTHING;
  private byte[] carry = NOTHING;
  private long heldSinceNanos;
  private long position;
  private Tear.Verdict tear = Tear.Verdict.GOES_ON;
  private int tearLooks;
  private boolean touched;
  private boolean truncated;
  private boolean ended;

  TailReader(StreamId stream, Path path, BlockPool pool, TailOptions options, PipeEvents events) {
    this.stream = stream;
    this.path = path;
    this.pool = pool;
    this.options = options;
    this.events = events;
    this.rotation = new Rotation(path, options.rotateWait());
  }

  /** Begins a stream: where the options say. */
  void begin(long nowNanos) throws IOException {
    List<Seen> present = rotation.present();
    Followed live = rotation.openLive(nowNanos);
    if (live != null) {
      if (options.fromEnd()) {
        live.goTo(lastLineEnd(live));
      }
      current = live;
    }
    rotation.passOver(present, live, ahead);
  }

  /**
   * Goes on at a place that was reached before.
   *
   * @param lastTry false to say so when the place is nowhere: a rotation may be under way
   * @return whether it was found, or given up
   * @throws PipeException DataLoss when nothing that is there goes on from it
   */
  boolean resume(Place place, long atPosition, boolean lastTry, long nowNanos) throws IOException {
    position = atPosition;
    List<Seen> present = rotation.present();
    Followed found = rotation.find(place, nowNanos);
    if (found == null && !lastTry) {
      return false;
    }
    if (found == null) {
      lost(
          path
              + ": the file that was read up to byte "
              + place.offset()
              + " (inode "
              + place.inode()
              + ") is gone, or was truncated without a copy beside it: what was written to it behind"
              + " that is lost, how much is not known");
      begin(nowNanos);
      return true;
    }
    current = found;
    ahead.addAll(rotation.behind(found, ahead, nowNanos));
    rotation.passOver(present, found, ahead);
    return true;
  }

  /** The position behind everything that was handed over. */
  long position() {
    return position;
  }

  /** Whether the end was reached that {@code until=end} asks for. */
  boolean ended() {
    return ended;
  }

  /** How long until something is due that no change of a file will tell of. */
  long dueNanos(long nowNanos) {
    long due = Long.MAX_VALUE;
    Followed file = current;
    if (file != null && !ahead.isEmpty()) {
      due = Math.max(0, file.activeNanos + options.rotateWait().toNanos() - nowNanos);
    }
    if (tear == Tear.Verdict.LOOK_AGAIN) {
      due = tearLooks > 0 ? Tear.LOOK_NANOS : Long.MAX_VALUE;
    }
    if (options.partialAfter() != null && held.length > 0) {
      long flush = heldSinceNanos + options.partialAfter().toNanos() - nowNanos;
      due = Math.min(due, Math.max(0, flush));
    }
    return due;
  }

  /** The next lines, in a batch that the caller owns; null when there are none now. */
  @Nullable Batch poll(long nowNanos) throws IOException {
    tear = Tear.Verdict.GOES_ON;
    look(nowNanos);
    while (!ended) {
      Followed file = current;
      if (file == null) {
        file = ahead.poll();
        current = file;
      }
      if (file == null) {
        ended = options.untilEnd();
        return late();
      }
      long unreadBytes = file.lengthBytes() - file.offset();
      if (unreadBytes < 0) {
        onTruncated(file, nowNanos);
        continue;
      }
      if (unreadBytes > 0 && file.begunEmpty && standsBehindCopies(file)) {
        continue;
      }
      Batch batch = lines(file, unreadBytes, nowNanos);
      if (batch != null) {
        return batch;
      }
      touched = false;
      if (truncated) {
        truncated = false;
        onTruncated(file, nowNanos);
        continue;
      }
      batch = atEnd(file, nowNanos);
      if (batch != null) {
        return batch;
      }
      if (file == current) {
        return late();
      }
    }
    return null;
  }

  @Override
  public void close() {
    for (Followed each : ahead) {
      each.close();
    }
    ahead.clear();
    closeIfOpen(current);
    closeIfOpen(left);
    current = null;
    left = null;
  }

  /** Opens what has taken the followed file's place since the last look. */
  private void look(long nowNanos) throws IOException {
    Followed newest = ahead.isEmpty() ? current : ahead.peekLast();
    Seen live = rotation.live();
    Followed file = current;
    touched = live != null && file != null && file.is(live) && file.wasTouched(live);
    if (live != null && newest != null && newest != file && newest.is(live)) {
      newest.learnFront();
    }
    if (newest == null) {
      Followed first = rotation.openLive(nowNanos);
      if (first != null) {
        ahead.add(first);
      }
    } else if (live != null && !newest.is(live)) {
      ahead.addAll(rotation.behind(newest, ahead, nowNanos));
    }
  }

  /** Whole lines from the file's offset on; null when there is none, or the file was truncated. */
  private @Nullable Batch lines(Followed file, long unreadBytes, long nowNanos) throws IOException {
    if (carry.length > 0 && carry[carry.length - 1] == '\n') {
      return carried(file);
    }
    boolean flushDue = isFlushDue(nowNanos);
    if (unreadBytes == held.length && !flushDue && !touched) {
      return null;
    }
    int wantedBytes = (int) Math.min(unreadBytes, BLOCK_BYTES);
    while (true) {
      Block block = pool.take(Math.max(SMALL_BLOCK_BYTES, carry.length + wantedBytes));
      boolean kept = false;
      try {
        ByteBuffer bytes = block.buffer();
        bytes.put(carry).limit(carry.length + wantedBytes);
        if (!file.read(bytes)) {
          truncated = true;
          return null;
        }
        int end = lastLineEnd(bytes, carry.length);
        boolean tooLong = end < 0 && wantedBytes >= LINE_BYTES_MAX;
        if (end < 0 && (tooLong || flushDue)) {
          end = bytes.position();
        }
        if (end > carry.length) {
          kept = true;
          return batch(file, block, end, nowNanos);
        }
        if (bytes.position() < carry.length + BLOCK_BYTES || wantedBytes >= unreadBytes) {
          hold(bytes, carry.length, nowNanos);
          return null;
        }
      } finally {
        if (!kept) {
          block.release();
        }
      }
      wantedBytes = (int) Math.min(unreadBytes, Math.min(LINE_BYTES_MAX, 2L * wantedBytes));
    }
  }

  /** Hands over the block's bytes up to the end, and holds what is behind. */
  private Batch batch(Followed file, Block block, int end, long nowNanos) {
    ByteBuffer bytes = block.buffer();
    hold(bytes, end, nowNanos);
    file.advance(bytes.duplicate().limit(end).position(carry.length));
    file.activeNanos = nowNanos;
    carry = NOTHING;
    return handedOver(file, block, end);
  }

  private Batch handedOver(Followed file, Block block, int lengthBytes) {
    ByteBuffer bytes = block.buffer().duplicate().position(0).limit(lengthBytes);
    Batch batch = new Batch(stream, Encoding.RAW, position, bytes, block, file.place().toCursor());
    position += lengthBytes;
    return batch;
  }

  /** What is carried and has its end already. */
  private Batch carried(Followed file) {
    Block block = pool.take(carry.length);
    block.buffer().put(carry);
    int lengthBytes = carry.length;
    carry = NOTHING;
    return handedOver(file, block, lengthBytes);
  }

  private void hold(ByteBuffer bytes, int from, long nowNanos) {
    int lengthBytes = bytes.position() - from;
    if (lengthBytes != held.length) {
      heldSinceNanos = nowNanos;
    }
    byte[] rest = new byte[lengthBytes];
    bytes.get(from, rest);
    held = rest;
  }

  private boolean isFlushDue(long nowNanos) {
    return options.partialAfter() != null
        && held.length > 0
        && nowNanos - heldSinceNanos >= options.partialAfter().toNanos();
  }

  /** No whole line is left in the file: is this its end? */
  private @Nullable Batch atEnd(Followed file, long nowNanos) throws IOException {
    if (ahead.isEmpty()) {
      if (!options.untilEnd()) {
        return null;
      }
      ended = true;
      return held.length + carry.length == 0 ? null : unfinished(file, NOTHING);
    }
    boolean waits = !file.settled && !options.untilEnd();
    if (waits && nowNanos - file.activeNanos < options.rotateWait().toNanos()) {
      return null;
    }
    tear = tearOf(file);
    if (tear == Tear.Verdict.LOOK_AGAIN) {
      return null;
    }
    Batch batch = null;
    if (tear == Tear.Verdict.TORN) {
      events.warning(
          path
              + " was truncated inside of a line that was just written: its first "
              + (carry.length + held.length)
              + " bytes are in the copy and are passed on as a line, its rest is nowhere"
              + " (copytruncate drops what is written between the copy and the truncation)");
    }
    if (file.continues && tear == Tear.Verdict.GOES_ON) {
      carry = joined(carry, held);
    } else if (held.length > 0 || carry.length > 0) {
      batch = unfinished(file, new byte[] {'\n'});
    }
    leave(file);
    return batch;
  }

  /** Where a copy ends inside of a line: does the truncated file begin with the rest of it? */
  private Tear.Verdict tearOf(Followed file) throws IOException {
    if (!file.continues || (held.length == 0 && file.cutAt == 0)) {
      return Tear.Verdict.GOES_ON;
    }
    Followed next = ahead.getFirst();
    long cutAt = file.cutAt > 0 ? file.cutAt : file.offset() + held.length;
    Tear.Verdict verdict = Tear.judge(cutAt, next, tearLooks);
    if (verdict == Tear.Verdict.LOOK_AGAIN && !options.untilEnd()) {
      tearLooks += next.lengthBytes() > 0 ? 1 : 0;
      return verdict;
    }
    tearLooks = 0;
    return verdict == Tear.Verdict.LOOK_AGAIN ? Tear.Verdict.GOES_ON : verdict;
  }

  /** A last line that nobody will finish, with what stands in for its end. */
  private Batch unfinished(Followed file, byte[] end) {
    byte[] line = joined(joined(carry, held), end);
    file.advance(ByteBuffer.wrap(held));
    Block block = pool.take(line.length);
    block.buffer().put(line);
    held = NOTHING;
    carry = NOTHING;
    return handedOver(file, block, line.length);
  }

  /** The next one in line is read from now on; this one is kept open, for those who are late. */
  private void leave(Followed file) {
    held = NOTHING;
    rotation.onLeft(file);
    closeIfOpen(left);
    left = file;
    current = ahead.remove();
  }

  /** What was written to the last file after it was left. */
  private @Nullable Batch late() throws IOException {
    Followed file = left;
    Followed now = current;
    if (file == null || now == null || carry.length > 0) {
      return null;
    }
    int lateBytes = (int) Math.min(file.lengthBytes() - file.offset(), LINE_BYTES_MAX);
    if (lateBytes <= 0) {
      return null;
    }
    Block block = pool.take(lateBytes);
    ByteBuffer bytes = block.buffer().limit(lateBytes);
    if (!file.read(bytes)) {
      block.release();
      closeIfOpen(file);
      left = null;
      return null;
    }
    int end = lastLineEnd(bytes, 0);
    if (end <= 0) {
      block.release();
      return null;
    }
    file.advance(bytes.duplicate().limit(end).position(0));
    events.warning(
        end
            + " bytes were written to the former "
            + path
            + " after it had been quiet for "
            + options.rotateWait().toMillis()
            + " ms; they come late (a longer rotate-wait keeps them in order)");
    return handedOver(now, block, end);
  }

  /** The file is shorter than what was read of it, or has another beginning. */
  private void onTruncated(Followed file, long nowNanos) throws IOException {
    Followed copy = rotation.openCopy(file, ahead);
    boolean goesOn = copy != null && file.goesOnIn(copy);
    if (copy != null && (goesOn || held.length > 0)) {
      if (!goesOn) {
        // All of the copy was read, and more: what is held is the end of it.
        copy.cutAt = file.offset() + held.length;
        carry = joined(carry, held);
      }
      copy.goTo(goesOn ? file.offset() : copy.lengthBytes());
      copy.settled = true;
      copy.continues = true;
      copy.activeNanos = nowNanos;
      ArrayDeque<Followed> between = rotation.behind(copy, ahead, nowNanos);
      between.removeIf(each -> each.isSameAs(file) && closed(each));
      file.beginAgain();
      ahead.addFirst(file);
      while (!between.isEmpty()) {
        ahead.addFirst(between.removeLast());
      }
      current = copy;
    } else if (copy != null) {
      // All of the copy was read, and perhaps more.
      rotation.onLeft(copy);
      copy.close();
      file.beginAgain();
    } else {
      tellOfTruncation(file);
      if (held.length > 0) {
        carry = joined(joined(carry, held), new byte[] {'\n'});
      }
      file.beginAgain();
    }
    held = NOTHING;
  }

  /**
   * A file of which nothing was seen before may have been written, copied and truncated between two
   * looks: then copies came up since it was opened, and are read before it.
   */
  private boolean standsBehindCopies(Followed file) throws IOException {
    ArrayDeque<Followed> copies = rotation.copiesSince(file, ahead);
    if (copies.isEmpty()) {
      file.begunEmpty = false;
      return false;
    }
    file.beginAgain();
    ahead.addFirst(file);
    for (Followed copy : copies.reversed()) {
      copy.settled = true;
      copy.continues = true;
      ahead.addFirst(copy);
    }
    current = ahead.remove();
    return true;
  }

  private void tellOfTruncation(Followed file) throws PipeException {
    long readBytes = file.offset() + held.length;
    if (file.lengthSeenBytes() > readBytes) {
      // What is held is a piece of a line then, and no line without an end.
      held = NOTHING;
      readBytes = file.offset();
      lost(
          path
              + " was truncated, and there is no copy of it: bytes "
              + readBytes
              + " to "
              + file.lengthSeenBytes()
              + " were written to it and not read (behind position "
              + position
              + " of the stream)");
    } else {
      events.warning(
          path
              + " was truncated after "
              + readBytes
              + " bytes, and there is no copy of it; all that was seen of it was read");
    }
  }

  private void lost(String what) throws PipeException {
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(what + "; lost=continue says so and goes on");
    }
    events.warning(what + "; going on");
  }

  /** Where the last line of the file begins that has no end yet, or else the file's length. */
  private long lastLineEnd(Followed file) throws IOException {
    long lengthBytes = file.lengthBytes();
    int lookBytes = (int) Math.min(lengthBytes, LINE_BYTES_MAX);
    Block block = pool.take(lookBytes);
    try {
      ByteBuffer bytes = block.buffer().limit(lookBytes);
      while (bytes.hasRemaining()
          && file.channel().read(bytes, lengthBytes - lookBytes + bytes.position()) >= 0) {
        // Until it is full, or the file is shorter by now.
      }
      int end = lastLineEnd(bytes, 0);
      return end < 0 ? lengthBytes : lengthBytes - lookBytes + end;
    } finally {
      block.release();
    }
  }

  /** The index behind the last line end between there and the buffer's position; -1 for none. */
  private static int lastLineEnd(ByteBuffer bytes, int from) {
    for (int index = bytes.position() - 1; index >= from; index--) {
      if (bytes.get(index) == '\n') {
        return index + 1;
      }
    }
    return -1;
  }

  private static byte[] joined(byte[] front, byte[] back) {
    if (front.length == 0 || back.length == 0) {
      return front.length == 0 ? back : front;
    }
    byte[] both = Arrays.copyOf(front, front.length + back.length);
    System.arraycopy(back, 0, both, front.length, back.length);
    return both;
  }

  private static boolean closed(Followed file) {
    file.close();
    return true;
  }

  private static void closeIfOpen(@Nullable Followed file) {
    if (file != null) {
      file.close();
    }
  }
}
