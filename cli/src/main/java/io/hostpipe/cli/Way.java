package io.hostpipe.cli;

import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.storage.spool.SpoolStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a pipe, open and not yet moving.
 *
 * @param from the end that is read
 * @param to the ends that are written, in the order of their sinks
 * @param stream the id of the stream
 * @param source owned by the {@link OpenEnds} it came from, as are the sinks; null when the spool
 *     holds all of the stream already
 * @param spooled the stream in the spool; null where there is none
 * @param sinks where the bytes go
 * @param passesRefused whether a message that is refused is told to the source alone, and the
 *     others go on
 * @param underWay what moves the stream already, with the source; null when nothing does
 */
record Way(
    End from,
    List<End> to,
    StreamId stream,
    @Nullable Source source,
    @Nullable SpoolStream spooled,
    List<Sink> sinks,
    boolean passesRefused,
    @Nullable Leftover underWay) {
  /** With a spool. */
  Way(
      End from,
      List<End> to,
      StreamId stream,
      @Nullable Source source,
      @Nullable SpoolStream spooled,
      List<Sink> sinks) {
    this(from, to, stream, source, spooled, sinks, false, null);
  }

  /** One of both directions. */
  static Way half(End from, End to, Source source, Sink sink, boolean passesRefused) {
    return new Way(
        from, List.of(to), source.stream(), source, null, List.of(sink), passesRefused, null);
  }
}
