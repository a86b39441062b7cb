/** The programs of the article's chapters 1 to 3, with the library. */
@NullMarked
package io.hostpipe.examples;

import org.jspecify.annotations.NullMarked;
