package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the files that a rotation has made of one: where a place lies now, what came after a file,
 * what is a copy of it. Thread rule: one thread.
 */
final class Rotation {
  /** The most files that stand in line, each of them open. */
  static final int AHEAD_MAX = 64;

  /** Of how many files that were read to their end it is remembered that they were. */
  private static final int LEFT_MAX = 256;

  private final Path path;
  private final Family family;
  private final Duration settleAfter;

  /** By inode: the places at the ends of files that were read. */
  private final SequencedMap<Long, Place> left = new LinkedHashMap<>();

  /**
   * The rotations of a path.
   *
   * @param settleAfter a file that was not written for so long is not written any more
   */
  Rotation(Path path, Duration settleAfter) {
    this.path = path;
    this.family = new Family(path);
    this.settleAfter = settleAfter;
  }

  /** The file and its relatives that are there now. */
  List<Seen> present() {
    return family.members();
  }

  /** What has the name now; null when nothing has. */
  @Nullable Followed openLive(long nowNanos) throws IOException {
    Seen live = Seen.look(path);
    return live == null ? null : open(live, nowNanos);
  }

  /** What the name stands for now; null for nothing. */
  @Nullable Seen live() {
    return Seen.look(path);
  }

  /** What was rotated before the reader came, and is older than what it reads, is none of its. */
  void passOver(List<Seen> present, @Nullable Followed first, ArrayDeque<Followed> ahead)
      throws IOException {
    for (Seen each : present) {
      boolean wanted =
          (first != null && first.is(each)) || ahead.stream().anyMatch(one -> one.is(each));
      Followed old = wanted ? null : open(each, 0);
      if (old != null) {
        old.goTo(old.lengthBytes());
        onLeft(old);
        old.close();
      }
    }
  }

  /** A file was read to its end, and is not read again. */
  void onLeft(Followed file) {
    left.putLast(file.inode(), file.place());
    while (left.size() > LEFT_MAX) {
      left.pollFirstEntry();
    }
  }

  /** The file that has the place, wherever it was moved or copied; at that place. */
  @Nullable Followed find(Place place, long nowNanos) throws IOException {
    List<Seen> members = family.members();
    for (Seen each : members) {
      if (each.isSameFile(place.inode(), place.device())) {
        Followed same = openAt(each, place, nowNanos);
        if (same != null) {
          same.continues = place.inCopy();
          return same;
        }
      }
    }
    for (Seen each : members.reversed()) {
      // With nothing in front of it, a place is in no other file than its own.
      Followed copy = place.offset() == 0 ? null : openAt(each, place, nowNanos);
      if (copy != null) {
        copy.continues = true;
        return copy;
      }
    }
    return findShorter(members, place, nowNanos);
  }

  /** A copy that ends before the place: whoever read the file was faster than whoever copied it. */
  private @Nullable Followed findShorter(List<Seen> members, Place place, long nowNanos)
      throws IOException {
    Seen live = Seen.look(path);
    boolean known = place.print().headBytes() == Fingerprint.HEAD_BYTES_MAX;
    for (Seen each : known ? members.reversed() : List.<Seen>of()) {
      boolean isLive = live != null && live.isSameFile(each.inode(), each.device());
      Followed copy = isLive || each.lengthBytes() >= place.offset() ? null : open(each, nowNanos);
      if (copy != null && place.print().matchesHead(copy.channel())) {
        copy.goTo(copy.lengthBytes());
        copy.settled = true;
        copy.continues = true;
        return copy;
      }
      close(copy);
    }
    return null;
  }

  /**
   * Those that were written after a file, oldest first, the one that has the name now at the end;
   * without those that stand in line already.
   */
  ArrayDeque<Followed> behind(Followed file, ArrayDeque<Followed> ahead, long nowNanos)
      throws IOException {
    ArrayDeque<Followed> behind = new ArrayDeque<>();
    List<Seen> members = family.members();
    FileTime modified = file.modified();
    for (Seen each : members) {
      modified = file.is(each) ? each.modified() : modified;
    }
    Seen live = Seen.look(path);
    for (Seen each : members) {
      boolean isLive = live != null && live.isSameFile(each.inode(), each.device());
      boolean known = file.is(each) || ahead.stream().anyMatch(one -> one.is(each));
      if (!isLive && !known && each.modified().compareTo(modified) > 0) {
        add(each, behind, nowNanos);
      }
    }
    // Who copies and truncates once does it each time.
    behind.forEach(copy -> copy.continues = file.continues);
    if (live != null && !file.is(live) && ahead.stream().noneMatch(one -> one.is(live))) {
      Followed opened = behind.size() + ahead.size() < AHEAD_MAX ? open(live, nowNanos) : null;
      if (opened != null) {
        behind.add(opened);
      }
    }
    return behind;
  }

  /** A copy of what the file was before it was truncated; not at its place yet. */
  @Nullable Followed openCopy(Followed file, ArrayDeque<Followed> ahead) throws IOException {
    for (Seen each : family.members().reversed()) {
      if (!file.is(each) && ahead.stream().noneMatch(one -> one.is(each))) {
        Followed copy = open(each, 0);
        if (copy != null && file.isFrontOf(copy)) {
          return copy;
        }
        close(copy);
      }
    }
    return null;
  }

  /** Those that came up since a file was opened, without what has the name now; oldest first. */
  ArrayDeque<Followed> copiesSince(Followed file, ArrayDeque<Followed> ahead) throws IOException {
    ArrayDeque<Followed> copies = new ArrayDeque<>();
    Seen live = Seen.look(path);
    for (Seen each : family.members()) {
      boolean isLive = live != null && live.isSameFile(each.inode(), each.device());
      boolean known = isLive || file.is(each) || ahead.stream().anyMatch(one -> one.is(each));
      if (!known && each.modified().compareTo(file.modified()) > 0) {
        add(each, copies, 0);
      }
    }
    return copies;
  }

  private void add(Seen one, ArrayDeque<Followed> behind, long nowNanos) throws IOException {
    Followed opened = behind.size() < AHEAD_MAX ? open(one, nowNanos) : null;
    if (opened == null) {
      return;
    }
    Place end = left.get(one.inode());
    if (end != null && end.print().matches(opened.channel(), end.offset())) {
      opened.close();
    } else {
      behind.add(opened);
    }
  }

  private @Nullable Followed openAt(Seen one, Place place, long nowNanos) throws IOException {
    Followed opened = open(one, nowNanos);
    if (opened != null && place.print().matches(opened.channel(), place.offset())) {
      opened.goTo(place.offset());
      return opened;
    }
    close(opened);
    return null;
  }

  private @Nullable Followed open(Seen one, long nowNanos) throws IOException {
    try {
      Followed opened = Followed.open(one);
      if (opened != null) {
        opened.activeNanos = nowNanos;
        opened.learnFront();
        opened.begunEmpty = opened.lengthBytes() == 0;
        // The wall clock, since a file's time is one. Where it jumps, a late line of the old file
        // is read behind the new one's, and said to be late; none is lost.
        long quietMillis = System.currentTimeMillis() - one.modified().toMillis();
        opened.settled = quietMillis >= settleAfter.toMillis() && !path.equals(one.path());
      }
      return opened;
    } catch (NoSuchFileException e) {
      // Renamed between the look and the opening: the next look finds it under its new name.
      return null;
    }
  }

  private static void close(@Nullable Followed file) {
    if (file != null) {
      file.close();
    }
  }
}
