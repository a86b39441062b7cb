package io.hostpipe.cli;

import io.hostpipe.Hostpipe;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the ends of a command's pipes are opened with. Thread rule: any thread. */
final class Contexts {
  private final PipeContext shared;
  private final boolean duplex;
  private final Frames frames;
  private final Function<End, PipeEvents> events;
  private final @Nullable StreamId stream;
  private final @Nullable Duration firstPeerWithin;

  /**
   * Contexts as the flags say.
   *
   * @param lasting names the stream, where it has a name that lasts
   * @param events who is told what happens at an end
   */
  Contexts(Flags flags, Frames frames, Lasting lasting, Function<End, PipeEvents> events) {
    PipeContext context =
        PipeContext.messages(Hostpipe.pool()).withAck(flags.ack()).withRetry(flags.retry());
    this.shared = lasting.takesOver() ? context.takingOver() : context;
    this.stream = lasting.stream();
    this.firstPeerWithin = flags.givesUp() ? flags.retry().giveUp() : null;
    this.duplex = flags.duplex();
    this.frames = frames;
    this.events = events;
  }

  /** For the end that is the source; with {@code --duplex} it is written to as well. */
  PipeContext incoming(End end) {
    return at(end).withDirections(duplex, true);
  }

  /** For an end that is a sink; with {@code --duplex} it is read from as well. */
  PipeContext outgoing(End end) {
    return at(end).withDirections(true, duplex);
  }

  /** How long the first peer of a listener may let it wait; null for as long as it takes. */
  @Nullable Duration firstPeerWithin() {
    return firstPeerWithin;
  }

  private PipeContext at(End end) {
    PipeContext here = shared.withEncoding(frames.encoding(end)).withEvents(events.apply(end));
    return stream == null ? here : here.withStream(stream);
  }
}
