/**
 * A log of streams that survives a crash: what was taken from a source and is not yet delivered.
 */
@NullMarked
package io.hostpipe.storage.spool;

import org.jspecify.annotations.NullMarked;
