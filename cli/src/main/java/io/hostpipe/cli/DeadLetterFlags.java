package io.hostpipe.cli;

import io.hostpipe.PipeException;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * The flags about messages that a destination refuses.
 *
 * @param address where they go; null when nobody said
 * @param attempts how often a message is tried that is not taken now; 0 for as often as it takes
 * @param takesRest whether what is left goes there when the destination stays unreachable
 */
record DeadLetterFlags(@Nullable String address, int attempts, boolean takesRest) {
  private static final int ATTEMPTS_MAX = 1_000_000;

  static DeadLetterFlags of(CommandLine line) throws PipeException {
    String address = Flags.value(line, Flag.DLQ);
    boolean takesRest = line.hasOption(Flag.DLQ_UNREACHABLE.word());
    if (takesRest && address == null) {
      throw new PipeException.Config(
          "--dlq-unreachable is about a place for dead letters, and there is none: add --dlq ADDR");
    }
    if (takesRest
        && line.hasOption(Flag.SPOOL.word())
        && !line.hasOption(Flag.GIVE_UP.word())
        && !line.hasOption(Flag.RETRY_MAX.word())) {
      throw new PipeException.Config(
          "--dlq-unreachable is for a destination that is given up, and with --spool it never is:"
              + " add --give-up DURATION");
    }
    String attempts = Flags.value(line, Flag.ATTEMPTS);
    return new DeadLetterFlags(
        address,
        attempts == null ? 0 : Quantity.count(attempts, "--attempts", ATTEMPTS_MAX),
        takesRest);
  }
}
