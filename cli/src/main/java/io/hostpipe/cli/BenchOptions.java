package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.spi.OptionSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a bench was asked to measure.
 *
 * @param duration of each of the three measurements
 * @param ratePerSecond requests of the latency measurement
 * @param messageBytes of the message rate
 * @param requestBytes of a request, and of its answer
 * @param answers whether this side only answers, on its standard streams
 * @param words what is left: the address and its options
 */
record BenchOptions(
    Duration duration,
    int ratePerSecond,
    int messageBytes,
    int requestBytes,
    boolean answers,
    List<String> words) {
  /** The words that bench takes; also what completion offers. */
  static final List<OptionSpec> SPECS =
      List.of(
          OptionSpec.value("for", "DURATION", "3s", "of each of the three measurements"),
          OptionSpec.value("rate", "N", "1000", "requests a second, whose latency is measured"),
          OptionSpec.value("message", "BYTES", "100", "length of a message"),
          OptionSpec.value("request", "BYTES", "64", "length of a request and of its answer"));

  /** The other end of the standard streams. */
  static final String ANSWER = "answer";

  private static final int RATE_MAX = 1_000_000;
  private static final Duration DURATION_MAX = Duration.ofHours(1);
  private static final int MESSAGE_BYTES_MAX = 64 << 10;

  /** Reads them from the words behind {@code bench}. */
  static BenchOptions parse(List<String> all) throws PipeException {
    Map<String, String> values = new HashMap<>();
    SPECS.forEach(spec -> values.put(spec.name(), spec.defaultValue()));
    List<String> words = new ArrayList<>();
    boolean answers = false;
    for (String word : all) {
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      if (equals > 0 && values.containsKey(name)) {
        values.put(name, word.substring(equals + 1));
      } else if (word.equals(ANSWER)) {
        answers = true;
      } else {
        words.add(word);
      }
    }
    Duration duration = Quantity.duration(values.getOrDefault("for", ""), "for");
    if (duration.isZero() || duration.compareTo(DURATION_MAX) > 0) {
      throw new PipeException.Config("for is more than 0 and at most 1h, as in for=10s");
    }
    return new BenchOptions(
        duration,
        atLeastOne(Quantity.count(values.getOrDefault("rate", ""), "rate", RATE_MAX), "rate", 1),
        bytes(values, "message", 1),
        bytes(values, "request", Long.BYTES),
        answers,
        words);
  }

  private static int bytes(Map<String, String> values, String name, int least)
      throws PipeException {
    long bytes = Quantity.bytes(values.getOrDefault(name, ""), name);
    if (bytes > MESSAGE_BYTES_MAX) {
      throw new PipeException.Config(name + " is at most " + MESSAGE_BYTES_MAX + " bytes");
    }
    return atLeastOne((int) bytes, name, least);
  }

  private static int atLeastOne(int number, String name, int least) throws PipeException {
    if (number < least) {
      throw new PipeException.Config(name + " is at least " + least);
    }
    return number;
  }
}
