/** Sessions and raw bytes over tcp, tls, unix sockets and ssh. */
@NullMarked
package io.hostpipe.connector.tcp;

import org.jspecify.annotations.NullMarked;
