package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.flow.FlowControl;
import io.hostpipe.spi.RetryPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * The values of the flags.
 *
 * @param ack what an acknowledgement must mean
 * @param through the commands of the programs in between, in order
 * @param vias more addresses of the end that is a link, in order
 * @param require the least the pair must give; null when anything will do
 * @param duplex join the ends both ways
 * @param frames how messages are made of bytes
 * @param flow what is set of the flow by hand
 * @param lasting what outlives this process
 * @param deadLetters where messages go that are refused
 * @param dlq what is asked about dead letters
 * @param digest which digest the summary shows
 * @param progress when the line of progress is drawn
 * @param sizeBytes how much will come; -1 when nobody said
 * @param summary how the summary looks; null when nobody said
 * @param retry how long a broken link is tried again
 * @param givesUp whether somebody said after how long; a listener's first peer has no limit else
 * @param quiet say nothing but warnings and errors
 * @param verbosity how often {@code -v} was given
 * @param asksForHelp {@code --help}
 * @param asksForVersion {@code --version}
 */
record Flags(
    AckLevel ack,
    List<String> through,
    List<String> vias,
    @Nullable Guarantee require,
    boolean duplex,
    FrameFlags frames,
    FlowControl flow,
    LastingFlags lasting,
    DeadLetterFlags deadLetters,
    DlqFlags dlq,
    DigestKind digest,
    ProgressWhen progress,
    long sizeBytes,
    @Nullable SummaryForm summary,
    RetryPolicy retry,
    boolean givesUp,
    boolean quiet,
    int verbosity,
    boolean asksForHelp,
    boolean asksForVersion) {
  /** When the line of progress is drawn. */
  enum ProgressWhen {
    AUTO,
    ALWAYS,
    NEVER
  }

  /** How the summary looks. */
  enum SummaryForm {
    TEXT,
    JSON
  }

  /** Which digest the summary shows. */
  enum DigestKind {
    CRC,
    SHA256
  }

  /** Reads the values of parsed flags. */
  static Flags of(CommandLine line) throws PipeException {
    String size = value(line, Flag.SIZE);
    return new Flags(
        choice(line, Flag.ACK, AckLevel.class, AckLevel.APPLIED),
        values(line, Flag.THROUGH),
        values(line, Flag.VIA),
        choiceOrNull(line, Flag.REQUIRE, Guarantee.class),
        line.hasOption(Flag.DUPLEX.word()),
        FrameFlags.of(line),
        FlowFlags.of(line),
        LastingFlags.of(line),
        DeadLetterFlags.of(line),
        DlqFlags.of(line),
        choice(line, Flag.DIGEST, DigestKind.class, DigestKind.CRC),
        choice(line, Flag.PROGRESS, ProgressWhen.class, ProgressWhen.AUTO),
        size == null ? -1 : Quantity.bytes(size, "--size"),
        choiceOrNull(line, Flag.SUMMARY, SummaryForm.class),
        retry(line),
        line.hasOption(Flag.GIVE_UP.word()),
        line.hasOption(Flag.QUIET.word()),
        line.getOptionCount(Flag.VERBOSE.word()),
        line.hasOption(Flag.HELP.word()),
        line.hasOption(Flag.VERSION.word()));
  }

  /** Whether a summary is printed: -q takes away the one nobody asked for. */
  boolean showsSummary() {
    return summary != null || !quiet;
  }

  /** Whether the line of progress is drawn. */
  boolean showsProgress() {
    return switch (progress) {
      case ALWAYS -> true;
      case NEVER -> false;
      case AUTO -> !quiet && Terminal.isStderrOne();
    };
  }

  /** The name of a choice as it is written. */
  static String wordOf(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static RetryPolicy retry(CommandLine line) throws PipeException {
    RetryPolicy standard = RetryPolicy.DEFAULT;
    String giveUp = value(line, Flag.GIVE_UP);
    String retryMax = value(line, Flag.RETRY_MAX);
    Duration giveUpAfter =
        giveUp != null
            ? Quantity.duration(giveUp, "--give-up")
            : line.hasOption(Flag.SPOOL.word()) ? RetryPolicy.NEVER : standard.giveUp();
    int tries =
        retryMax == null
            ? standard.retryMax()
            : Quantity.count(retryMax, "--retry-max", Integer.MAX_VALUE);
    return new RetryPolicy(giveUpAfter, tries, standard.firstDelay(), standard.longestDelay());
  }

  private static <T extends Enum<T>> T choice(
      CommandLine line, Flag flag, Class<T> type, T standard) throws PipeException {
    T given = choiceOrNull(line, flag, type);
    return given == null ? standard : given;
  }

  static <T extends Enum<T>> @Nullable T choiceOrNull(CommandLine line, Flag flag, Class<T> type)
      throws PipeException {
    String given = value(line, flag);
    if (given == null) {
      return null;
    }
    for (T choice : type.getEnumConstants()) {
      if (wordOf(choice).equals(given)) {
        return choice;
      }
    }
    throw new PipeException.Config(
        "'--"
            + flag.word()
            + "' is one of "
            + String.join(", ", flag.choices())
            + ", not '"
            + given
            + "'"
            + Nearest.hint(given, flag.choices()));
  }

  private static List<String> values(CommandLine line, Flag flag) {
    String[] values = line.getOptionValues(flag.word());
    return values == null ? List.of() : List.of(values);
  }

  static @Nullable String value(CommandLine line, Flag flag) throws PipeException {
    String[] values = line.getOptionValues(flag.word());
    if (values == null) {
      return null;
    }
    if (values.length > 1) {
      throw new PipeException.Config("'--" + flag.word() + "' was given twice");
    }
    return values[0];
  }
}
