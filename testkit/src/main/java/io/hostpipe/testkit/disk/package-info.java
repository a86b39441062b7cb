/** A disk that forgets: for tests of what survives a crash. */
@NullMarked
package io.hostpipe.testkit.disk;

import org.jspecify.annotations.NullMarked;
