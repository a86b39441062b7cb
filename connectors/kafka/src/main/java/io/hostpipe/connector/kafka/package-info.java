/** Topics of Kafka. */
@NullMarked
package io.hostpipe.connector.kafka;

import org.jspecify.annotations.NullMarked;
