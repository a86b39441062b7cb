package io.hostpipe.cli;

import io.hostpipe.runtime.fault.Cut;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What the demo found.
 *
 * @param sizeBytes of the file
 * @param elapsedNanos from the start of the sender to the end of both
 * @param cuts that were made
 * @param plannedCutCount how many were planned
 * @param sender with its summary
 * @param receiver with its summary
 * @param sentDigest of the file that was sent, read from disk
 * @param receivedDigest of the file that arrived, read from disk
 */
record DemoReport(
    long sizeBytes,
    long elapsedNanos,
    List<Cut> cuts,
    int plannedCutCount,
    DemoProcess sender,
    DemoProcess receiver,
    String sentDigest,
    String receivedDigest) {
  /** Whether all of it arrived as it was, and every cut that was planned was made. */
  boolean agrees() throws InterruptedException {
    return sender.exitCode() == ExitCode.OK
        && receiver.exitCode() == ExitCode.OK
        && sentDigest.equals(receivedDigest)
        && !sender.digest().isEmpty()
        && sender.digest().equals(receiver.digest())
        && receiver.number("position") == sizeBytes
        && (cuts.size() == plannedCutCount || sizeBytes == 0);
  }

  /** The table. */
  String text() throws InterruptedException {
    StringBuilder text = new StringBuilder(1_024);
    int index = 0;
    for (Cut cut : cuts) {
      Duration outage = cut.outage();
      text.append(
          String.format(
              Locale.ROOT,
              "  cut %-4d behind %,16d bytes   %-26s healed after %s%n",
              ++index,
              cut.position(),
              cut.fault(),
              outage == null ? "-" : Quantity.durationText(outage)));
    }
    double seconds = elapsedNanos / 1e9;
    row(text, "bytes", grouped(receiver.number("position")) + " of " + grouped(sizeBytes));
    row(
        text,
        "time",
        String.format(Locale.ROOT, "%.1f s (%s)", seconds, Quantity.rateText(sizeBytes / seconds)));
    row(text, "cuts", cuts.size() + " of " + plannedCutCount);
    row(text, "resumes", grouped(sender.number("resumes")));
    row(text, "bytes sent again", grouped(sender.number("sent_again_bytes")));
    row(text, "duplicates dropped", grouped(receiver.number("duplicate_bytes_dropped")));
    row(text, "digest of the sender", sender.digest());
    row(text, "digest of the receiver", receiver.digest());
    row(text, "sha256 on disk, sent", sentDigest);
    row(text, "sha256 on disk, there", receivedDigest);
    row(
        text,
        "result",
        agrees() ? "equal: nothing lost, nothing twice" : "NOT EQUAL, or not all of it was seen");
    return text.toString();
  }

  private static String grouped(long number) {
    return number < 0 ? "unknown" : Quantity.groupedText(number);
  }

  private static void row(StringBuilder text, String label, String value) {
    text.append(String.format(Locale.ROOT, "  %-24s%s%n", label, value));
  }
}
