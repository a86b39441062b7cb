package io.hostpipe.cli;

import io.hostpipe.PipeException;
import java.util.Collection;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * The flags of {@code hostpipe dlq}.
 *
 * @param all whether all messages are meant
 * @param to where they are delivered; null for where each should have gone
 * @param yes whether nobody is to be asked
 */
record DlqFlags(boolean all, @Nullable String to, boolean yes) {
  static DlqFlags of(CommandLine line) throws PipeException {
    return new DlqFlags(
        line.hasOption(Flag.ALL.word()),
        Flags.value(line, Flag.TO),
        line.hasOption(Flag.YES.word()));
  }

  /** Refuses what means nothing to one of the words. */
  void check(String word, Collection<Long> numbers, String usage) throws PipeException {
    boolean takesMany = word.equals("replay") || word.equals("drop");
    if (takesMany && all == !numbers.isEmpty()) {
      throw new PipeException.Config(
          "'" + word + "' wants the numbers of messages, or --all: " + usage);
    }
    if (!takesMany && (all || numbers.size() != (word.equals("show") ? 1 : 0))) {
      throw new PipeException.Config(
          "'"
              + word
              + "' takes "
              + (word.equals("show") ? "one number" : "no number")
              + " and no --all: "
              + usage);
    }
    if ((to != null && !word.equals("replay")) || (yes && !word.equals("drop"))) {
      throw new PipeException.Config(
          "--to is for 'replay', and --yes for 'drop', not for '" + word + "'");
    }
  }
}
