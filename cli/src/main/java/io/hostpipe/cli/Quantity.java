package io.hostpipe.cli;

import io.hostpipe.PipeException;
import java.time.Duration;
import java.util.Locale;

/**
 * Amounts as people write and read them.
 *
 * <p>Sizes are as in dd: {@code K M G T P} and {@code KiB MiB …} are powers of 1024, {@code kB MB
 * …} powers of 1000.
 */
final class Quantity {
  private static final String PREFIXES = "KMGTPE";

  private Quantity() {}

  /** Reads a size in bytes: {@code 512}, {@code 2T}, {@code 1.5GiB}, {@code 10MB}. */
  static long bytes(String text, String what) throws PipeException {
    int split = 0;
    while (split < text.length() && isNumeric(text.charAt(split))) {
      split++;
    }
    double number = number(text.substring(0, split), text, what);
    double bytes = number * unitBytes(text.substring(split), text, what);
    if (bytes >= Long.MAX_VALUE) {
      throw malformed(text, what, "less than 8 EiB");
    }
    return (long) bytes;
  }

  /** Reads a rate in bytes a second: a size, with or without {@code /s}. */
  static long bytesPerSecond(String text, String what) throws PipeException {
    String size = text.endsWith("/s") ? text.substring(0, text.length() - 2) : text;
    long rate = bytes(size, what);
    if (rate == 0) {
      throw malformed(text, what, "more than 0, as in 10MB/s");
    }
    return rate;
  }

  /** Reads a duration: {@code 500ms}, {@code 30s}, {@code 1h30m}, {@code 2d}. */
  static Duration duration(String text, String what) throws PipeException {
    String form = "a number with a unit (ms, s, m, h, d), as in 30s or 1h30m";
    if (text.equals("0")) {
      return Duration.ZERO; // the same in every unit
    }
    Duration total = Duration.ZERO;
    int index = 0;
    while (index < text.length()) {
      int unitAt = index;
      while (unitAt < text.length() && Character.isDigit(text.charAt(unitAt))) {
        unitAt++;
      }
      int end = unitAt;
      while (end < text.length() && Character.isLetter(text.charAt(end))) {
        end++;
      }
      if (unitAt == index || unitAt - index > 9) {
        throw malformed(text, what, form);
      }
      long number = Long.parseLong(text, index, unitAt, 10);
      total =
          total.plus(
              switch (text.substring(unitAt, end)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                case "d" -> Duration.ofDays(number);
                default -> throw malformed(text, what, form);
              });
      index = end;
    }
    if (text.isEmpty()) {
      throw malformed(text, what, form);
    }
    return total;
  }

  /** Reads a number from 0 to a limit. */
  static int count(String text, String what, int max) throws PipeException {
    long number = -1;
    if (!text.isEmpty()
        && text.length() <= 10
        && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      number = Long.parseLong(text);
    }
    if (number < 0 || number > max) {
      throw malformed(text, what, "a number from 0 to " + max);
    }
    return (int) number;
  }

  /** {@code 1.0 GiB}. */
  static String bytesText(double bytes) {
    if (bytes < 1024) {
      return (long) bytes + " B";
    }
    double shown = bytes;
    int prefix = -1;
    while (shown >= 1023.95 && prefix < PREFIXES.length() - 1) {
      shown /= 1024;
      prefix++;
    }
    return String.format(
        Locale.ROOT, shown < 99.95 ? "%.1f %siB" : "%.0f %siB", shown, PREFIXES.charAt(prefix));
  }

  /** {@code 143 MiB/s}. */
  static String rateText(double bytesPerSecond) {
    return bytesText(bytesPerSecond) + "/s";
  }

  /** {@code 1:07} or {@code 2:01:07}. */
  static String clockText(long seconds) {
    return seconds < 3_600
        ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
        : String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3_600, seconds / 60 % 60, seconds % 60);
  }

  /** {@code 350 ms}, {@code 4.2 s}, {@code 5 min}. */
  static String durationText(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return millis % 1_000 == 0
          ? millis / 1_000 + " s"
          : String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
    }
    return millis % 60_000 == 0 ? millis / 60_000 + " min" : clockText(millis / 1_000);
  }

  /** {@code 1,073,741,824}. */
  static String groupedText(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static boolean isNumeric(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }

  private static double number(String digits, String text, String what) throws PipeException {
    try {
      return Double.parseDouble(digits);
    } catch (NumberFormatException e) {
      throw malformed(text, what, "a size, as in 512, 64K, 10MB or 2T");
    }
  }

  private static double unitBytes(String unit, String text, String what) throws PipeException {
    if (unit.isEmpty() || unit.equals("B")) {
      return 1;
    }
    int power = PREFIXES.indexOf(Character.toUpperCase(unit.charAt(0))) + 1;
    double base =
        switch (unit.substring(1)) {
          case "", "iB" -> 1024;
          case "B" -> 1000;
          default -> 0;
        };
    if (power == 0 || base == 0) {
      throw malformed(text, what, "a size, as in 512, 64K, 10MB or 2T");
    }
    return Math.pow(base, power);
  }

  private static PipeException malformed(String text, String what, String form) {
    return new PipeException.Config(what + " is " + form + ", not '" + text + "'");
  }
}
