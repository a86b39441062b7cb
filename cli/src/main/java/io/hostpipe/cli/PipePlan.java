package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.List;

/**
 * Which end goes to which, and what the pair promises.
 *
 * @param source where the bytes come from
 * @param sink where they go
 * @param pair what the two promise together
 */
record PipePlan(End source, End sink, PairGuarantee pair) {
  /**
   * Reads the plan from a command line, and refuses here, before anything is opened, what cannot be
   * kept.
   */
  static PipePlan of(Invocation invocation, Catalog catalog, Console console) throws PipeException {
    List<End> ends = End.parse(withStandardStream(invocation), catalog, console);
    if (ends.size() < 2) {
      throw new PipeException.Config(
          "there is no destination behind "
              + ends.getFirst()
              + ": "
              + invocation.command().usage());
    }
    if (ends.size() > 2) {
      throw tooManyDestinations(ends);
    }
    Flags flags = invocation.flags();
    refuseUnkeptAck(flags.ack());
    PairGuarantee pair = PairGuarantee.of(ends.getFirst(), ends.getLast());
    Guarantee asked = flags.require();
    if (asked != null) {
      pair.refuseLessThan(asked);
    }
    return new PipePlan(ends.getFirst(), ends.getLast(), pair);
  }

  /** Several destinations are a word of the grammar, but not yet of the relay. */
  static PipeException tooManyDestinations(List<End> ends) {
    return new PipeException.Config(
        Status.UNIMPLEMENTED,
        "one destination at a time: "
            + ends.get(1)
            + " and "
            + ends.get(2)
            + " cannot both be served by one hostpipe in this version");
  }

  private static List<String> withStandardStream(Invocation invocation) throws PipeException {
    List<String> words = invocation.words();
    boolean sends = invocation.command() == CommandName.SEND;
    if (!sends && invocation.command() != CommandName.RECV) {
      return words;
    }
    int addressCount = 0;
    for (String word : words) {
      addressCount += AddressWords.looksLikeOne(word) ? 1 : 0;
    }
    if (addressCount != 1) {
      throw new PipeException.Config(
          "'"
              + invocation.command().word()
              + "' takes one address: "
              + invocation.command().usage());
    }
    List<String> both = new java.util.ArrayList<>(words);
    both.add(sends ? 0 : both.size(), "-");
    return both;
  }

  private static void refuseUnkeptAck(AckLevel ack) throws PipeException {
    if (ack == AckLevel.DURABLE) {
      throw new PipeException.Refused(
          Status.UNIMPLEMENTED,
          "--ack durable needs a spool at the peer, which this version does not have; --ack applied"
              + " waits for the far sink instead");
    }
  }
}
