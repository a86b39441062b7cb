package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Reads the values of an address's options; what is wrong with one is said with its limits. */
public final class OptionValues {
  private OptionValues() {}

  /**
   * Refuses options that the scheme does not have.
   *
   * @throws PipeException.Config naming those there are
   */
  public static void checkNames(Address address, List<OptionSpec> known) throws PipeException {
    for (String name : address.options().keySet()) {
      if (known.stream().noneMatch(spec -> spec.name().equals(name))) {
        throw new PipeException.Config(
            address
                + " has no option '"
                + name
                + "'; there are "
                + known.stream().map(OptionSpec::name).collect(Collectors.joining(", ")));
      }
    }
  }

  /**
   * Refuses options that the scheme does not have, and those of the other end: a word behind the
   * wrong address would otherwise do nothing, and say nothing.
   *
   * @throws PipeException.Config naming those there are, or the end that the option is for
   */
  public static void checkNames(Address address, List<OptionSpec> known, boolean asSource)
      throws PipeException {
    checkNames(address, known);
    OptionSpec.Side otherSide = asSource ? OptionSpec.Side.DESTINATION : OptionSpec.Side.SOURCE;
    for (OptionSpec option : known) {
      if (option.side() == otherSide && address.option(option.name()) != null) {
        throw new PipeException.Config(
            "'"
                + option.name()
                + "' is an option of a "
                + (asSource ? "destination, and " : "source, and ")
                + shownWithoutOptions(address)
                + (asSource ? " is the source here" : " is the destination here")
                + "; options stand behind their address");
      }
    }
  }

  private static String shownWithoutOptions(Address address) {
    String shown = address.toString();
    int question = shown.indexOf('?');
    return question < 0 ? shown : shown.substring(0, question);
  }

  /** Whether the second of two words was given; the first is what holds without any. */
  public static boolean isSecond(Address address, String name, String standard, String other)
      throws PipeException {
    String word = address.option(name);
    if (word == null || word.equals(standard)) {
      return false;
    }
    if (word.equals(other)) {
      return true;
    }
    throw wrong(address, name, word, standard + " or " + other);
  }

  /** A whole number between two limits, both allowed. */
  public static int integer(Address address, String name, int defaultValue, int least, int most)
      throws PipeException {
    String text = address.option(name);
    if (text == null) {
      return defaultValue;
    }
    try {
      int value = Integer.parseInt(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, with the limits.
    }
    throw wrong(address, name, text, "a number from " + least + " to " + most);
  }

  /** A duration such as 250ms, 5s, 2m, 1h; a bare number is seconds. */
  public static Duration duration(
      Address address, String name, Duration defaultValue, Duration least, Duration most)
      throws PipeException {
    String text = address.option(name);
    if (text == null) {
      return defaultValue;
    }
    try {
      Duration value = parseDuration(text);
      if (value.compareTo(least) >= 0 && value.compareTo(most) <= 0) {
        return value;
      }
    } catch (IllegalArgumentException e) {
      // Said below, with the limits.
    }
    throw wrong(
        address,
        name,
        text,
        "a duration from "
            + least.toMillis()
            + "ms to "
            + most.toSeconds()
            + "s, as in 250ms or 5s");
  }

  /** A number of bytes such as 65536, 64KiB, 8MiB, 1GB. */
  public static long bytes(Address address, String name, long defaultValue, long least, long most)
      throws PipeException {
    String text = address.option(name);
    if (text == null) {
      return defaultValue;
    }
    try {
      long value = parseBytes(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (IllegalArgumentException e) {
      // Said below, with the limits.
    }
    throw wrong(
        address,
        name,
        text,
        "a size from " + least + " to " + most + " bytes, as in 64KiB or 8MiB");
  }

  /**
   * Reads {@code 250ms}, {@code 5s}, {@code 2m}, {@code 1h}; a bare number is seconds.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static Duration parseDuration(String text) {
    int digits = digitsOf(text);
    long number = Long.parseLong(text, 0, digits, 10);
    try {
      return switch (text.substring(digits)) {
        case "ms" -> Duration.ofMillis(number);
        case "", "s" -> Duration.ofSeconds(number);
        case "m" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        default -> throw new IllegalArgumentException("not a duration: " + text);
      };
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("too long a duration: " + text, e);
    }
  }

  /**
   * Reads {@code 65536}, {@code 64KiB}, {@code 8M}, {@code 1GB}: with an i, and for a lone letter,
   * by 1024; otherwise by 1000.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static long parseBytes(String text) {
    int digits = digitsOf(text);
    long number = Long.parseLong(text, 0, digits, 10);
    String unit = text.substring(digits).toLowerCase(Locale.ROOT);
    if (unit.isEmpty() || unit.equals("b")) {
      return number;
    }
    int power = "kmgtp".indexOf(unit.charAt(0)) + 1;
    String rest = unit.substring(1);
    if (power == 0 || !(rest.isEmpty() || rest.equals("b") || rest.equals("ib"))) {
      throw new IllegalArgumentException("not a size: " + text);
    }
    long base = rest.equals("b") ? 1_000 : 1_024;
    long bytes = number;
    for (int count = 0; count < power; count++) {
      if (bytes > Long.MAX_VALUE / base) {
        throw new IllegalArgumentException("too large a size: " + text);
      }
      bytes *= base;
    }
    return bytes;
  }

  private static int digitsOf(String text) {
    int digits = 0;
    while (digits < text.length() && Character.digit(text.charAt(digits), 10) >= 0) {
      digits++;
    }
    if (digits == 0) {
      throw new IllegalArgumentException("a number comes first: " + text);
    }
    return digits;
  }

  private static PipeException wrong(Address address, String name, String text, String wanted) {
    return new PipeException.Config(
        address + ": " + name + " is " + wanted + ", not '" + text + "'");
  }
}
