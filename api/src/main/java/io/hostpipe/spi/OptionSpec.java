package io.hostpipe.spi;

import org.jspecify.annotations.Nullable;

/**
 * One option of an address; drives parsing, check, help, completion and docs.
 *
 * @param name as written, lower case with hyphens
 * @param form what a value looks like for people ("N", "DURATION", "PATH"); null for a bare word
 * @param defaultValue what holds when it is not given; null when nothing does
 * @param help one line
 */
public record OptionSpec(
    String name, @Nullable String form, @Nullable String defaultValue, String help) {
  /** An option that is only there or not. */
  public static OptionSpec flag(String name, String help) {
    return new OptionSpec(name, null, null, help);
  }

  /** An option with a value. */
  public static OptionSpec value(
      String name, String form, @Nullable String defaultValue, String help) {
    return new OptionSpec(name, form, defaultValue, help);
  }
}
