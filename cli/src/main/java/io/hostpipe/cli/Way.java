package io.hostpipe.cli;

import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.util.List;

/**
 * One direction of a pipe, open and not yet moving.
 *
 * @param from the end that is read
 * @param to the ends that are written, in the order of their sinks
 * @param source owned by the {@link OpenEnds} it came from, as are the sinks
 * @param sinks where the bytes go
 */
record Way(End from, List<End> to, Source source, List<Sink> sinks) {}
