/** What a connector implements to be found and driven. */
@NullMarked
package io.hostpipe.spi;

import org.jspecify.annotations.NullMarked;
