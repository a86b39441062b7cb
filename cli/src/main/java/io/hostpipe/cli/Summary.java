package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeStats;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a pipe did, told once at its end.
 *
 * @param exit how it ended
 * @param stream the id of what moved; null when it never began
 * @param source where the bytes came from, without secrets
 * @param destinations where they went, and how far each of them is
 * @param startPosition where the stream went on; 0 for a whole one
 * @param readPosition how far the source was read
 * @param deliveredPosition how far the sink has committed
 * @param messageCount messages that were read; -1 for bytes
 * @param elapsedNanos from the first batch to the end
 * @param linked whether a link was part of it, so that resumes can be
 * @param stats what happened on the link
 * @param verifiedFrom from where on digests were compared; 0 is all of it
 * @param guarantee what the pairs promised, the weakest of them
 * @param ack what an acknowledgement meant
 * @param deadLetterCount how many messages lie among the dead letters; -1 where there is no place
 *     for them
 * @param deadLettersAt where that is; empty where there is none
 * @param digest of the whole stream, or why there is none
 * @param failure why it ended before its end; null when it did not
 */
record Summary(
    ExitCode exit,
    @Nullable String stream,
    String source,
    List<Destination> destinations,
    long startPosition,
    long readPosition,
    long deliveredPosition,
    long messageCount,
    long elapsedNanos,
    boolean linked,
    PipeStats stats,
    long verifiedFrom,
    Guarantee guarantee,
    AckLevel ack,
    long deadLetterCount,
    String deadLettersAt,
    String digest,
    @Nullable String failure) {
  private static final int LABEL_WIDTH = 20;

  /**
   * One of the places where the stream went.
   *
   * @param address without secrets
   * @param position how far it has committed
   * @param finished whether it has confirmed the end of the stream
   * @param confirms whether it says what it has; else that is what was handed to it
   * @param guarantee what this pair promised
   */
  record Destination(
      String address, long position, boolean finished, boolean confirms, Guarantee guarantee) {
    private String json() {
      return new Json()
          .text("address", address)
          .number("position", position)
          .bool("finished", finished)
          .text("guarantee", Flags.wordOf(guarantee))
          .end();
    }
  }

  /** Of a pipe that ended before a stream began. */
  static Summary ofNothing(PipePlan plan, AckLevel ack, ExitCode exit, @Nullable String failure) {
    List<Destination> destinations =
        plan.sinks().stream()
            .map(to ->
                new Destination(
                    to.toString(),
                    0,
                    false,
                    to.confirms(),
                    plan.weakest(plan.source(), List.of(to))))
            .toList();
    return new Summary(
        exit,
        null,
        plan.source().toString(),
        destinations,
        0,
        0,
        0,
        -1,
        0,
        false,
        PipeStats.NONE,
        0,
        plan.weakest(plan.source(), plan.sinks()),
        ack,
        -1,
        "",
        "not taken: the stream has not ended",
        failure);
  }

  /** The bytes that this run delivered. */
  long bytes() {
    return deliveredPosition - startPosition;
  }

  /** Aligned lines, the first of which says how it ended. */
  String text() {
    StringBuilder text = new StringBuilder(512);
    text.append("hostpipe: ")
        .append(exit == ExitCode.OK ? "done" : "ended with exit code " + exit.number())
        .append(": ")
        .append(source)
        .append(" -> ")
        .append(destination());
    row(
        text,
        "bytes",
        Quantity.groupedText(bytes()) + " (" + Quantity.bytesText((double) bytes()) + ")");
    if (messageCount >= 0) {
      row(text, wholeMessages() ? "messages" : "messages read", Quantity.groupedText(messageCount));
    }
    row(
        text,
        "seconds",
        String.format(Locale.ROOT, "%.3f (%s)", seconds(), Quantity.rateText(bytesPerSecond())));
    if (startPosition > 0 || exit != ExitCode.OK) {
      row(text, reachedLabel(), startPosition + ".." + deliveredPosition + uncertain());
    }
    if (deadLetterCount >= 0) {
      row(
          text,
          "dead letters",
          Quantity.groupedText(deadLetterCount)
              + (deadLetterCount == 0 ? "" : ", in " + deadLettersAt));
    }
    if (destinations.size() > 1) {
      for (Destination each : destinations) {
        row(text, each.finished() ? "arrived" : "in part", shown(each));
      }
    }
    if (stats.carriers().size() > 1) {
      row(text, "carriers", String.join(", then ", stats.carriers()));
    }
    if (linked) {
      row(text, "resumes", Quantity.groupedText(stats.resumes()));
      row(text, "sent again", Quantity.groupedText(stats.sentAgainBytes()));
      row(text, "duplicates dropped", Quantity.groupedText(stats.duplicateBytes()));
    }
    row(text, "guarantee", Flags.wordOf(guarantee));
    row(text, "ack", Flags.wordOf(ack));
    row(text, "digest", digest);
    if (verifiedFrom > 0) {
      row(text, "verified from", Quantity.groupedText(verifiedFrom));
    }
    return text.toString();
  }

  /** One object on one line. */
  String json() {
    Json json = new Json();
    json.number("exit", exit.number());
    if (failure != null) {
      json.text("error", failure);
    }
    if (stream != null) {
      json.text("stream", stream);
    }
    json.text("source", source).text("destination", destination());
    json.number("bytes", bytes());
    if (messageCount >= 0) {
      json.number(wholeMessages() ? "messages" : "messages_read", messageCount);
    }
    if (deadLetterCount >= 0) {
      json.number("dead_letters", deadLetterCount).text("dead_letters_at", deadLettersAt);
    }
    json.decimal("seconds", seconds());
    json.number("bytes_per_second", (long) bytesPerSecond());
    json.number("resumes", stats.resumes());
    json.number("sent_again_bytes", stats.sentAgainBytes());
    json.number("duplicate_bytes_dropped", stats.duplicateBytes());
    if (!stats.carriers().isEmpty()) {
      json.text("carriers", String.join(" ", stats.carriers()));
    }
    json.text("guarantee", Flags.wordOf(guarantee));
    json.text("ack", Flags.wordOf(ack));
    json.text("digest", digest);
    json.number("verified_from", verifiedFrom);
    json.number("start_position", startPosition);
    json.number("position", deliveredPosition);
    json.number("read_position", readPosition);
    json.objects("destinations", destinations.stream().map(Destination::json).toList());
    return json.end();
  }

  private String reachedLabel() {
    return destinations.stream().allMatch(Destination::confirms) ? "delivered" : "handed over";
  }

  private String destination() {
    return destinations.stream().map(Destination::address).collect(Collectors.joining(", "));
  }

  private String shown(Destination each) {
    return each.address()
        + ": "
        + startPosition
        + ".."
        + each.position()
        + (each.guarantee() == guarantee ? "" : ", " + Flags.wordOf(each.guarantee()));
  }

  /** Whether the messages that were read are those that were delivered. */
  private boolean wholeMessages() {
    // Where a message was refused and kept by nobody, those behind it were read as well.
    boolean stopped =
        exit == ExitCode.REJECTED && !destinations.stream().allMatch(Destination::finished);
    return exit == ExitCode.OK || (readPosition == deliveredPosition && !stopped);
  }

  private String uncertain() {
    return readPosition > deliveredPosition ? ", perhaps up to " + readPosition : "";
  }

  private double seconds() {
    return elapsedNanos / 1e9;
  }

  private double bytesPerSecond() {
    return elapsedNanos == 0 ? 0 : bytes() / seconds();
  }

  /** Adds one line to an aligned summary. */
  static void row(StringBuilder text, String label, String value) {
    text.append("\n  ").append(label).repeat(" ", LABEL_WIDTH - label.length()).append(value);
  }
}
