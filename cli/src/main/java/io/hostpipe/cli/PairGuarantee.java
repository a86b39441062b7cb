package io.hostpipe.cli;

import io.hostpipe.Capabilities;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * What a pair of ends promises, computed from what each of them can do.
 *
 * <p>With a link at one end this is what this side can answer for: the far end's sink is known
 * there, and the far command prints a line of its own.
 *
 * @param guarantee the promise
 * @param why what keeps it from being stronger; empty when nothing does
 */
record PairGuarantee(Guarantee guarantee, String why) {
  /** Computes the guarantee of a pair, part of which may outlive its process. */
  static PairGuarantee of(End source, List<End> filters, End sink, LastingFlags lasting) {
    Capabilities from = source.capabilities();
    Capabilities to = sink.capabilities();
    List<String> reasons = new ArrayList<>();
    if (from.best() == Guarantee.AT_MOST_ONCE) {
      reasons.add(source + ": " + from.limit());
    }
    if (to.best() == Guarantee.AT_MOST_ONCE && !to.limit().equals(from.limit())) {
      reasons.add(sink + ": " + to.limit());
    }
    if (!reasons.isEmpty()) {
      return new PairGuarantee(Guarantee.AT_MOST_ONCE, String.join("; ", reasons));
    }
    if (!from.ordered() || !to.ordered()) {
      reasons.add((from.ordered() ? sink : source) + " keeps no order");
    }
    if (from.ordered() && from.best() == Guarantee.AT_LEAST_ONCE) {
      reasons.add(source + ": " + from.limit());
    }
    if (source.streamsComeBack() && !to.durable()) {
      reasons.add(
          "what "
              + sink
              + " had not committed of a stream that leaves "
              + source
              + " may come again");
    }
    if (!to.resumes()) {
      // What is doubtful after a break is written again from memory: twice is possible, a gap not.
      reasons.add(sink + " cannot tell how far it got before a break");
    }
    if (!reasons.isEmpty()) {
      return new PairGuarantee(Guarantee.AT_LEAST_ONCE, String.join("; ", reasons));
    }
    String lost = lostWithSource(source, lasting);
    if (!from.replayable() && !lost.isEmpty()) {
      reasons.add(lost);
    }
    for (End filter : filters) {
      reasons.add(filter + " begins anew with each start");
    }
    if (!to.durable() && !(sink.isLink() && lasting.any())) {
      reasons.add(
          sink.isLink()
              ? "the receiver behind " + sink + " forgets its position when it is killed"
              : sink + " forgets its position when this process is killed");
    }
    return reasons.isEmpty()
        ? new PairGuarantee(Guarantee.ONCE, "")
        : new PairGuarantee(Guarantee.ONCE_WHILE_RUNNING, String.join("; ", reasons));
  }

  /** The same, where messages that the sink refuses are kept elsewhere. */
  PairGuarantee withDeadLetters(End sink, DeadLetterPlan deadLetters) {
    Guarantee best = Guarantee.ONCE;
    List<String> reasons = new ArrayList<>();
    if (deadLetters.takesRest()) {
      best = Guarantee.AT_LEAST_ONCE;
      reasons.add(
          "what is under way when "
              + sink
              + " is given up may arrive, and be among the dead letters as well");
    } else if (sink.isLink()) {
      best = Guarantee.ONCE_WHILE_RUNNING;
      reasons.add(
          "what the far side of "
              + sink
              + " refuses just before this process is killed may not be among the dead letters");
    } else if (deadLetters.end().isLink()) {
      best = Guarantee.ONCE_WHILE_RUNNING;
      reasons.add(
          "when this process is killed, a dead letter may come twice to " + deadLetters.end());
    }
    if (reasons.isEmpty() || (best != guarantee && best.covers(guarantee))) {
      return this;
    }
    if (!why.isEmpty()) {
      reasons.addFirst(why);
    }
    return new PairGuarantee(best, String.join("; ", reasons));
  }

  /** What a killed process would lose with this source, which cannot go back; empty for nothing. */
  private static String lostWithSource(End source, LastingFlags lasting) {
    if (source.isLink()) {
      return lasting.any()
          ? ""
          : "the sender behind " + source + " cannot go on once it was killed";
    }
    return switch (lasting.restarted()) {
      case null -> source + " cannot be read again";
      case REPLAY -> "";
      case CONTINUE -> "what " + source + " has given is gone with this process until it is kept";
    };
  }

  /** Refuses a pair that gives less than was asked for. */
  void refuseLessThan(Guarantee asked) throws PipeException {
    if (!guarantee.covers(asked)) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "--require "
              + Flags.wordOf(asked)
              + " is more than this pair gives, which is "
              + this
              + "; take another end, or require less");
    }
  }

  /** For people: the guarantee and what keeps it from being stronger. */
  @Override
  public String toString() {
    return Flags.wordOf(guarantee) + (why.isEmpty() ? "" : " (" + why + ")");
  }
}
