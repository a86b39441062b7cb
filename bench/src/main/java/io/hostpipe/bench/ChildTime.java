package io.hostpipe.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The processor time of the processes that this one has started and that have ended. */
final class ChildTime {
  /** Behind the name in parentheses (proc(5)). */
  private static final int USER_INDEX = 13;

  private static final int SYSTEM_INDEX = 14;
  private static final double TICKS_PER_SECOND = 100;

  private ChildTime() {}

  /** User and system, of all of them. */
  static double seconds() throws IOException {
    String text = Files.readString(Path.of("/proc/self/stat"));
    String[] words = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(words[USER_INDEX]) + Long.parseLong(words[SYSTEM_INDEX]))
        / TICKS_PER_SECOND;
  }
}
