package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What many pipes did together, told once at the end of them all.
 *
 * @param exit how it ended
 * @param source where the streams came from, without secrets
 * @param destination where they went
 * @param totals what they did
 * @param elapsedNanos from the first pipe to the end
 * @param guarantee what each of them was promised
 * @param ack what an acknowledgement meant
 * @param failure what ended it, when something did
 */
record ManySummary(
    ExitCode exit,
    String source,
    String destination,
    Totals.Snapshot totals,
    long elapsedNanos,
    Guarantee guarantee,
    AckLevel ack,
    @Nullable String failure) {
  /** Aligned lines, the first of which says how it ended. */
  String text() {
    StringBuilder text = new StringBuilder(512);
    text.append("hostpipe: ")
        .append(exit == ExitCode.OK ? "done" : "ended with exit code " + exit.number())
        .append(": ")
        .append(source)
        .append(" -> ")
        .append(destination);
    long bytes = totals.deliveredBytes();
    Summary.row(
        text,
        "pipes",
        Quantity.groupedText(totals.doneCount())
            + " arrived, "
            + Quantity.groupedText(totals.failedCount())
            + " did not");
    Summary.row(
        text,
        "bytes",
        Quantity.groupedText(bytes) + " (" + Quantity.bytesText((double) bytes) + ")");
    if (totals.messageCount() >= 0) {
      Summary.row(text, "messages", Quantity.groupedText(totals.messageCount()));
    }
    if (totals.deadLetterCount() >= 0) {
      Summary.row(text, "dead letters", Quantity.groupedText(totals.deadLetterCount()));
    }
    Summary.row(
        text,
        "seconds",
        String.format(Locale.ROOT, "%.3f (%s)", seconds(), Quantity.rateText(bytesPerSecond())));
    Summary.row(text, "resumes", Quantity.groupedText(totals.stats().resumes()));
    Summary.row(text, "sent again", Quantity.groupedText(totals.stats().sentAgainBytes()));
    Summary.row(text, "duplicates dropped", Quantity.groupedText(totals.stats().duplicateBytes()));
    Summary.row(text, "guarantee", Flags.wordOf(guarantee));
    Summary.row(text, "ack", Flags.wordOf(ack));
    return text.toString();
  }

  /** One object on one line, told from that of a single pipe by its {@code pipes}. */
  String json() {
    Json json = new Json();
    json.number("exit", exit.number());
    if (failure != null) {
      json.text("error", failure);
    }
    json.text("source", source).text("destination", destination);
    json.number("pipes", totals.doneCount() + totals.failedCount());
    json.number("pipes_failed", totals.failedCount());
    json.number("bytes", totals.deliveredBytes());
    if (totals.messageCount() >= 0) {
      json.number("messages", totals.messageCount());
    }
    if (totals.deadLetterCount() >= 0) {
      json.number("dead_letters", totals.deadLetterCount());
    }
    json.decimal("seconds", seconds());
    json.number("bytes_per_second", (long) bytesPerSecond());
    json.number("resumes", totals.stats().resumes());
    json.number("sent_again_bytes", totals.stats().sentAgainBytes());
    json.number("duplicate_bytes_dropped", totals.stats().duplicateBytes());
    json.text("guarantee", Flags.wordOf(guarantee));
    json.text("ack", Flags.wordOf(ack));
    return json.end();
  }

  private double seconds() {
    return elapsedNanos / 1e9;
  }

  private double bytesPerSecond() {
    return elapsedNanos == 0 ? 0 : totals.deliveredBytes() / seconds();
  }
}
