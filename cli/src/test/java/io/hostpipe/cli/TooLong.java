package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Three lines, the second of which a broker does not take, where nobody keeps it. */
final class TooLong {
  /** Where the first message ends. */
  private static final int BEFORE = 5;

  private TooLong() {}

  /** A file of these lines. */
  static Path lines(Path folder, int lengthBytes) throws IOException {
    return Files.writeString(
        folder.resolve("too-long"), "one\n" + "x".repeat(lengthBytes) + "\nthree\n");
  }

  /** Sends the first line alone, and says that, and what can be done. */
  static void endsThere(Path in, String why, String... destination) throws Exception {
    ends(0, in, why, destination);
  }

  /** Where the first line lies already, nothing is sent: nor is the message passed over. */
  static void endsThereAgain(Path in, String why, String... destination) throws Exception {
    ends(BEFORE, in, why, destination);
  }

  private static void ends(int from, Path in, String why, String... destination) throws Exception {
    String[] words = new String[destination.length + 3];
    words[0] = "--frame";
    words[1] = "lines";
    words[2] = in.toString();
    System.arraycopy(destination, 0, words, 3, destination.length);
    try (CommandProcess sender = CommandProcess.start(words)) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
      String reached = from + ".." + BEFORE;
      assertThat(sender.err())
          .contains(why)
          .contains("; delivered: " + reached + ". With --dlq ADDR a message that is refused")
          .contains("  delivered           " + reached + "\n")
          .doesNotContain("perhaps");
    }
  }
}
