/** Sockets of both families, TCP and unix, as links for whoever speaks over them. */
@NullMarked
package io.hostpipe.runtime.socket;

import org.jspecify.annotations.NullMarked;
