/** Sockets of both families, TCP and unix, as links for whoever speaks over them. */
@NullMarked
package io.hostpipe.connector.tcp.socket;

import org.jspecify.annotations.NullMarked;
