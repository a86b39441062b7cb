package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import java.util.List;

/**
 * How many of the pipes that a listening end is offered it takes, and when. Words behind its
 * address say so; they are the command's, not the connector's.
 *
 * @param mode one, one after another, or all at once
 * @param pipeCountMax how many at a time
 */
record Intake(Mode mode, int pipeCountMax) {
  static final String KEEP = "keep";
  static final String FAN_IN = "fan-in";
  static final String MAX = "max";

  static final Intake ONE = new Intake(Mode.ONE, 1);

  /** What ten thousand peers cost is in docs/MANY.md; more than a million nobody has tried. */
  private static final int PIPE_COUNT_DEFAULT = 10_000;

  private static final int PIPE_COUNT_MAX = 1_000_000;

  /** All at once, as many as are usual. */
  static final Intake ALL = new Intake(Mode.AT_ONCE, PIPE_COUNT_DEFAULT);

  /** The words. */
  static final List<OptionSpec> OPTIONS =
      List.of(
          OptionSpec.flag(KEEP, "take pipes one after another, until it is interrupted"),
          OptionSpec.flag(
                  FAN_IN,
                  "take all pipes at once, each a stream of its own, until it is interrupted")
              .ofSource(),
          OptionSpec.value(
                  MAX, "N", "" + PIPE_COUNT_DEFAULT, "with fan-in: how many pipes at a time")
              .ofSource());

  /** How a listening end takes its pipes. */
  enum Mode {
    /** The first one. */
    ONE,
    /** One after another. */
    IN_TURN,
    /** As they come. */
    AT_ONCE
  }

  /** Reads it from the options of an address. */
  static Intake of(Address address) throws PipeException {
    boolean keeps = address.option(KEEP) != null;
    boolean fansIn = address.option(FAN_IN) != null;
    if (keeps && fansIn) {
      throw new PipeException.Config(
          "'keep' takes pipes one after another and 'fan-in' all at once: leave one of them out");
    }
    if (address.option(MAX) != null && !fansIn) {
      throw new PipeException.Config("'max' limits the pipes of 'fan-in', which is not there");
    }
    if (fansIn) {
      return new Intake(
          Mode.AT_ONCE, OptionValues.integer(address, MAX, PIPE_COUNT_DEFAULT, 1, PIPE_COUNT_MAX));
    }
    return keeps ? new Intake(Mode.IN_TURN, 1) : ONE;
  }

  /** The address as its connector knows it. */
  static Address without(Address address) {
    return address.withoutOption(KEEP).withoutOption(FAN_IN).withoutOption(MAX);
  }

  /** Whether there is more than one pipe to come. */
  boolean many() {
    return mode != Mode.ONE;
  }
}
