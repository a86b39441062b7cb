package io.hostpipe.connector.kafka;

import io.hostpipe.Rejection;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * One batch of a stream on its way into a partition: what becomes visible together, or not at all.
 *
 * @param messages without those that were refused; maybe none
 * @param place behind them
 * @param endPosition behind the batch
 * @param heldBytes what it takes in memory, about
 * @param refusal why the message that ended there was refused by a broker; null where none was
 */
record Load(
    List<Written> messages,
    Place place,
    long endPosition,
    long heldBytes,
    @Nullable Rejection refusal) {
  /** One of which no broker has refused anything. */
  Load(List<Written> messages, Place place, long endPosition, long heldBytes) {
    this(messages, place, endPosition, heldBytes, null);
  }

  /**
   * A message as Kafka takes it.
   *
   * @param behind the place behind it; null where it will not be needed
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Written(byte @Nullable [] value, KafkaHeaders.Written beside, @Nullable Place behind) {
    /** With its headers, about. */
    int lengthBytes() {
      return (value == null ? 0 : value.length) + lengthBytes(beside);
    }

    /** What stands beside the content, about. */
    static int lengthBytes(KafkaHeaders.Written beside) {
      byte[] key = beside.key();
      int lengthBytes = key == null ? 0 : key.length;
      for (Header each : beside.headers()) {
        lengthBytes += each.key().length() * 3 + each.value().length + 8;
      }
      return lengthBytes;
    }
  }

  /**
   * The same without a message that a broker has refused: what is before it, its refusal, and the
   * rest. Only this where it is not among them.
   *
   * @param bad has a place behind it, as all that are before it have
   */
  List<Load> without(Written bad, Place behindBad, Rejection why) {
    int index = indexOf(bad);
    if (index < 0) {
      return List.of(this);
    }
    List<Load> parts = new ArrayList<>();
    Place before = index == 0 ? null : messages.get(index - 1).behind();
    if (before != null) {
      parts.add(new Load(messages.subList(0, index), before, before.held().position(), 0));
    }
    boolean last = behindBad.held().position() == endPosition;
    long badBytes = last ? heldBytes : 0;
    parts.add(new Load(List.of(), behindBad.bare(0), behindBad.held().position(), badBytes, why));
    if (!last) {
      List<Written> rest = messages.subList(index + 1, messages.size());
      parts.add(new Load(rest, rest.isEmpty() ? place.bare(0) : place, endPosition, heldBytes));
    }
    return parts;
  }

  @SuppressWarnings("ReferenceEquality") // This very message, whatever another one holds.
  private int indexOf(Written message) {
    for (int index = 0; index < messages.size(); index++) {
      if (messages.get(index) == message) {
        return index;
      }
    }
    return -1;
  }
}
