package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the messages go that a destination refuses.
 *
 * @param end where they go
 * @param takesRest whether what a destination does not take because it stays unreachable goes there
 */
record DeadLetterPlan(End end, boolean takesRest) {
  /**
   * What the flags ask for; null when that is nothing.
   *
   * @throws PipeException Config when it cannot be kept between these ends
   */
  static @Nullable DeadLetterPlan of(
      Flags flags, End source, List<End> sinks, Frames frames, Catalog catalog, Console console)
      throws PipeException {
    DeadLetterFlags asked = flags.deadLetters();
    String word = asked.address();
    if (word == null) {
      return null;
    }
    End end = End.alone("--dlq", word, catalog, console).keepingPlaces();
    if (flags.duplex()) {
      throw new PipeException.Config(
          "--dlq is for one way and --duplex is for both; leave one of them out");
    }
    if (!frames.messages()) {
      throw new PipeException.Config(
          "--dlq keeps messages, and this pipe carries bytes, which have no borders: say with"
              + " --frame how to tell messages apart");
    }
    refuseWhatKeepsNothing(end);
    for (End each : sinks) {
      refuseTheSame(end, each, "where the messages are refused");
    }
    refuseTheSame(end, source, "where they come from");
    return new DeadLetterPlan(end, asked.takesRest());
  }

  private static void refuseWhatKeepsNothing(End end) throws PipeException {
    if (end.listens()) {
      throw new PipeException.Config(
          "--dlq "
              + end
              + " waits for a peer, who may never come; name a place that can be dialed");
    }
    if (end.address().scheme().equals(Address.FILE) && end.address().path().endsWith("/")) {
      throw new PipeException.Config("--dlq " + end + " is a folder; name a file in it");
    }
    if (!end.isLink()
        && (!end.capabilities().durable() || end.capabilities().best() == Guarantee.AT_MOST_ONCE)) {
      String limit = end.capabilities().limit();
      throw new PipeException.Config(
          "--dlq "
              + end
              + " keeps nothing that survives this process"
              + (limit.isEmpty() ? "" : " (" + limit + ")")
              + "; name a file, or a broker that keeps messages");
    }
  }

  private static void refuseTheSame(End end, End other, String what) throws PipeException {
    if (end.place().equals(other.place())) {
      throw new PipeException.Config("--dlq " + end + " is " + what + "; name another place");
    }
  }
}
