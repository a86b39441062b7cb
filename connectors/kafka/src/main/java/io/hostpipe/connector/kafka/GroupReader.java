package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Inbox;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
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
  private final Inbox<GroupMessage> inbox = new Inbox<>(GroupMessage::heldBytes);

  /** In the inbox. */
  private final AtomicLong unreadBytes = new AtomicLong();

  /** What had no room there. */
  private final ArrayDeque<GroupMessage> fetched = new ArrayDeque<>();

  private final Thread polling;
  private volatile boolean closed;
  private volatile @Nullable PipeException failure;
  private long heardNanos = System.nanoTime();

  private GroupReader(KafkaOptions options, KafkaConsumer<byte[], byte[]> consumer, Handed handed) {
    this.options = options;
    this.consumer = consumer;
    this.handed = handed;
    this.polling = Thread.ofVirtual().name("kafka-" + options.topic()).unstarted(this::poll);
  }

  /** Joins the group. Blocks. */
  static GroupReader open(KafkaOptions options, String group, Handed handed)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = topics.toRead();
      GroupReader reader =
          new GroupReader(
              options, new KafkaConsumer<>(ClientSettings.member(options, group)), handed);
      reader.consumer.subscribe(List.of(topic.name()), reader.new Rebalance());
      reader.polling.start();
      return reader;
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
        for (ConsumerRecord<byte[], byte[]> each : consumer.poll(POLL)) {
          heardNanos = System.nanoTime();
          TopicPartition partition = new TopicPartition(each.topic(), each.partition());
          fetched.add(new GroupMessage(each, handed.assignment(partition), unreadBytes));
        }
        deliver();
        tell();
        askWhetherAnybodyIsThere();
      }
    } catch (WakeupException e) {
      // Closed.
    } catch (InterruptException | InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (KafkaException e) {
      failure = KafkaErrors.of(options, "the group cannot be read", e);
    } finally {
      inbox.end();
      leave();
    }
  }

  private void deliver() throws InterruptedException {
    while (!fetched.isEmpty() && unreadBytes.get() < UNREAD_BYTES_MAX) {
      GroupMessage next = fetched.remove();
      unreadBytes.addAndGet(next.heldBytes());
      inbox.put(next);
    }
    if (fetched.isEmpty()) {
      consumer.resume(consumer.paused());
    } else {
      consumer.pause(consumer.assignment());
    }
  }

  private void tell() {
    Map<TopicPartition, OffsetAndMetadata> offsets = handed.takeUntold();
    if (offsets.isEmpty()) {
      return;
    }
    try {
      consumer.commitSync(offsets, ANSWER_MAX);
      heardNanos = System.nanoTime();
    } catch (RebalanceInProgressException e) {
      handed.giveBack(offsets);
    }
  }

  private void askWhetherAnybodyIsThere() {
    if (System.nanoTime() - heardNanos >= SILENCE_NANOS) {
      consumer.endOffsets(List.of(new TopicPartition(options.topic(), 0)), ANSWER_MAX);
      heardNanos = System.nanoTime();
    }
  }

  private void leave() {
    try {
      if (failure == null) {
        Map<TopicPartition, OffsetAndMetadata> offsets = handed.takeUntold();
        if (!offsets.isEmpty()) {
          consumer.commitSync(offsets, CLOSE_MAX);
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
    }

    /**
     * What the sink is about to commit is waited for: the next member gets that much less again.
     */
    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      fetched.removeIf(each -> partitions.contains(each.partition()));
      if (closed) {
        return;
      }
      try {
        handed.awaitCommitted(partitions, SETTLE_NANOS);
        Map<TopicPartition, OffsetAndMetadata> offsets = handed.takeUntold();
        if (!offsets.isEmpty()) {
          consumer.commitSync(offsets, ANSWER_MAX);
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
      fetched.removeIf(each -> partitions.contains(each.partition()));
      handed.taken(partitions);
    }
  }
}
