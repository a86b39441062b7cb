package io.hostpipe.connector.kafka;

import java.util.Map;
import org.apache.kafka.common.Uuid;

/**
 * A topic as the brokers describe it.
 *
 * @param id of this very topic: one that is deleted and made again has another
 * @param replicas of its first partition
 * @param settings that could be read; empty where the user may not read them
 */
record Topic(Uuid id, String name, int partitions, int replicas, Map<String, String> settings) {
  private static final int MESSAGE_BYTES_MAX = (1 << 20) + 12;

  /** The most bytes that a message may have with everything around it. */
  int messageBytesMax() {
    String text = settings.get("max.message.bytes");
    return text == null ? MESSAGE_BYTES_MAX : Integer.parseInt(text);
  }

  /** How long a message is kept; -1 for ever or unknown. */
  long keptMillis() {
    return deletes() ? number("retention.ms") : -1;
  }

  /** How many bytes a partition keeps; -1 for all or unknown. */
  long keptBytes() {
    return deletes() ? number("retention.bytes") : -1;
  }

  /** Whether of the messages with one key only the newest is kept. */
  boolean compacts() {
    return settings.getOrDefault("cleanup.policy", "").contains("compact");
  }

  private boolean deletes() {
    return settings.getOrDefault("cleanup.policy", "").contains("delete");
  }

  private long number(String name) {
    String text = settings.get(name);
    return text == null ? -1 : Long.parseLong(text);
  }
}
