package io.hostpipe.connector.rabbitmq;

/**
 * What two sides agreed on when one connected to the other.
 *
 * @param version of the server
 * @param frameBytesMax the most bytes of a frame that is written
 * @param heartbeatSeconds how often each side says that it lives
 */
record StreamGreeting(String version, int frameBytesMax, int heartbeatSeconds) {}
