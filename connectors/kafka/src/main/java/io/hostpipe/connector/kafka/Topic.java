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

  /** What brokers have by default. */
  private static final long AFTER_MILLIS_MAX = 3_600_000;

  private static final long CLOCKS_MILLIS = 60_000;

  /** The most bytes that a message may have with everything around it. */
  int messageBytesMax() {
    String text = settings.get("max.message.bytes");
    return text == null ? MESSAGE_BYTES_MAX : Integer.parseInt(text);
  }

  /** Whether that is what it says, and no guess: who may not read its settings is not told. */
  boolean tellsMessageBytesMax() {
    return settings.containsKey("max.message.bytes");
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

  /**
   * Whether a message may have this time. A broker refuses a transaction for one that is too far
   * from its own clock; a minute's difference between the clocks is allowed for.
   */
  boolean takesTime(long timeMillis, long nowMillis) {
    if (settings.getOrDefault("message.timestamp.type", "").equals("LogAppendTime")) {
      return true;
    }
    long bothMillis = limit("message.timestamp.difference.max.ms", Long.MAX_VALUE);
    long afterMillis = limit("message.timestamp.after.max.ms", AFTER_MILLIS_MAX);
    long beforeMillis = limit("message.timestamp.before.max.ms", Long.MAX_VALUE);
    return timeMillis - nowMillis <= within(Math.min(afterMillis, bothMillis))
        && nowMillis - timeMillis <= within(Math.min(beforeMillis, bothMillis));
  }

  private static long within(long limitMillis) {
    return limitMillis - Math.min(CLOCKS_MILLIS, limitMillis / 2);
  }

  private long limit(String name, long standard) {
    long limit = number(name);
    return limit >= 0 ? limit : standard;
  }

  private boolean deletes() {
    return settings.getOrDefault("cleanup.policy", "").contains("delete");
  }

  private long number(String name) {
    String text = settings.get(name);
    return text == null ? -1 : Long.parseLong(text);
  }
}
