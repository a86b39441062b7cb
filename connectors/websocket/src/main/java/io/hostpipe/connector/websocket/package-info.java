/** Sessions as binary messages of WebSocket (RFC 6455), plain and over TLS. */
@NullMarked
package io.hostpipe.connector.websocket;

import org.jspecify.annotations.NullMarked;
