package io.hostpipe.connector.rabbitmq;

import org.jspecify.annotations.Nullable;

/**
 * What two sides agreed on when one connected to the other.
 *
 * @param version of the server
 * @param frameBytesMax the most bytes of a frame that is written
 * @param heartbeatSeconds how often each side says that it lives
 * @param advertised what the server is called where others speak of it; null when it does not say
 */
record StreamGreeting(
    String version, int frameBytesMax, int heartbeatSeconds, @Nullable Server advertised) {}
