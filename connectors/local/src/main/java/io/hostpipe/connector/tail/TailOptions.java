package io.hostpipe.connector.tail;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a file is followed.
 *
 * @param fromEnd begin behind what the file has, instead of at its beginning
 * @param untilEnd end where the file ends, instead of waiting for more
 * @param partialAfter when an unfinished last line is passed on; null: when it is finished
 * @param rotateWait how long a file that was renamed must be quiet to be at its end
 * @param poll the longest time between two looks
 * @param goesOnBehindLoss say what was lost and go on, instead of ending
 * @param state where the place is kept; null for nowhere
 */
record TailOptions(
    boolean fromEnd,
    boolean untilEnd,
    @Nullable Duration partialAfter,
    Duration rotateWait,
    Duration poll,
    boolean goesOnBehindLoss,
    @Nullable Path state) {
  private static final String FROM = "from";
  private static final String UNTIL = "until";
  private static final String PARTIAL_AFTER = "partial-after";
  private static final String ROTATE_WAIT = "rotate-wait";
  private static final String POLL = "poll";
  private static final String LOST = "lost";
  private static final String STATE = "state";
  private static final Duration LONGEST = Duration.ofHours(24);

  static final List<OptionSpec> SPECS =
      List.of(
          OptionSpec.value(
                  FROM, "WHERE", "begin", "where a new stream begins: begin or end of the file")
              .ofSource(),
          OptionSpec.value(
                  UNTIL,
                  "WHERE",
                  null,
                  "end: stop where the file ends, instead of waiting for more")
              .ofSource(),
          OptionSpec.value(
                  STATE,
                  "PATH",
                  null,
                  "a file that keeps the place, so that a new start goes on there (what was not"
                      + " kept yet comes again); not needed where the destination keeps it")
              .ofSource(),
          OptionSpec.value(
                  PARTIAL_AFTER,
                  "DURATION",
                  null,
                  "pass on a last line without an end after so long; else it is held until its end")
              .ofSource(),
          OptionSpec.value(
                  ROTATE_WAIT,
                  "DURATION",
                  "2s",
                  "how long a renamed file must be quiet until the new one is read")
              .ofSource(),
          OptionSpec.value(
                  POLL,
                  "DURATION",
                  "1s",
                  "look at least so often, for file systems that tell nothing")
              .ofSource(),
          OptionSpec.value(
                  LOST,
                  "WHAT",
                  "fail",
                  "when bytes were cut off before they were read: fail (exit code 5), or continue"
                      + " with a line that says which")
              .ofSource());

  /** Reads them from an address. */
  static TailOptions of(Address address) throws PipeException {
    OptionValues.checkNames(address, SPECS, true);
    String state = address.option(STATE);
    return new TailOptions(
        OptionValues.isSecond(address, FROM, "begin", "end"),
        untilEnd(address),
        address.option(PARTIAL_AFTER) == null
            ? null
            : OptionValues.duration(address, PARTIAL_AFTER, Duration.ZERO, Duration.ZERO, LONGEST),
        OptionValues.duration(address, ROTATE_WAIT, Duration.ofSeconds(2), Duration.ZERO, LONGEST),
        OptionValues.duration(address, POLL, Duration.ofSeconds(1), Duration.ofMillis(10), LONGEST),
        OptionValues.isSecond(address, LOST, "fail", "continue"),
        state == null ? null : Path.of(state));
  }

  /** The same for one of several files, whose place is kept beside those of the others. */
  TailOptions of(Path file) {
    Path folder = state;
    if (folder == null) {
      return this;
    }
    Path own = folder.resolveSibling(folder.getFileName() + "." + file.getFileName());
    return new TailOptions(
        fromEnd, untilEnd, partialAfter, rotateWait, poll, goesOnBehindLoss, own);
  }

  private static boolean untilEnd(Address address) throws PipeException {
    String word = address.option(UNTIL);
    if (word == null || word.equals("end")) {
      return word != null;
    }
    throw new PipeException.Config(address + ": until is end, not '" + word + "'");
  }
}
