/** Flow control by hand: rates, windows and batches around any source or sink. */
@NullMarked
package io.hostpipe.runtime.flow;

import org.jspecify.annotations.NullMarked;
