package io.hostpipe.cli;

import java.time.Duration;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What a bench found.
 *
 * @param where what was measured
 * @param options how
 * @param bytes the throughput
 * @param messages the message rate
 * @param latency of requests, in nanoseconds
 * @param residentBytesHere the most memory that this process has had
 */
record BenchReport(
    String where,
    BenchOptions options,
    BenchMeasurement.Flow bytes,
    BenchMeasurement.Flow messages,
    Histogram latency,
    long residentBytesHere) {
  private static final double GIB = 1L << 30;
  private static final double NANOS = 1e9;

  String text() {
    StringBuilder text = new StringBuilder(512);
    text.append(where).append('\n');
    row(
        text,
        "throughput",
        "%.2f GiB/s".formatted(gibPerSecond()),
        Quantity.bytesText((double) bytes.bytes())
            + " in "
            + Quantity.durationText(Duration.ofNanos(bytes.nanos())));
    row(
        text,
        "messages",
        Quantity.groupedText(messagesPerSecond()) + "/s",
        "of " + options.messageBytes() + " bytes, with a u32 in front");
    row(
        text,
        "round trip",
        "",
        options.requestBytes() + " bytes there and back, " + options.ratePerSecond() + " a second");
    percentile(text, "  median", 50);
    percentile(text, "  90 %", 90);
    percentile(text, "  99 %", 99);
    percentile(text, "  99.9 %", 99.9);
    percentile(text, "  longest", 100);
    row(text, "processor, here", seconds(cpuPerGib(bytes.cpuNanosHere())), "for each GiB");
    row(text, "processor, there", seconds(cpuPerGib(bytes.cpuNanosThere())), "for each GiB");
    row(text, "memory, here", Quantity.bytesText((double) residentBytesHere), "resident, at most");
    row(
        text,
        "memory, there",
        Quantity.bytesText((double) bytes.residentBytesThere()),
        "resident, at most");
    return text.toString();
  }

  String json() {
    return new Json()
        .text("address", where)
        .decimal("seconds", bytes.nanos() / NANOS)
        .number("bytes", bytes.bytes())
        .decimal("gibPerSecond", gibPerSecond())
        .number("messageBytes", options.messageBytes())
        .number("messages", messages.messages())
        .number("messagesPerSecond", messagesPerSecond())
        .number("requestBytes", options.requestBytes())
        .number("requestsPerSecond", options.ratePerSecond())
        .number("requests", latency.getTotalCount())
        .decimal("latencyMedianMicros", micros(50))
        .decimal("latency90Micros", micros(90))
        .decimal("latency99Micros", micros(99))
        .decimal("latency999Micros", micros(99.9))
        .decimal("latencyMaxMicros", micros(100))
        .decimal("cpuSecondsPerGibHere", cpuPerGib(bytes.cpuNanosHere()))
        .decimal("cpuSecondsPerGibThere", cpuPerGib(bytes.cpuNanosThere()))
        .number("residentBytesHere", residentBytesHere)
        .number("residentBytesThere", bytes.residentBytesThere())
        .end();
  }

  private double gibPerSecond() {
    return bytes.bytes() / GIB / (bytes.nanos() / NANOS);
  }

  private long messagesPerSecond() {
    return Math.round(messages.messages() / (messages.nanos() / NANOS));
  }

  private double cpuPerGib(long cpuNanos) {
    return bytes.bytes() == 0 ? 0 : cpuNanos / NANOS / (bytes.bytes() / GIB);
  }

  private double micros(double percentile) {
    return latency.getValueAtPercentile(percentile) / 1e3;
  }

  private void percentile(StringBuilder text, String name, double percentile) {
    double micros = micros(percentile);
    row(
        text,
        name,
        micros < 10_000
            ? String.format(Locale.ROOT, "%.0f µs", micros)
            : String.format(Locale.ROOT, "%.1f ms", micros / 1e3),
        "");
  }

  private static String seconds(double seconds) {
    return String.format(Locale.ROOT, "%.2f s", seconds);
  }

  private static void row(StringBuilder text, String name, String value, String note) {
    text.append(String.format(Locale.ROOT, "  %-18s %14s   %s", name, value, note).stripTrailing())
        .append('\n');
  }
}
