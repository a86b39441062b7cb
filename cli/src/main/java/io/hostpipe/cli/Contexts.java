package io.hostpipe.cli;

import io.hostpipe.Hostpipe;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.util.function.Function;

/** What the ends of a command's pipes are opened with. Thread rule: any thread. */
final class Contexts {
  private final PipeContext shared;
  private final boolean duplex;
  private final Frames frames;
  private final Function<End, PipeEvents> events;

  /**
   * Contexts as the flags say.
   *
   * @param events who is told what happens at an end
   */
  Contexts(Flags flags, Frames frames, Function<End, PipeEvents> events) {
    this.shared =
        PipeContext.messages(Hostpipe.pool()).withAck(flags.ack()).withRetry(flags.retry());
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

  private PipeContext at(End end) {
    return shared.withEncoding(frames.encoding(end)).withEvents(events.apply(end));
  }
}
