package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeEvents;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a consumer group, over one membership in it.
 *
 * <p>A thread of its own polls without a pause, also while the sink takes nothing: then the
 * partitions are paused, and the group sees a member that lives, however long that lasts. The same
 * thread tells the brokers what the sink has committed.
 *
 * <p>Where a partition begins that the group has no place in is told to the brokers before anything
 * of it is read: whoever gets the partition next goes on from there, though nothing was committed.
 *
 * <p>Thread rule: as {@link Inbox}; {@link #close} from any thread.
 */
final class GroupReader implements AutoCloseable {
  private static final long UNREAD_BYTES_MAX = 8L << 20;
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration ANSWER_MAX = Duration.ofMillis(ClientSettings.REQUEST_MILLIS);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);
  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final KafkaOptions options;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Handed handed;
  private final PipeEvents events;
  private final Inbox<GroupMessage> inbox = new Inbox<>(GroupMessage::heldBytes);

  /** In the inbox. */
  private final AtomicLong unreadBytes = new AtomicLong();

  /** What had no room there. */
  private final ArrayDeque<GroupMessage> fetched = new ArrayDeque<>();

  /** Where partitions begin of which the brokers were not told so yet; nothing is read of them. */
  private final Map<TopicPartition, OffsetAndMetadata> beginnings = new HashMap<>();

  private final Thread polling;
  private volatile boolean closed;
  private volatile @Nullable PipeException failure;
  private long heardNanos = System.nanoTime();

  private GroupReader(
      KafkaOptions options,
      KafkaConsumer<byte[], byte[]> consumer,
      Handed handed,
      PipeEvents events) {
    this.options = options;
    this.consumer = consumer;
    this.handed = handed;
    this.events = events;
    this.polling = Thread.ofVirtual().name("kafka-" + options.topic()).unstarted(this::poll);
  }

  /** Joins the group. Blocks. */
  static GroupReader open(KafkaOptions options, String group, Handed handed, PipeEvents events)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = topics.toRead();
      KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(ClientSettings.member(options, group));
      boolean whole = false;
      try {
        GroupReader reader = new GroupReader(options, consumer, handed, events);
        consumer.subscribe(List.of(topic.name()), reader.new Rebalance());
        reader.polling.start();
        whole = true;
        return reader;
      } finally {
        if (!whole) {
          consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
      }
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "the group " + group + " cannot be joined", e);
    }
  }

  Inbox<GroupMessage> inbox() {
    return inbox;
  }

  /** Why no more comes; null while more may. */
  @Nullable PipeException failure() {
    return failure;
  }

  /** Leaves the group, and tells it before what was committed. */
  @Override
  public void close() {
    closed = true;
    inbox.close();
    consumer.wakeup();
    boolean interrupted = false;
    while (polling.isAlive()) {
      try {
        polling.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void poll() {
    try {
      while (!closed) {
        for (ConsumerRecord<byte[], byte[]> each : fetch()) {
          heardNanos = System.nanoTime();
          TopicPartition partition = new TopicPartition(each.topic(), each.partition());
          fetched.add(new GroupMessage(each, handed.assignment(partition), unreadBytes));
        }
        deliver();
        tellBeginnings();
        tell();
        askWhetherAnybodyIsThere();
      }
    } catch (WakeupException e) {
      // Closed.
    } catch (InterruptException | InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (PipeException e) {
      failure = e;
    } catch (KafkaException e) {
      failure = KafkaErrors.of(options, "the group cannot be read", e);
    } finally {
      inbox.end();
      leave();
    }
  }

  private ConsumerRecords<byte[], byte[]> fetch() throws PipeException {
    try {
      return consumer.poll(POLL);
    } catch (OffsetOutOfRangeException e) {
      skipLost(e.offsetOutOfRangePartitions());
      return ConsumerRecords.empty();
    }
  }

  /** What comes next is not there: it was deleted, or the brokers lost it. */
  private void skipLost(Map<TopicPartition, Long> wanted) throws PipeException {
    for (Map.Entry<TopicPartition, Long> each :
        consumer.beginningOffsets(wanted.keySet(), ANSWER_MAX).entrySet()) {
      TopicPartition partition = each.getKey();
      long begin = each.getValue();
      long next = wanted.getOrDefault(partition, begin);
      if (next >= begin) {
        throw Lost.beyond(
            options,
            partition.partition(),
            "does not have what this group read up to offset " + next);
      }
      Lost.say(options, events, Lost.between(next, begin, partition.partition()));
      consumer.seek(partition, begin);
    }
  }

  private void deliver() throws InterruptedException {
    while (!fetched.isEmpty() && unreadBytes.get() < UNREAD_BYTES_MAX) {
      GroupMessage next = fetched.remove();
      unreadBytes.addAndGet(next.heldBytes());
      inbox.put(next);
    }
    if (fetched.isEmpty()) {
      Set<TopicPartition> ready = new HashSet<>(consumer.paused());
      ready.removeAll(beginnings.keySet());
      consumer.resume(ready);
    } else {
      consumer.pause(consumer.assignment());
    }
  }

  private void tellBeginnings() {
    if (beginnings.isEmpty()) {
      return;
    }
    try {
      commit(Map.copyOf(beginnings), ANSWER_MAX);
      beginnings.clear();
    } catch (RebalanceInProgressException e) {
      consumer.pause(beginnings.keySet());
    }
  }

  /** A close wakes whoever waits, once; what is to be told is told all the same. */
  private void commit(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
    try {
      consumer.commitSync(offsets, timeout);
    } catch (WakeupException e) {
      consumer.commitSync(offsets, timeout);
    }
  }

  private void tell() {
    Map<TopicPartition, OffsetAndMetadata> offsets = handed.takeUntold();
    if (offsets.isEmpty()) {
      return;
    }
    try {
      commit(offsets, ANSWER_MAX);
      heardNanos = System.nanoTime();
    } catch (RebalanceInProgressException e) {
      handed.giveBack(offsets);
    }
  }

  private void askWhetherAnybodyIsThere() {
    if (System.nanoTime() - heardNanos >= SILENCE_NANOS) {
      Membership.ask(consumer, options.topic());
      heardNanos = System.nanoTime();
    }
  }

  private void leave() {
    try {
      if (failure == null) {
        Map<TopicPartition, OffsetAndMetadata> offsets = handed.takeUntold();
        if (!offsets.isEmpty()) {
          commit(offsets, CLOSE_MAX);
        }
      }
    } catch (KafkaException e) {
      // What was not told comes again: at least once.
    } finally {
      handed.taken(List.copyOf(consumer.assignment()));
      try {
        consumer.close(CloseOptions.timeout(failure == null ? CLOSE_MAX : Duration.ZERO));
      } catch (KafkaException e) {
        // It is gone either way.
      }
    }
  }

  /** On the thread that polls. */
  private final class Rebalance implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      handed.assigned(partitions);
      Set<TopicPartition> without = new HashSet<>();
      consumer
          .committed(Set.copyOf(partitions), ANSWER_MAX)
          .forEach((partition, offset) -> {
            if (offset == null) {
              without.add(partition);
            }
          });
      Map<TopicPartition, Long> begins =
          options.from().end()
              ? consumer.endOffsets(without, ANSWER_MAX)
              : consumer.beginningOffsets(without, ANSWER_MAX);
      begins.forEach((partition, offset) -> {
        consumer.seek(partition, offset);
        beginnings.put(partition, new OffsetAndMetadata(offset));
      });
      tellBeginnings();
    }

    /**
     * What the sink is about to commit is waited for: the next member gets that much less again.
     */
    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      drop(partitions);
      if (closed) {
        return;
      }
      try {
        handed.awaitCommitted(partitions, SETTLE_NANOS);
        Map<TopicPartition, OffsetAndMetadata> offsets = handed.takeUntold();
        if (!offsets.isEmpty()) {
          commit(offsets, ANSWER_MAX);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (KafkaException e) {
        // What was not told comes again: at least once.
      } finally {
        handed.taken(partitions);
      }
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      drop(partitions);
      handed.taken(partitions);
    }

    private void drop(Collection<TopicPartition> partitions) {
      fetched.removeIf(each -> partitions.contains(each.partition()));
      beginnings.keySet().removeAll(partitions);
    }
  }
}
