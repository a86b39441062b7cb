package io.hostpipe.runtime.fault;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection that was cut.
 *
 * @param fault how
 * @param position bytes that had passed the proxy, both ways and over all connections
 * @param connectionIndex which connection it was, from 0
 * @param outage how long until the first byte of a later connection passed; null until one did
 */
public record Cut(Fault fault, long position, int connectionIndex, @Nullable Duration outage) {}
