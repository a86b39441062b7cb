/** Ends that speak no protocol of ours: any program that opens a socket is a peer. */
@NullMarked
package io.hostpipe.connector.tcp.raw;

import org.jspecify.annotations.NullMarked;
