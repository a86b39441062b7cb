package io.hostpipe.connector.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;

/**
 * What a member of a group asks when it has heard nothing for a while.
 *
 * <p>Thread rule: the thread that the consumer belongs to.
 */
final class Membership {
  private static final Duration ANSWER_MAX = Duration.ofMillis(ClientSettings.REQUEST_MILLIS);

  private Membership() {}

  /**
   * Whether brokers answer, and still take this one for a member: Kafka's client keeps to itself
   * that its heartbeats are refused, while others get its partitions. So the group is told once
   * more what it knows of them.
   */
  static void ask(KafkaConsumer<byte[], byte[]> consumer, String topic) {
    consumer.endOffsets(List.of(new TopicPartition(topic, 0)), ANSWER_MAX);
    Map<TopicPartition, OffsetAndMetadata> known =
        new HashMap<>(consumer.committed(consumer.assignment(), ANSWER_MAX));
    known.values().removeIf(Objects::isNull);
    try {
      if (!known.isEmpty()) {
        consumer.commitSync(known, ANSWER_MAX);
      }
    } catch (RebalanceInProgressException | CommitFailedException e) {
      // The next poll says what has become of them.
    }
  }
}
