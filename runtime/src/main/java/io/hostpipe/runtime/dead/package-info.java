/** Messages that a sink refuses, kept in a place of their own. */
@NullMarked
package io.hostpipe.runtime.dead;

import org.jspecify.annotations.NullMarked;
