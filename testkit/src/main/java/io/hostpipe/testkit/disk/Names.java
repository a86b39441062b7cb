package io.hostpipe.testkit.disk;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The names of files and folders, as seen and as the device has them. Thread rule: under the lock
 * of its disk.
 *
 * <p>A change of names is lasting, whole or not at all, when a folder of it is synced. A loss of
 * power keeps any of the others, in any order, as long as each name goes through the states that it
 * had: a file system's journal would keep the order of all, and nobody should rely on that.
 */
final class Names {
  private final SortedMap<Path, Entry> seen;
  private final SortedMap<Path, Entry> lasting;
  private final List<Change> unsynced = new ArrayList<>();

  Names() {
    this(new TreeMap<>(), new TreeMap<>());
  }

  private Names(SortedMap<Path, Entry> seen, SortedMap<Path, Entry> lasting) {
    this.seen = seen;
    this.lasting = lasting;
  }

  /** What has the name; null when nothing has. */
  @Nullable Entry find(Path path) {
    return seen.get(path);
  }

  List<Path> in(Path folder) {
    return seen.keySet().stream().filter(path -> folder.equals(path.getParent())).toList();
  }

  /** Gives and takes names, at once. */
  void change(Map<Path, @Nullable Entry> names) {
    Change change = new Change(names);
    change.applyTo(seen);
    unsynced.add(change);
  }

  void sync(Path folder) {
    List<Change> done =
        apply(
            lasting,
            change -> change.names.keySet().stream().anyMatch(p -> folder.equals(p.getParent())));
    unsynced.removeAll(done);
  }

  /** Makes all names lasting. */
  void syncAll() {
    apply(lasting, change -> true);
    unsynced.clear();
  }

  /** All files, those without a name that will last included. */
  Set<Content> files() {
    Set<Content> files = new HashSet<>();
    for (Entry entry : seen.values()) {
      if (entry.content != null) {
        files.add(entry.content);
      }
    }
    return files;
  }

  /** What the name means when nothing that was not synced survives. */
  @Nullable Entry lasting(Path path) {
    return lasting.get(path);
  }

  /**
   * The same names on a copy of the files that are seen: a process has ended, and the host lives.
   */
  Names copy() {
    Map<Content, Entry> copies = new HashMap<>();
    Names copy = new Names();
    seen.forEach((path, entry) -> copy.seen.put(path, copy(entry, copies)));
    lasting.forEach((path, entry) -> copy.lasting.put(path, copy(entry, copies)));
    for (Change change : unsynced) {
      Map<Path, @Nullable Entry> names = new HashMap<>();
      change.names.forEach(
          (path, entry) -> names.put(path, entry == null ? null : copy(entry, copies)));
      copy.unsynced.add(new Change(names));
    }
    return copy;
  }

  /** What a loss of power leaves. */
  Names afterPowerLoss(RandomGenerator random) {
    Map<Path, Entry> left = new TreeMap<>(lasting);
    switch (random.nextInt(4)) {
      case 0 -> {
        // None of them came to the device.
      }
      case 1 -> apply(left, change -> true);
      case 2 -> {
        Set<Change> first = Set.copyOf(unsynced.subList(0, random.nextInt(unsynced.size() + 1)));
        apply(left, first::contains);
      }
      default -> apply(left, change -> random.nextBoolean());
    }
    left.keySet().removeIf(path -> hasLostFolder(left, path));
    Map<Content, Entry> survivors = new HashMap<>();
    SortedMap<Path, Entry> after = new TreeMap<>();
    left.forEach((path, entry) -> {
      Content content = entry.content;
      after.put(
          path,
          content == null
              ? entry
              : survivors.computeIfAbsent(content, lost -> new Entry(lost.afterPowerLoss(random))));
    });
    return new Names(after, new TreeMap<>(after));
  }

  private static boolean hasLostFolder(Map<Path, Entry> left, Path path) {
    for (Path folder = path.getParent(); folder != null; folder = folder.getParent()) {
      if (folder.getNameCount() > 0 && !left.containsKey(folder)) {
        return true;
      }
    }
    return false;
  }

  /** Applies the wanted changes, and those before them that the same names went through. */
  private List<Change> apply(Map<Path, Entry> to, Predicate<Change> wanted) {
    Set<Path> needed = new HashSet<>();
    List<Change> chosen = new ArrayList<>();
    for (Change change : unsynced.reversed()) {
      if (wanted.test(change) || change.names.keySet().stream().anyMatch(needed::contains)) {
        needed.addAll(change.names.keySet());
        chosen.addFirst(change);
      }
    }
    chosen.forEach(change -> change.applyTo(to));
    return chosen;
  }

  private static Entry copy(Entry entry, Map<Content, Entry> copies) {
    Content content = entry.content;
    return content == null
        ? entry
        : copies.computeIfAbsent(content, original -> new Entry(original.copy()));
  }

  /**
   * A file or a folder.
   *
   * @param content null for a folder
   */
  record Entry(@Nullable Content content) {
    static final Entry FOLDER = new Entry(null);
  }

  /** Names that are given and taken at once; those that are taken have null. Identity counts. */
  private static final class Change {
    final Map<Path, @Nullable Entry> names;

    Change(Map<Path, @Nullable Entry> names) {
      this.names = new HashMap<>(names);
    }

    void applyTo(Map<Path, Entry> to) {
      names.forEach((path, entry) -> {
        if (entry == null) {
          to.remove(path);
        } else {
          to.put(path, entry);
        }
      });
    }
  }
}
