package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;

/**
 * The files that a followed one may have been rotated to: those in its folder whose name is its own
 * with numbers or a date behind it ({@code app.log.1}, {@code app.log-20261128}) or before its
 * extension ({@code app-20261128.log}). Where the path is a symbolic link, also those beside the
 * file that it leads to, which may differ in their date alone. Compressed ones cannot be read on,
 * and are none of them; nor is {@code worker-2.log} one of {@code worker-1.log}.
 */
class Family {
  /** What a rotation puts behind a name: numbers, dates, times, or a word of its own. */
  private static final Pattern SUFFIX =
      Pattern.compile("(?:[-._~]?[0-9T:]+)+|[.]old|[.]bak|[.]prev|~");

  /** What it puts between a name and its extension. */
  private static final Pattern INFIX = Pattern.compile("(?:[-._]?[0-9]+)+");

  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

  /** A name with so many digits has a date in it, and another date in the next file's. */
  private static final int DATE_DIGITS_MIN = 6;

  /** A rotation renames files for a few milliseconds; then looks agree. */
  private static final int LOOKS_MAX = 100;

  private final Path path;

  Family(Path path) {
    this.path = path;
  }

  /**
   * All that are there, the one last written last. The followed one itself is the one with the path
   * that is followed, also where that is a symbolic link. Looks until two looks show the same files
   * under the same names: while files are renamed, a folder may show one of them not at all.
   *
   * @throws MovedException when files are renamed all the time
   */
  List<Seen> members() throws MovedException {
    Map<Long, Seen> before = look();
    for (int count = 1; count < LOOKS_MAX; count++) {
      Map<Long, Seen> now = look();
      if (paths(now).equals(paths(before))) {
        List<Seen> members = new ArrayList<>(now.values());
        members.sort(Comparator.comparing(Seen::modified));
        return members;
      }
      before = now;
    }
    throw new MovedException("the files beside it are renamed all the time");
  }

  private static Map<Long, Path> paths(Map<Long, Seen> look) {
    Map<Long, Path> paths = new HashMap<>();
    look.forEach((inode, seen) -> paths.put(inode, seen.path()));
    return paths;
  }

  private Map<Long, Seen> look() {
    Map<Long, Seen> byInode = new HashMap<>();
    Seen followed = Seen.look(path);
    if (followed != null) {
      byInode.put(followed.inode(), followed);
    }
    collect(path, Family::isRelative, byInode);
    try {
      Path real = path.toRealPath();
      if (!real.equals(path.toAbsolutePath().normalize())) {
        collect(real, Family::isRelative, byInode);
        collect(real, Family::hasOtherDate, byInode);
      }
    } catch (IOException e) {
      // It is not there at this moment; its relatives may be.
    }
    return byInode;
  }

  /** Whether the name is one that this file may have had, or been copied to. */
  static boolean isRelative(String name, String of) {
    if (name.startsWith(of)) {
      return name.length() == of.length() || SUFFIX.matcher(name.substring(of.length())).matches();
    }
    int dot = of.lastIndexOf('.');
    if (dot > 0 && name.startsWith(of.substring(0, dot)) && name.endsWith(of.substring(dot))) {
      int end = name.length() - (of.length() - dot);
      return end > dot && INFIX.matcher(name.substring(dot, end)).matches();
    }
    return false;
  }

  /** Whether both names are the same but for their dates. */
  static boolean hasOtherDate(String name, String of) {
    return DIGITS.matcher(name).replaceAll("0").equals(DIGITS.matcher(of).replaceAll("0"))
        && of.chars().filter(Character::isDigit).count() >= DATE_DIGITS_MIN;
  }

  private static void collect(
      Path of, BiPredicate<String, String> related, Map<Long, Seen> byInode) {
    Path folder = of.toAbsolutePath().getParent();
    Path name = of.getFileName();
    if (folder == null || name == null) {
      return;
    }
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(
            folder, each -> related.test(String.valueOf(each.getFileName()), name.toString()))) {
      for (Path each : files) {
        Seen seen = Seen.look(each);
        if (seen != null) {
          byInode.putIfAbsent(seen.inode(), seen);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // A folder that is away, or may not be listed: what is open stays open.
    }
  }
}
