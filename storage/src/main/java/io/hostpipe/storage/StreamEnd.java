package io.hostpipe.storage;

/**
 * How far a session's stream is with its end.
 *
 * <p>It ends twice: when every end of the pipe has confirmed it, and when the process that moved it
 * has said so. A process that is killed between the two leaves an end that nobody heard of.
 *
 * @param reached whether everybody has confirmed the end
 * @param told whether a process has said so; never without {@code reached}
 * @param exitCode what that process had to exit with, while it was not told
 * @param source by what the source is known again, while it was not told; empty when by nothing
 */
public record StreamEnd(boolean reached, boolean told, int exitCode, String source) {
  /** The stream goes on. */
  static final StreamEnd AHEAD = new StreamEnd(false, false, 0, "");

  /** The stream is over: the next start is another one. */
  static final StreamEnd TOLD = new StreamEnd(true, true, 0, "");

  private static final String UNTOLD_WORD = "untold ";

  static StreamEnd untold(int exitCode, String source) {
    return new StreamEnd(true, false, exitCode, source);
  }

  /** One line. */
  String text() {
    return reached && !told ? UNTOLD_WORD + exitCode + " " + source : Boolean.toString(told);
  }

  static StreamEnd parse(String text) {
    if (text.startsWith(UNTOLD_WORD)) {
      String[] words = text.substring(UNTOLD_WORD.length()).split(" ", 2);
      return untold(Integer.parseInt(words[0]), words[1]);
    }
    return Boolean.parseBoolean(text) ? TOLD : AHEAD;
  }
}
