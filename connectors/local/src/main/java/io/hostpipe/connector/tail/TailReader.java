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

  /** The most files that were left and are looked at for what comes late. */
  private static final int LEFT_MAX = 16;

  private static final int SMALL_BLOCK_BYTES = 4 << 10;
  private static final byte[] NOTHING = {};

  private final StreamId stream;
  private final Path path;
  private final BlockPool pool;
  private final TailOptions options;
  private final PipeEvents events;
  private final Rotation rotation;
  private final ArrayDeque<Followed> ahead = new ArrayDeque<>();

  /** Renamed files that were left, for those who are late; the one that was active last, last. */
  private final ArrayDeque<Followed> left = new ArrayDeque<>();

  private @Nullable Followed current;
  private byte[] held = NOTHING;
  private byte[] carry = NOTHING;
  private long heldSinceNanos;
  private long position;
  private Tear.Verdict tear = Tear.Verdict.GOES_ON;
  private boolean touched;
  private boolean truncated;
  private boolean ended;

  TailReader(StreamId stream, Path path, BlockPool pool, TailOptions options, PipeEvents events) {
    this(stream, path, new Family(path), pool, options, events);
  }

  /** One that looks among these files. */
  TailReader(
      StreamId stream,
      Path path,
      Family family,
      BlockPool pool,
      TailOptions options,
      PipeEvents events) {
    this.stream = stream;
    this.path = path;
    this.pool = pool;
    this.options = options;
    this.events = events;
    this.rotation = new Rotation(path, family, options.rotateWait());
  }

  /** Begins a stream: where the options say. */
  void begin(long nowNanos) throws IOException {
    Followed live = rotation.begin(nowNanos);
    if (live != null && options.fromEnd()) {
      live.goTo(lastLineEnd(live));
    }
    current = live;
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
    ahead.addAll(rotation.goOn(place, nowNanos));
    if (ahead.isEmpty() && !lastTry) {
      return false;
    }
    if (ahead.isEmpty()) {
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
    loseOrder(rotation.doubt(ahead));
    current = ahead.remove();
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
    if (file != null && tear == Tear.Verdict.LOOK_AGAIN) {
      due = file.tear.dueNanos();
    } else if (file != null && !ahead.isEmpty()) {
      due = Math.max(0, file.activeNanos + options.rotateWait().toNanos() - nowNanos);
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
      Batch batch = lines(file, unreadBytes, nowNanos);
      if (batch != null) {
        return batch;
      }
      touched = false;
      if (file != current) {
        continue;
      }
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
    for (Followed each : left) {
      each.close();
    }
    left.clear();
    closeIfOpen(current);
    current = null;
  }

  /** Looks whether something was written, and what has come behind what is known. */
  private void look(long nowNanos) throws IOException {
    Followed newest = newest();
    Seen live = rotation.live();
    Followed file = current;
    touched = live != null && file != null && file.is(live) && file.wasTouched(live);
    if (live != null && newest != null && newest != file && newest.is(live)) {
      newest.learnFront();
    }
    extendLine(live, nowNanos);
  }

  /** Opens what has taken the place of the last one in line. */
  private void extendLine(@Nullable Seen live, long nowNanos) throws IOException {
    Followed newest = newest();
    if (live == null || newest == null || !newest.is(live)) {
      ArrayDeque<Followed> behind = rotation.behind(newest, line(), nowNanos);
      ahead.addAll(behind);
      loseOrder(rotation.doubt(behind));
    }
  }

  private @Nullable Followed newest() {
    return ahead.isEmpty() ? current : ahead.peekLast();
  }

  /** What is read and what stands in line. */
  private ArrayDeque<Followed> line() {
    ArrayDeque<Followed> line = new ArrayDeque<>(ahead);
    Followed file = current;
    if (file != null) {
      line.addFirst(file);
    }
    return line;
  }

  /** Whole lines from the file's offset on; null when there is none, or the file was truncated. */
  private @Nullable Batch lines(Followed file, long unreadBytes, long nowNanos) throws IOException {
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
        if (file.fresh && readsCopiesBefore(file)) {
          return null;
        }
        file.fresh &= bytes.position() == carry.length;
        int end = LineBytes.lastEnd(bytes, carry.length);
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
    if (ahead.isEmpty() && options.untilEnd()) {
      extendLine(rotation.live(), nowNanos);
    }
    boolean waits = !file.settled && !options.untilEnd();
    boolean isQuiet = nowNanos - file.activeNanos >= options.rotateWait().toNanos();
    if (ahead.isEmpty() ? !options.untilEnd() : waits && !isQuiet) {
      return null;
    }
    if (file.fresh && readsCopiesBefore(file)) {
      return null;
    }
    if (ahead.isEmpty()) {
      ended = true;
      return held.length + carry.length == 0 ? null : unfinished(file, NOTHING);
    }
    tear = tearOf(file, nowNanos);
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
      carry = LineBytes.joined(carry, held);
    } else if (held.length > 0 || carry.length > 0) {
      batch = unfinished(file, new byte[] {'\n'});
    }
    leave(file);
    return batch;
  }

  /** Where a copy ends inside of a line: does the truncated file begin with the rest of it? */
  private Tear.Verdict tearOf(Followed file, long nowNanos) throws IOException {
    if (!file.continues || (held.length == 0 && file.cutAt == 0)) {
      return Tear.Verdict.GOES_ON;
    }
    Followed next = ahead.getFirst();
    for (Followed each : ahead) {
      if (next.lengthBytes() == 0) {
        next = each;
      }
    }
    if (next.lengthBytes() == 0 && options.untilEnd()) {
      return Tear.Verdict.GOES_ON;
    }
    long cutAt = file.cutAt > 0 ? file.cutAt : file.offset() + held.length;
    return file.tear.judge(cutAt, next, nowNanos);
  }

  /** A last line that nobody will finish, with what stands in for its end. */
  private Batch unfinished(Followed file, byte[] end) {
    boolean ends = held.length == 0 && LineBytes.endALine(carry);
    byte[] line = ends ? carry : LineBytes.joined(LineBytes.joined(carry, held), end);
    file.advance(ByteBuffer.wrap(held));
    Block block = pool.take(line.length);
    block.buffer().put(line);
    held = NOTHING;
    carry = NOTHING;
    return handedOver(file, block, line.length);
  }

  /** The next one in line is read from now on; this one is kept open, for those who are late. */
  private void leave(Followed file) throws IOException {
    held = NOTHING;
    rotation.onLeft(file);
    left.add(file);
    if (left.size() > LEFT_MAX) {
      left.remove().close();
    }
    current = ahead.remove();
  }

  /** What was written to a file after it was left. */
  private @Nullable Batch late() throws IOException {
    Followed now = current;
    if (now == null || carry.length > 0) {
      return null;
    }
    for (Followed each : List.copyOf(left)) {
      Batch batch = late(each, now);
      if (batch != null) {
        return batch;
      }
    }
    return null;
  }

  private @Nullable Batch late(Followed file, Followed now) throws IOException {
    int lateBytes = (int) Math.min(file.lengthBytes() - file.offset(), LINE_BYTES_MAX);
    if (lateBytes <= 0) {
      return null;
    }
    Block block = pool.take(lateBytes);
    ByteBuffer bytes = block.buffer().limit(lateBytes);
    if (!file.read(bytes)) {
      block.release();
      left.remove(file);
      file.close();
      return null;
    }
    int end = LineBytes.lastEnd(bytes, 0);
    if (end <= 0) {
      block.release();
      return null;
    }
    file.advance(bytes.duplicate().limit(end).position(0));
    left.remove(file);
    left.addLast(file);
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
    long readBytes = file.offset() + held.length;
    Followed copy = rotation.openCopy(file, readBytes, line());
    if (copy == null) {
      tellOfTruncation(file);
      if (held.length > 0) {
        carry = LineBytes.joined(LineBytes.joined(carry, held), new byte[] {'\n'});
      }
      held = NOTHING;
      file.beginAgain();
      return;
    }
    copy.settled = true;
    copy.continues = true;
    copy.activeNanos = nowNanos;
    boolean goesOn = copy.lengthBytes() >= readBytes;
    boolean wasFresh = file.fresh;
    copy.goTo(goesOn ? file.offset() : copy.lengthBytes());
    file.beginAgain();
    if (!goesOn && held.length == 0) {
      // All of the copy was read, and perhaps more.
      rotation.onLeft(copy);
      copy.close();
      return;
    }
    if (!goesOn) {
      // All of the copy was read, and more: what is held is the end of it.
      copy.cutAt = readBytes;
      carry = LineBytes.joined(carry, held);
    }
    held = NOTHING;
    ahead.addFirst(file);
    current = copy;
    // Those of the next truncations are opened now, before somebody removes them.
    file.learnFront();
    ArrayDeque<Followed> order = rotation.copiesBefore(file, line());
    ArrayDeque<Followed> earlier = new ArrayDeque<>();
    while (wasFresh && !order.isEmpty() && Rotation.isLater(copy, order.getFirst())) {
      // Nothing was read of what the file was before.
      earlier.add(order.remove());
    }
    order.addFirst(copy);
    earlier.descendingIterator().forEachRemaining(order::addFirst);
    readBefore(file, order);
  }

  /**
   * Whether there are copies that come before a file of which nothing was handed over yet. It was
   * read first and is asked then: so a copy that is not there was not made before the reading, and
   * one that has nothing but what was read is made of it.
   */
  private boolean readsCopiesBefore(Followed file) throws IOException {
    ArrayDeque<Followed> copies = rotation.copiesBefore(file, line());
    if (copies.isEmpty()) {
      return false;
    }
    ahead.addFirst(file);
    readBefore(file, copies);
    return true;
  }

  /** Goes to the first of some copies, before a file that is the first in line. */
  private void readBefore(Followed file, ArrayDeque<Followed> copies) throws IOException {
    // What was seen of the file may be what is in a copy.
    file.beginAgain();
    copies.descendingIterator().forEachRemaining(ahead::addFirst);
    current = ahead.remove();
    loseOrder(rotation.doubtOfCopies(copies));
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

  private void loseOrder(@Nullable String doubt) throws PipeException {
    if (doubt != null) {
      lost(doubt + " (behind position " + position + " of the stream)");
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
      int end = LineBytes.lastEnd(bytes, 0);
      return end < 0 ? lengthBytes : lengthBytes - lookBytes + end;
    } finally {
      block.release();
    }
  }

  private static void closeIfOpen(@Nullable Followed file) {
    if (file != null) {
      file.close();
    }
  }
}
