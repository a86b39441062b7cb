package io.hostpipe.cli;

import io.hostpipe.AckLevel;
import io.hostpipe.Hostpipe;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Holdings;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.FileNames;
import io.hostpipe.storage.spool.Spool;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the ends of a command's pipes are opened with. Thread rule: any thread. */
final class Contexts {
  private final PipeContext shared;
  private final boolean duplex;
  private final Frames frames;
  private final Function<End, PipeEvents> events;
  private final @Nullable StreamId stream;
  private final @Nullable Duration firstPeerWithin;
  private final @Nullable Spool spool;
  private final Doubts doubts;
  private final Set<AckLevel> kept;
  private final Path owners;

  /**
   * Contexts as the flags say.
   *
   * @param lasting names the stream, where it has a name that lasts
   * @param events who is told what happens at an end
   */
  Contexts(Flags flags, PipePlan plan, Lasting lasting, Function<End, PipeEvents> events) {
    PipeContext context =
        PipeContext.messages(Hostpipe.pool())
            .withAck(flags.ack())
            .withRetry(flags.retry())
            .withAttempts(flags.deadLetters().attempts());
    this.shared = lasting.takesOver() ? context.takingOver() : context;
    this.stream = lasting.stream();
    this.firstPeerWithin = flags.givesUp() ? flags.retry().giveUp() : null;
    this.spool = lasting.spool();
    this.doubts = lasting.doubts();
    this.kept = kept(plan, flags.ack());
    this.owners = owners(plan, flags);
    this.duplex = flags.duplex();
    this.frames = plan.frames();
    this.events = events;
  }

  /** The id of the stream that begins here; null where it has none that lasts. */
  @Nullable StreamId stream() {
    return stream;
  }

  /** What is not known of streams that go on. */
  Doubts doubts() {
    return doubts;
  }

  /** Where streams wait on disk between source and destinations; null for nowhere. */
  @Nullable Spool spool() {
    return spool;
  }

  /**
   * For the end that is the source; with {@code --duplex} it is written to as well.
   *
   * @param held what the destinations have of its streams
   */
  PipeContext incoming(End end, Holdings held) {
    PipeContext context = at(end).withDirections(duplex, true);
    Spool between = spool;
    return between == null
        ? context.withHoldings(new OwnedStreams(held, owners), kept)
        : context.withSpool(new OwnedStreams(between, owners));
  }

  /** For an end that is a sink; with {@code --duplex} it is read from as well. */
  PipeContext outgoing(End end) {
    return at(end).withDirections(true, duplex);
  }

  /** How long the first peer of a listener may let it wait; null for as long as it takes. */
  @Nullable Duration firstPeerWithin() {
    return firstPeerWithin;
  }

  /** What it means to the source's peer that all destinations have committed. */
  private static Set<AckLevel> kept(PipePlan plan, AckLevel ack) {
    boolean durable = true;
    boolean applied = true;
    DeadLetterPlan deadLetters = plan.deadLetters();
    if (deadLetters != null && deadLetters.end().isLink()) {
      durable = ack == AckLevel.DURABLE;
      applied = ack == AckLevel.APPLIED;
    }
    for (End sink : plan.sinks()) {
      durable &= sink.isLink() ? ack == AckLevel.DURABLE : sink.capabilities().durable();
      applied &= !sink.isLink() || ack == AckLevel.APPLIED;
    }
    Set<AckLevel> kept = EnumSet.of(AckLevel.RECEIVED);
    if (durable) {
      kept.add(AckLevel.DURABLE);
    }
    if (applied) {
      kept.add(AckLevel.APPLIED);
    }
    return kept;
  }

  /** Beside what is kept: whose it is. Of destinations without a spool, by where they are. */
  private static Path owners(PipePlan plan, Flags flags) {
    Path spool = flags.lasting().spool();
    Path folder = Lasting.folder(spool);
    String places = plan.sinks().stream().map(End::place).collect(Collectors.joining(" "));
    return folder.resolve(spool == null ? FileNames.of(places) + ".owners" : "all.owners");
  }

  private PipeContext at(End end) {
    PipeContext here = shared.withEncoding(frames.encoding(end)).withEvents(events.apply(end));
    return stream == null ? here : here.withStream(stream);
  }
}
