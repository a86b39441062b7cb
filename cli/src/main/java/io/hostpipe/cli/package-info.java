/** The hostpipe command. */
@NullMarked
package io.hostpipe.cli;

import org.jspecify.annotations.NullMarked;
