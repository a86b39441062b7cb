/** Pipes and logs inside one process, for unit tests and for parts of one program. */
@NullMarked
package io.hostpipe.connector.memory;

import org.jspecify.annotations.NullMarked;
