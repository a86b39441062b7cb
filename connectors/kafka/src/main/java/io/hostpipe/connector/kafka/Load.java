package io.hostpipe.connector.kafka;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One batch of a stream on its way into a partition: what becomes visible together, or not at all.
 *
 * @param messages without those that were refused; maybe none
 * @param place behind them
 * @param endPosition behind the batch
 * @param heldBytes what it takes in memory, about
 */
record Load(List<Written> messages, Place place, long endPosition, long heldBytes) {
  /** A message as Kafka takes it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Written(byte @Nullable [] value, KafkaHeaders.Written beside) {}
}
