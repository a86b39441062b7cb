package io.hostpipe.bench;

/**
 * Raw figures on standard output, one a line, separated by tabs: part, figure, contender, round,
 * value, unit. That is the format of the file that {@code bench/run} keeps.
 */
final class Figures {
  private final String part;

  Figures(String part) {
    this.part = part;
  }

  void tell(String figure, String contender, int round, double value, String unit) {
    System.out.printf("%s\t%s\t%s\t%d\t%.6g\t%s%n", part, figure, contender, round, value, unit);
  }
}
