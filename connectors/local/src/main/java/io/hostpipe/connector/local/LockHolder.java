package io.hostpipe.connector.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds out who holds the lock on a file, for the message about it. */
final class LockHolder {
  private static final Path LOCKS = Path.of("/proc/locks");

  private LockHolder() {}

  /** "process 1234" where Linux tells it, otherwise "another process". */
  static String of(LocalFile file) {
    Object inode = file.inode();
    if (inode != null) {
      try {
        // 1: POSIX  ADVISORY  WRITE 1234 fe:01:5678 0 EOF
        for (String line : Files.readAllLines(LOCKS)) {
          String[] words = line.trim().split("\\s+", -1);
          if (words.length >= 6 && words[3].equals("WRITE") && words[5].endsWith(":" + inode)) {
            return "process " + words[4];
          }
        }
      } catch (IOException e) {
        // Not Linux, or not ours to read: the answer below says less and is as true.
      }
    }
    return "another process";
  }
}
