package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.RestartedSource;
import io.hostpipe.runtime.flow.Rate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which end goes to which, and what the pairs promise.
 *
 * @param source where the bytes come from
 * @param vias more carriers for the one end that is a link: they dial or wait for the same peer
 * @param filters the programs that the bytes pass through on their way, in order
 * @param sinks where they go, each of them everything
 * @param duplex whether they go the other way as well; then there is one sink
 * @param frames whether it carries messages
 * @param lasting what of it outlives its process
 * @param deadLetters where refused messages go; null for nowhere
 * @param pairs what each pair of ends promises: the source with each sink, then the ways back
 */
record PipePlan(
    End source,
    List<End> vias,
    List<End> filters,
    List<End> sinks,
    boolean duplex,
    Frames frames,
    LastingFlags lasting,
    @Nullable DeadLetterPlan deadLetters,
    List<Pair> pairs) {
  /** The most destinations of a pipe; each may hold back a window of memory. */
  static final int SINK_COUNT_MAX = 64;

  /** From one end to one other, through the programs in between. */
  record Pair(End from, List<End> filters, End to, PairGuarantee guarantee) {
    static Pair of(
        End from,
        List<End> filters,
        End to,
        LastingFlags lasting,
        @Nullable DeadLetterPlan deadLetters) {
      PairGuarantee guarantee = PairGuarantee.of(from, filters, to, lasting);
      return new Pair(
          from,
          filters,
          to,
          deadLetters == null ? guarantee : guarantee.withDeadLetters(to, deadLetters));
    }

    /** The line that is said before the first byte. */
    @Override
    public String toString() {
      StringBuilder line = new StringBuilder(from.toString());
      for (End filter : filters) {
        line.append(" -> ").append(filter);
      }
      return line.append(" -> ").append(to).append(": ").append(guarantee).toString();
    }
  }

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
    Flags flags = invocation.flags();
    PipePlan plan =
        of(
            ends,
            End.vias(flags.vias(), ends, catalog, console),
            End.filters(flags.through(), catalog),
            flags,
            catalog,
            console);
    plan.refuseUnkeptAck(flags.ack());
    plan.refuseLessThan(flags.require());
    return plan;
  }

  /** The end that says how many pipes there are to be: the one that takes many, else the source. */
  End intakeEnd() {
    for (End sink : sinks) {
      if (sink.intake().many()) {
        return sink;
      }
    }
    return source;
  }

  /** How many pipes there are to be. */
  Intake intake() {
    return intakeEnd().intake();
  }

  /** The plan of two or more ends, the first of which is the source. */
  static PipePlan of(
      List<End> ends,
      List<End> vias,
      List<End> filters,
      Flags flags,
      Catalog catalog,
      Console console)
      throws PipeException {
    boolean duplex = flags.duplex();
    End source = ends.getFirst();
    List<End> sinks = ends.subList(1, ends.size());
    sinks =
        flags.lasting().any() || source.streamsComeBack()
            ? sinks.stream().map(End::keepingPlaces).toList()
            : List.copyOf(sinks);
    if (duplex && sinks.size() > 1) {
      throw new PipeException.Config(
          "--duplex joins two ends, and there are "
              + ends.size()
              + ": what "
              + sinks.getFirst()
              + " and "
              + sinks.getLast()
              + " both answer would be no one stream");
    }
    if (duplex && !filters.isEmpty()) {
      throw new PipeException.Config(
          "--through goes one way and --duplex both; leave one of them out");
    }
    if (sinks.size() > SINK_COUNT_MAX) {
      throw new PipeException.Config(
          "a pipe has at most " + SINK_COUNT_MAX + " destinations, not " + sinks.size());
    }
    refuseUnkeptIntake(source, sinks, duplex);
    refuseUnkeptLasting(source, duplex, flags.lasting());
    Frames frames = Frames.of(flags.frames(), source, sinks, duplex);
    if (!filters.isEmpty()) {
      frames.refuseMessagesOf(source);
    }
    Rate rate = flags.flow().rate();
    if (rate != null) {
      rate.checkFits(frames.messages() || (!source.isLink() && source.capabilities().messages()));
    }
    DeadLetterPlan deadLetters = DeadLetterPlan.of(flags, source, sinks, frames, catalog, console);
    if (deadLetters != null) {
      frames = frames.passingRefused();
    }
    List<Pair> pairs = new ArrayList<>();
    for (End sink : sinks) {
      pairs.add(Pair.of(source, filters, sink, flags.lasting(), deadLetters));
    }
    if (duplex) {
      pairs.add(Pair.of(sinks.getFirst(), List.of(), source, flags.lasting(), null));
    }
    return new PipePlan(
        source, vias, filters, sinks, duplex, frames, flags.lasting(), deadLetters, pairs);
  }

  /**
   * Refuses the plan when one of its pairs gives less than was asked for; null asks for nothing.
   */
  void refuseLessThan(@Nullable Guarantee asked) throws PipeException {
    if (asked != null) {
      for (Pair pair : pairs) {
        pair.guarantee().refuseLessThan(asked);
      }
    }
  }

  /** Whether bytes or messages pass. */
  Encoding encoding() {
    return frames.messages() || (!source.isLink() && source.capabilities().messages())
        ? Encoding.RECORDS
        : Encoding.RAW;
  }

  /** What a source yields that begins anew; null when nobody said. */
  RestartedSource.@Nullable Yields restarted() {
    return lasting.restarted();
  }

  /** Whether its stream outlives its process. */
  boolean lasts() {
    return lasting.any();
  }

  /** What holds for all pairs from this end to those. */
  Guarantee weakest(End from, List<End> to) {
    Guarantee weakest = Guarantee.ONCE;
    for (Pair pair : pairs) {
      if (pair.from().equals(from)
          && to.contains(pair.to())
          && weakest.covers(pair.guarantee().guarantee())) {
        weakest = pair.guarantee().guarantee();
      }
    }
    return weakest;
  }

  /** What cannot be begun anew for each of many pipes cannot be behind an end that takes many. */
  private static void refuseUnkeptIntake(End source, List<End> sinks, boolean duplex)
      throws PipeException {
    for (End sink : sinks) {
      Intake intake = sink.intake();
      if (intake.mode() == Intake.Mode.AT_ONCE) {
        throw new PipeException.Config(
            "'fan-in' takes streams in, and "
                + sink
                + " is a destination here; 'keep' serves peers one after another");
      }
      if (!intake.many()) {
        continue;
      }
      if (source.intake().many() || sinks.stream().filter(s -> s.intake().many()).count() > 1) {
        throw new PipeException.Config(
            "one end decides how many pipes there are: leave one of the words 'keep' and 'fan-in'"
                + " out");
      }
      refuseStandardStream(source, sink);
    }
    if (duplex && source.intake().many()) {
      refuseStandardStream(sinks.getFirst(), source);
    }
  }

  private static void refuseUnkeptLasting(End source, boolean duplex, LastingFlags lasting)
      throws PipeException {
    if (duplex && lasting.any()) {
      throw new PipeException.Config(
          "--session and --spool are for one way and --duplex is for both; leave one of them out");
    }
    if (lasting.restarted() != null && (source.isLink() || !lasting.any())) {
      throw new PipeException.Config(
          source.isLink()
              ? "--restarted says what a source gives that begins anew, and "
                  + source
                  + " goes on by itself; give it to the sender"
              : "--restarted is for a stream that outlives its process: add --session NAME or"
                  + " --spool DIR");
    }
  }

  private static void refuseStandardStream(End end, End many) throws PipeException {
    if (end.address().scheme().equals(Address.STDIO)) {
      throw new PipeException.Config(
          "standard input can be read once, and "
              + many
              + " takes many pipes; give it a file, or leave 'keep' and 'fan-in' out");
    }
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
    if (addressCount == 0 || (!sends && addressCount > 1)) {
      throw new PipeException.Config(
          "'"
              + invocation.command().word()
              + "' takes "
              + (sends ? "one address or more: " : "one address: ")
              + invocation.command().usage());
    }
    List<String> both = new ArrayList<>(words);
    both.add(sends ? 0 : both.size(), "-");
    return both;
  }

  private void refuseUnkeptAck(AckLevel ack) throws PipeException {
    for (End sink : sinks) {
      if (ack == AckLevel.DURABLE && !sink.isLink() && !sink.capabilities().durable()) {
        throw new PipeException.Refused(
            Status.UNIMPLEMENTED,
            "--ack durable is more than "
                + sink
                + " can say: what it has may be gone after a loss of power; take --ack applied, or"
                + " for a file add --session NAME");
      }
    }
  }
}
