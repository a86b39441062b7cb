/** The protocol without input and output: bytes and times go in, bytes and events come out. */
@NullMarked
package io.hostpipe.session;

import org.jspecify.annotations.NullMarked;
