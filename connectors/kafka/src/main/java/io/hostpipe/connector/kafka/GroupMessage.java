package io.hostpipe.connector.kafka;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/**
 * A message that came through a group.
 *
 * <p>Thread rule: made by the thread that polls, then one other.
 */
final class GroupMessage {
  /** What an object takes beside its bytes, about. */
  private static final long OBJECT_BYTES = 200;

  private final ConsumerRecord<byte[], byte[]> message;
  private final long assignment;
  private final AtomicLong unreadBytes;
  private final long heldBytes;
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
    this.heldBytes = heldBytes(message);
  }

  private static long heldBytes(ConsumerRecord<byte[], byte[]> message) {
    long bytes =
        Math.max(0, message.serializedKeySize())
            + Math.max(0, message.serializedValueSize())
            + OBJECT_BYTES;
    for (Header each : message.headers()) {
      byte[] value = each.value();
      bytes += each.key().length() + (value == null ? 0 : value.length) + OBJECT_BYTES;
    }
    return bytes;
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
    return heldBytes;
  }

  /** It waits no more. Idempotent. */
  void read() {
    if (!read) {
      read = true;
      unreadBytes.addAndGet(-heldBytes());
    }
  }
}
