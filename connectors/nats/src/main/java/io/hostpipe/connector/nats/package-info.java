/** NATS: subjects that keep nothing, and JetStream, which does. */
@NullMarked
package io.hostpipe.connector.nats;

import org.jspecify.annotations.NullMarked;
