package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream stands in a topic.
 *
 * <p>The offset that a group named after the stream has committed says so, and it was committed
 * together with the messages. Brokers forget the offsets of a group that nobody uses for a week
 * (offsets.retention.minutes); then the newest messages of the partition are looked at.
 *
 * <p>Thread rule: one thread; blocks.
 */
final class PlaceReader {
  /** How many of the newest messages are looked at. */
  private static final int NEWEST_MESSAGES = 200;

  private static final Duration POLL = Duration.ofMillis(200);
  private static final int SILENT_POLLS_MAX = 50;

  private final KafkaOptions options;
  private final Topics topics;
  private final Topic topic;
  private final StreamId stream;

  PlaceReader(KafkaOptions options, Topics topics, Topic topic, StreamId stream) {
    this.options = options;
    this.topics = topics;
    this.topic = topic;
    this.stream = stream;
  }

  /**
   * What was found.
   *
   * @param partition that holds the stream, or those of its messages that have no key
   * @param place null when nothing of the stream is there
   * @param parts what is known of each partition that holds something of it
   * @param group what the place of the next messages is committed for
   */
  record Found(
      int partition,
      @Nullable Place place,
      Map<Integer, Part> parts,
      ConsumerGroupMetadata group) {}

  /**
   * What a partition holds of the stream.
   *
   * @param offset behind its last message
   * @param behindMessages the position behind its last message that carries a place
   */
  record Part(long offset, long behindMessages) {}

  /** Looks. What is not decided yet is waited for. */
  Found find() throws PipeException, InterruptedException {
    String group = Place.nameOf(stream, topic.name());
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(ClientSettings.consumer(options, group))) {
      Found committed = committed(consumer);
      return committed != null ? checked(committed) : newest(consumer);
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "the place of the stream " + stream + " cannot be read", e);
    }
  }

  /** The place that is committed now, by whomever; what is not decided yet is not waited for. */
  @Nullable Place committedNow() throws PipeException, InterruptedException {
    Map<String, Object> settings =
        ClientSettings.consumer(options, Place.nameOf(stream, topic.name()));
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
      Found committed = committed(consumer);
      return committed == null ? null : committed.place();
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "the place of the stream " + stream + " cannot be read", e);
    }
  }

  private @Nullable Found committed(KafkaConsumer<byte[], byte[]> consumer) {
    Set<TopicPartition> all =
        IntStream.range(0, topic.partitions())
            .mapToObj(index -> new TopicPartition(topic.name(), index))
            .collect(Collectors.toSet());
    Place furthest = null;
    int partition = -1;
    Map<Integer, Part> parts = new HashMap<>();
    for (Map.Entry<TopicPartition, OffsetAndMetadata> each : consumer.committed(all).entrySet()) {
      OffsetAndMetadata offset = each.getValue();
      Place place = offset == null ? null : Place.of(offset.metadata());
      if (place != null && place.stream().equals(stream)) {
        int index = each.getKey().partition();
        parts.put(index, new Part(offset.offset(), place.behindMessages()));
        if (isFurther(place, furthest, index)) {
          furthest = place;
          partition = place.byKey() || isEmpty(place) ? partition() : index;
        }
      }
    }
    return furthest == null
        ? null
        : new Found(partition, furthest, parts, consumer.groupMetadata());
  }

  /** Nothing was written yet, wherever that was. */
  private static boolean isEmpty(Place place) {
    return place.held().position() == 0 && !place.end();
  }

  /** Of places at one position, that where each transaction leaves one is the newest. */
  private boolean isFurther(Place place, @Nullable Place than, int index) {
    return than == null
        || place.held().position() > than.held().position()
        || (place.held().position() == than.held().position() && index == partition());
  }

  /** The messages that the place was committed with are there, unless they were deleted since. */
  private Found checked(Found found) throws PipeException, InterruptedException {
    Place place = found.place();
    for (Map.Entry<Integer, Part> each : found.parts().entrySet()) {
      long end = topics.end(each.getKey());
      if (end < each.getValue().offset()) {
        throw new PipeException.DataLoss(
            options.address()
                + ": partition "
                + each.getKey()
                + " ends at offset "
                + end
                + ", and the stream "
                + stream
                + " was committed up to offset "
                + each.getValue().offset()
                + (place == null ? "" : ", position " + place.held().position())
                + ": what lies between is lost (an election of a leader that did not have it, or a"
                + " loss of power)");
      }
    }
    return found;
  }

  private Found newest(KafkaConsumer<byte[], byte[]> consumer)
      throws PipeException, InterruptedException {
    int home = partition();
    Place furthest = null;
    Map<Integer, Part> parts = new HashMap<>();
    for (int index = 0; index < topic.partitions(); index++) {
      if (index == home || options.byKey()) {
        Place place = newest(consumer, index, parts);
        furthest = place != null && isFurther(place, furthest, index) ? place : furthest;
      }
    }
    return new Found(home, furthest, parts, consumer.groupMetadata());
  }

  /** The last place of the stream among the newest messages of a partition; null for none. */
  private @Nullable Place newest(
      KafkaConsumer<byte[], byte[]> consumer, int index, Map<Integer, Part> parts)
      throws PipeException, InterruptedException {
    TopicPartition partition = new TopicPartition(topic.name(), index);
    long begin = topics.beginning(index);
    long end = topics.end(index);
    Place found = null;
    if (end > begin) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, Math.max(begin, end - NEWEST_MESSAGES));
      int silentPolls = 0;
      while (consumer.position(partition) < end) {
        boolean silent = true;
        for (ConsumerRecord<byte[], byte[]> each : consumer.poll(POLL)) {
          silent = false;
          Place place = of(each);
          if (place != null && place.stream().equals(stream)) {
            found = place;
            parts.put(index, new Part(each.offset() + 1, place.behindMessages()));
          }
        }
        silentPolls = silent ? silentPolls + 1 : 0;
        if (silentPolls > SILENT_POLLS_MAX) {
          throw new PipeException.Unreachable(
              options.address() + ": the newest messages cannot be read: no answer", null);
        }
      }
    }
    return found;
  }

  /** The place that a message carries; null for none. */
  static @Nullable Place of(ConsumerRecord<byte[], byte[]> message) {
    Header header = message.headers().lastHeader(Place.HEADER);
    return header == null ? null : Place.of(header.value());
  }

  /** Which one a stream goes into that is not in any yet: always the same for its name. */
  private int partition() {
    return options.partition() >= 0
        ? options.partition()
        : Math.floorMod(stream.value().hashCode(), topic.partitions());
  }
}
