package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the files that a rotation has made of one: where a place lies now, what came after a file,
 * what is a copy of it.
 *
 * <p>A rotation may be at work all the while. So everything is found by one look at the folder, and
 * by another one when a file that it shows is elsewhere once it is opened. What may be wrong about
 * a copy that is there: its truncation may not have come yet. Then the followed file has all that
 * the copy has, and is read instead of it; when it is truncated, the rest is in the copy.
 *
 * <p>Thread rule: one thread.
 */
final class Rotation {
  /** The most files that stand in line, each of them open. */
  static final int AHEAD_MAX = 64;

  /** Of how many files that were read to their end, or passed over, it is remembered that so. */
  private static final int LEFT_MAX = 16_384;

  /** How often it is looked again because a file was renamed before it was opened. */
  private static final int LOOKS_MAX = 100;

  /** A copy that was not written for so long is not being made, nor waits for its truncation. */
  private static final long COPYING_MILLIS_MAX = TimeUnit.MINUTES.toMillis(1);

  private final Path path;
  private final Family family;
  private final Duration settleAfter;

  /** By inode: what is not to be read again. */
  private final SequencedMap<Long, Left> left = new LinkedHashMap<>();

  /** The one last written of the copies that were read; closed. */
  private @Nullable Followed newestCopy;

  /**
   * The rotations of a path.
   *
   * @param family the files that it looks among
   * @param settleAfter a file that was not written for so long is not written any more
   */
  Rotation(Path path, Family family, Duration settleAfter) {
    this.path = path;
    this.family = family;
    this.settleAfter = settleAfter;
  }

  /** What the name stands for now; null for nothing. */
  @Nullable Seen live() {
    return Seen.look(path);
  }

  /**
   * Where a stream begins: the file that has the name now, or null when none has. What was rotated
   * before is none of the stream.
   */
  @Nullable Followed begin(long nowNanos) throws IOException {
    ArrayDeque<Followed> first =
        opened((members, opened) -> {
          Seen live = liveOf(members);
          if (live != null) {
            opened.add(open(live, nowNanos));
          }
          passOver(members, opened);
        });
    return first.poll();
  }

  /**
   * Where a stream goes on: the file that has the place, wherever it was moved or copied, at that
   * place; and behind it those that were written after it. Empty when the place is nowhere. What
   * was rotated before is none of the stream.
   */
  ArrayDeque<Followed> goOn(Place place, long nowNanos) throws IOException {
    return opened((members, opened) -> {
      find(place, members, opened, nowNanos);
      if (opened.isEmpty()) {
        return;
      }
      Followed first = opened.getFirst();
      Seen live = liveOf(members);
      boolean isLive = live != null && first.is(live);
      List<Seen> before = new ArrayList<>(members);
      before.removeIf(each -> !isLive && each.modified().compareTo(first.modified()) >= 0);
      addBehind(first, members, new ArrayDeque<>(), opened, nowNanos);
      passOver(before, opened);
    });
  }

  /** A file was read to its end, and is not read again. */
  void onLeft(Followed file) throws IOException {
    remember(file, true);
    Followed newest = newestCopy;
    if (file.continues && (newest == null || isLater(file, newest))) {
      newestCopy = file;
    }
  }

  /**
   * Those that were written after a file, oldest first, the one that has the name now at the end;
   * without those that stand in line already.
   *
   * @param file null when nothing was there yet: then everything came after it
   * @param line what is read and what stands in line
   */
  ArrayDeque<Followed> behind(@Nullable Followed file, ArrayDeque<Followed> line, long nowNanos)
      throws IOException {
    return opened((members, opened) -> addBehind(file, members, line, opened, nowNanos));
  }

  /**
   * The copies that are to be read before a file, oldest first: those of what it was before it was
   * truncated, of which nothing was read. Not the one that is being made of it now.
   *
   * @param line what is read and what stands in line
   */
  ArrayDeque<Followed> copiesBefore(Followed file, ArrayDeque<Followed> line) throws IOException {
    return opened((members, opened) -> {
      Seen now = seen(file, members);
      if (now == null) {
        return;
      }
      for (Seen each : members) {
        if (opened.size() >= AHEAD_MAX
            || !isUnknown(each, line)
            || each.modified().compareTo(file.modified()) < 0
            || (!isLive(now) && each.modified().compareTo(now.modified()) > 0)) {
          continue;
        }
        Followed copy = open(each, 0);
        opened.add(copy);
        copy.continues = true;
        copy.settled = true;
        if (copy.lengthBytes() == 0
            || leftOf(copy) != null
            || cameBack(copy)
            || isBeingMade(copy, file, now)) {
          opened.removeLast().close();
        }
      }
    });
  }

  /**
   * The copy of what a file was before it was truncated; not at its place yet. Null when there is
   * none. When the file was truncated several times, the first of its copies that was not read.
   *
   * @param readBytes how much was read of the file
   * @param line what is read and what stands in line
   */
  @Nullable Followed openCopy(Followed file, long readBytes, ArrayDeque<Followed> line)
      throws IOException {
    ArrayDeque<Followed> found =
        opened((members, opened) -> {
          Match best = Match.NONE;
          for (Seen each : members) {
            if (file.is(each) || isInLine(each, line)) {
              continue;
            }
            Followed copy = open(each, 0);
            opened.add(copy);
            Match match = match(copy, file, readBytes);
            // Of those that were passed over the last one: the others are of earlier times.
            boolean isLater = match == Match.PASSED_OVER && best == match;
            if (match.compareTo(best) <= 0 && !isLater) {
              opened.removeLast().close();
              continue;
            }
            best = match;
            if (opened.size() > 1) {
              opened.removeFirst().close();
            }
          }
        });
    return found.poll();
  }

  /**
   * Why it is not known in which order files were written; null when it is. What has the name now
   * comes last in any case.
   */
  @Nullable String doubt(ArrayDeque<Followed> inOrder) throws IOException {
    return doubt(inOrder, false);
  }

  /** The same for copies, which nobody writes to any more, and which come behind those read. */
  @Nullable String doubtOfCopies(ArrayDeque<Followed> inOrder) throws IOException {
    return doubt(inOrder, true);
  }

  private @Nullable String doubt(ArrayDeque<Followed> inOrder, boolean copies) throws IOException {
    Followed before = copies ? newestCopy : null;
    for (Followed each : inOrder) {
      if (each.path().equals(path) || each.lengthBytes() == 0) {
        continue;
      }
      if (before != null && before.modified().equals(each.modified())) {
        return before.path()
            + " and "
            + each.path()
            + " were last written at the same time ("
            + each.modified()
            + "): whose lines come first cannot be known";
      }
      if (copies && before != null && isLater(before, each)) {
        return each.path()
            + ", last written at "
            + each.modified()
            + ", came up behind "
            + before.path()
            + ", last written at "
            + before.modified()
            + ": its lines cannot be put in their order any more";
      }
      before = each;
    }
    return null;
  }

  /** Whether the one was last written after the other. */
  static boolean isLater(Followed one, Followed other) {
    return one.modified().compareTo(other.modified()) > 0;
  }

  private void addBehind(
      @Nullable Followed file,
      List<Seen> members,
      ArrayDeque<Followed> line,
      ArrayDeque<Followed> opened,
      long nowNanos)
      throws IOException {
    Seen live = liveOf(members);
    if (live != null && file != null && file.is(live)) {
      // Nothing comes behind what has the name: what was written later is a copy of it.
      return;
    }
    Followed last = live == null || isInLine(live, line) ? null : open(live, nowNanos);
    if (last != null) {
      opened.add(last);
    }
    int count = 0;
    int room = AHEAD_MAX - line.size();
    FileTime since = file == null ? FileTime.fromMillis(0) : lastWritten(file, members);
    for (Seen each : members) {
      boolean isSame = file != null && file.is(each);
      if (count < room
          && !isSame
          && isUnknown(each, line)
          && each.modified().compareTo(since) >= 0) {
        Followed next = open(each, nowNanos);
        opened.add(next);
        // Who copies and truncates once does it each time.
        next.continues = file != null && file.continues;
        next.settled |= next.continues;
        if ((next.continues && next.lengthBytes() == 0)
            || leftOf(next) != null
            || (live != null && last != null && isBeingMade(next, last, live))) {
          opened.removeLast().close();
        } else {
          count++;
        }
      }
    }
    if (last != null) {
      opened.remove(last);
      if (count < room) {
        opened.add(last);
      } else {
        last.close();
      }
    }
  }

  /**
   * When the file was last written that others come behind. They may have been written before those
   * who are late had written to it; but what is written before the last word of a file of which
   * nothing was read, or which was truncated, may be a copy of it.
   */
  private static FileTime lastWritten(Followed file, List<Seen> members) throws IOException {
    Seen now = seen(file, members);
    return now == null || (!file.fresh && file.isUnchanged()) ? file.modified() : now.modified();
  }

  private static @Nullable Seen seen(Followed file, List<Seen> members) {
    for (Seen each : members) {
      if (file.is(each)) {
        return each;
      }
    }
    return null;
  }

  /** Whether it is not the followed file itself, and does not stand in line. */
  private boolean isUnknown(Seen one, ArrayDeque<Followed> line) {
    return !isLive(one) && !isInLine(one, line);
  }

  /**
   * Whether a copy is made of the file as it is now, and its truncation is still to come: so it has
   * nothing that the file has not. Logs may repeat, so the times must agree, too.
   */
  private static boolean isBeingMade(Followed copy, Followed file, Seen now) throws IOException {
    if (!copy.isBeginningOf(file)) {
      return false;
    }
    // The wall clock, since a file's time is one.
    long ageMillis = System.currentTimeMillis() - copy.modified().toMillis();
    return now.modified().compareTo(copy.modified()) <= 0
        || (ageMillis < COPYING_MILLIS_MAX && copy.lengthBytes() < file.lengthBytes());
  }

  private Match match(Followed copy, Followed file, long readBytes) throws IOException {
    boolean goesOn = copy.lengthBytes() >= readBytes;
    if (!(goesOn ? file.goesOnIn(copy) : file.hasAllOf(copy))) {
      return Match.NONE;
    }
    Left end = leftOf(copy);
    if (end != null) {
      return end.wasRead() ? Match.NONE : Match.PASSED_OVER;
    }
    return goesOn ? Match.GOES_ON : Match.ALL_READ;
  }

  private void find(Place place, List<Seen> members, ArrayDeque<Followed> opened, long nowNanos)
      throws IOException {
    for (Seen each : members) {
      if (each.isSameFile(place.inode(), place.device())
          && isOpenedAt(each, place, opened, nowNanos)) {
        opened.getFirst().continues = place.inCopy();
        return;
      }
    }
    for (Seen each : members.reversed()) {
      // With nothing in front of it, a place is in no other file than its own.
      if (place.offset() > 0 && isOpenedAt(each, place, opened, nowNanos)) {
        opened.getFirst().continues = true;
        return;
      }
    }
    findShorter(place, members, opened, nowNanos);
  }

  private boolean isOpenedAt(Seen one, Place place, ArrayDeque<Followed> opened, long nowNanos)
      throws IOException {
    Followed file = open(one, nowNanos);
    opened.add(file);
    if (place.print().matches(file.channel(), place.offset())) {
      file.goTo(place.offset());
      return true;
    }
    opened.remove().close();
    return false;
  }

  /** A copy that ends before the place: whoever read the file was faster than whoever copied it. */
  private void findShorter(
      Place place, List<Seen> members, ArrayDeque<Followed> opened, long nowNanos)
      throws IOException {
    boolean known = place.print().headBytes() == Fingerprint.HEAD_BYTES_MAX;
    for (Seen each : known ? members.reversed() : List.<Seen>of()) {
      if (isLive(each) || each.lengthBytes() >= place.offset()) {
        continue;
      }
      Followed copy = open(each, nowNanos);
      opened.add(copy);
      if (place.print().matchesHead(copy.channel())) {
        copy.goTo(copy.lengthBytes());
        copy.settled = true;
        copy.continues = true;
        return;
      }
      opened.remove().close();
    }
  }

  private void passOver(List<Seen> members, ArrayDeque<Followed> line) throws IOException {
    for (Seen each : members) {
      if (!isInLine(each, line)) {
        try (Followed old = open(each, 0)) {
          remember(old, false);
        }
      }
    }
  }

  private void remember(Followed file, boolean wasRead) throws IOException {
    long lengthBytes = file.lengthBytes();
    if (lengthBytes == 0) {
      // Of a file without content nothing tells that a later one is not the same.
      return;
    }
    Fingerprint print = Fingerprint.of(file.channel(), lengthBytes);
    left.putLast(file.inode(), new Left(lengthBytes, print, wasRead));
    while (left.size() > LEFT_MAX) {
      left.pollFirstEntry();
    }
  }

  /** What is remembered of the file; null when it is not known, or has another content by now. */
  private @Nullable Left leftOf(Followed file) throws IOException {
    Left end = left.get(file.inode());
    return end != null && end.isBeginningOf(file) ? end : null;
  }

  /** Whether a copy was read before, and came back from an archive as another file. */
  private boolean cameBack(Followed copy) throws IOException {
    if (newestCopy == null || isLater(copy, newestCopy)) {
      return false;
    }
    for (Left each : left.values()) {
      if (each.lengthBytes() == copy.lengthBytes() && each.isBeginningOf(copy)) {
        return true;
      }
    }
    return false;
  }

  private @Nullable Seen liveOf(List<Seen> members) {
    for (Seen each : members) {
      if (isLive(each)) {
        return each;
      }
    }
    return null;
  }

  private boolean isLive(Seen one) {
    return one.path().equals(path);
  }

  private static boolean isInLine(Seen one, ArrayDeque<Followed> line) {
    return line.stream().anyMatch(each -> each.is(one));
  }

  private Followed open(Seen one, long nowNanos) throws IOException {
    Followed opened = Followed.open(one);
    opened.activeNanos = nowNanos;
    opened.learnFront();
    // The wall clock, since a file's time is one. Where it jumps, a late line of the old file
    // is read behind the new one's, and said to be late; none is lost.
    long quietMillis = System.currentTimeMillis() - one.modified().toMillis();
    opened.settled = quietMillis >= settleAfter.toMillis() && !isLive(one);
    return opened;
  }

  /** Looks and opens; when a file was renamed between the two, once more. */
  private ArrayDeque<Followed> opened(Opening opening) throws IOException {
    for (int count = 1; ; count++) {
      ArrayDeque<Followed> opened = new ArrayDeque<>();
      boolean done = false;
      try {
        opening.open(family.members(), opened);
        done = true;
        return opened;
      } catch (MovedException | AccessDeniedException e) {
        // Who copies a file may give its rights to the copy a moment after its name.
        if (count == LOOKS_MAX) {
          throw e;
        }
      } finally {
        if (!done) {
          opened.forEach(Followed::close);
        }
      }
    }
  }

  /** Opens files that a look has shown. */
  private interface Opening {
    void open(List<Seen> members, ArrayDeque<Followed> opened) throws IOException;
  }

  /** A file that is not to be read: what it had when it was read or passed over. */
  private record Left(long lengthBytes, Fingerprint print, boolean wasRead) {
    boolean isBeginningOf(Followed file) throws IOException {
      return print.matches(file.channel(), lengthBytes);
    }
  }

  /** How a file matches one that was truncated; the later, the better. */
  private enum Match {
    NONE,
    PASSED_OVER,
    ALL_READ,
    GOES_ON
  }
}
