/** Files that grow and are rotated, followed without losing a line. */
@NullMarked
package io.hostpipe.connector.tail;

import org.jspecify.annotations.NullMarked;
