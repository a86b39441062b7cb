/** Drives a session over a link, and relays from a source to its sinks. */
@NullMarked
package io.hostpipe.runtime;

import org.jspecify.annotations.NullMarked;
