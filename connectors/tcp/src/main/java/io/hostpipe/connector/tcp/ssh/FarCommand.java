package io.hostpipe.connector.tcp.ssh;

import org.jspecify.annotations.Nullable;

/**
 * The line that the far login shell runs.
 *
 * <p>Which shell that is nobody knows, so it gets nothing but words in single quotes; what has to
 * be decided there is decided by {@code sh}.
 */
final class FarCommand {
  /** What the line ends with where no hostpipe was found: as a shell does. */
  static final int NOT_FOUND = 127;

  /** Beyond PATH, which is short for programs that ssh runs. */
  private static final String SEARCH =
      "for p in hostpipe \"$HOME/bin/hostpipe\" \"$HOME/.local/bin/hostpipe\" "
          + "\"$HOME/hostpipe/hostpipe\" /usr/local/bin/hostpipe /opt/hostpipe/bin/hostpipe; do "
          + "command -v \"$p\" >/dev/null 2>&1 && exec \"$p\" \"$@\"; done; exit 127";

  private FarCommand() {}

  /**
   * Runs hostpipe with these words.
   *
   * @param hostpipe the command there; null to look for it
   */
  static String of(@Nullable String hostpipe, String... words) {
    StringBuilder line = new StringBuilder();
    if (hostpipe == null) {
      line.append("exec sh -c ").append(quoted(SEARCH)).append(" hostpipe");
    } else {
      line.append("exec ").append(quoted(hostpipe));
    }
    for (String word : words) {
      line.append(' ').append(quoted(word));
    }
    return line.toString();
  }

  private static String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }
}
