package io.hostpipe.connector.kafka;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * A message that came through a group.
 *
 * <p>Thread rule: made by the thread that polls, then one other.
 */
final class GroupMessage {
  private final ConsumerRecord<byte[], byte[]> message;
  private final long assignment;
  private final AtomicLong unreadBytes;
  private boolean read;

  /**
   * Nobody has read it.
   *
   * @param assignment during which it came: a partition that was taken away and given back is
   *     another one by then
   * @param unreadBytes what waits to be read
   */
  GroupMessage(ConsumerRecord<byte[], byte[]> message, long assignment, AtomicLong unreadBytes) {
    this.message = message;
    this.assignment = assignment;
    this.unreadBytes = unreadBytes;
  }

  ConsumerRecord<byte[], byte[]> message() {
    return message;
  }

  long assignment() {
    return assignment;
  }

  TopicPartition partition() {
    return new TopicPartition(message.topic(), message.partition());
  }

  /** What it takes in memory, about. */
  long heldBytes() {
    return Math.max(0, message.serializedKeySize())
        + Math.max(0, message.serializedValueSize())
        + 200L;
  }

  /** It waits no more. Idempotent. */
  void read() {
    if (!read) {
      read = true;
      unreadBytes.addAndGet(-heldBytes());
    }
  }
}
