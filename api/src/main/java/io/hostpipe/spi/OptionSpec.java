package io.hostpipe.spi;

import org.jspecify.annotations.Nullable;

/**
 * One option of an address; drives parsing, check, help, completion and docs.
 *
 * @param name as written, lower case with hyphens
 * @param form what a value looks like for people ("N", "DURATION", "PATH"); null for a bare word
 * @param defaultValue what holds when it is not given; null when nothing does
 * @param help one line
 * @param side which end of a pipe it is for
 * @param repeatable whether it may be given more than once: {@link
 *     io.hostpipe.Address#optionValues}
 */
public record OptionSpec(
    String name,
    @Nullable String form,
    @Nullable String defaultValue,
    String help,
    Side side,
    boolean repeatable) {
  /** Which end of a pipe an option is for. */
  public enum Side {
    /** Either. */
    BOTH,
    /** Only where bytes are read from. */
    SOURCE,
    /** Only where bytes are written to. */
    DESTINATION
  }

  /** An option that is only there or not. */
  public static OptionSpec flag(String name, String help) {
    return new OptionSpec(name, null, null, help, Side.BOTH, false);
  }

  /** An option with a value. */
  public static OptionSpec value(
      String name, String form, @Nullable String defaultValue, String help) {
    return new OptionSpec(name, form, defaultValue, help, Side.BOTH, false);
  }

  /** The same option, which may be given more than once. */
  public OptionSpec repeated() {
    return new OptionSpec(name, form, defaultValue, help, side, true);
  }

  /** The same option, for a source alone. */
  public OptionSpec ofSource() {
    return new OptionSpec(name, form, defaultValue, help, Side.SOURCE, repeatable);
  }

  /** The same option, for a destination alone. */
  public OptionSpec ofDestination() {
    return new OptionSpec(name, form, defaultValue, help, Side.DESTINATION, repeatable);
  }
}
