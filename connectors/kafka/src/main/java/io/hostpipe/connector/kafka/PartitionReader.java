package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * The committed messages of one partition, in their order.
 *
 * <p>Kafka's client goes on trying for ever when no broker answers, and says nothing. So when
 * nothing came for a while, the brokers are asked for the end of the partition.
 *
 * <p>Thread rule: one thread polls; {@link #close} from any.
 */
final class PartitionReader implements AutoCloseable {
  private static final Duration POLL_MAX = Duration.ofSeconds(5);
  private static final Duration ANSWER_MAX = Duration.ofMillis(ClientSettings.REQUEST_MILLIS);
  private static final Duration CLOSE_MAX = Duration.ofMillis(100);
  private static final String GROUP = Place.NAME_PREFIX + "reader";

  private final KafkaOptions options;
  private final Topic topic;
  private final TopicPartition partition;
  private final long beginAtOpen;
  private final long endAtOpen;
  private final KafkaConsumer<byte[], byte[]> consumer;

  /** Held by whoever calls the consumer: it belongs to one thread at a time. */
  private final ReentrantLock calling = new ReentrantLock();

  private volatile boolean closed;
  private boolean toldEnd;
  private Iterator<ConsumerRecord<byte[], byte[]>> fetched = Collections.emptyIterator();
  private long heardNanos = System.nanoTime();

  /** Behind what was fetched, and behind markers of transactions that follow on it. */
  private long behind;

  private PartitionReader(
      KafkaOptions options,
      Topic topic,
      TopicPartition partition,
      long beginAtOpen,
      long endAtOpen,
      KafkaConsumer<byte[], byte[]> consumer) {
    this.options = options;
    this.topic = topic;
    this.partition = partition;
    this.beginAtOpen = beginAtOpen;
    this.endAtOpen = endAtOpen;
    this.consumer = consumer;
  }

  /**
   * Begins to read.
   *
   * @param from the place; null for where the options say that a new reader begins
   * @param oneOfAll whether the others may be read beside it: then each asks for less ahead
   */
  static PartitionReader open(KafkaOptions options, @Nullable OffsetCursor from, boolean oneOfAll)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = topics.toRead();
      checkSame(options, topic, from);
      int index = from == null ? partition(options, topic) : from.partition();
      TopicPartition partition = new TopicPartition(topic.name(), index);
      long end = topics.end(index);
      long begin = topics.beginning(index);
      KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(
              ClientSettings.consumer(options, GROUP, oneOfAll ? topic.partitions() : 1));
      PartitionReader reader = new PartitionReader(options, topic, partition, begin, end, consumer);
      boolean whole = false;
      try {
        consumer.assign(List.of(partition));
        reader.behind = from == null ? reader.beginning() : reader.kept(from);
        consumer.seek(partition, reader.behind);
        whole = true;
        return reader;
      } finally {
        if (!whole) {
          reader.close();
        }
      }
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "the partition cannot be read", e);
    }
  }

  private static int partition(KafkaOptions options, Topic topic) throws PipeException {
    if (options.partition() >= 0 || topic.partitions() == 1) {
      return Math.max(0, options.partition());
    }
    throw new PipeException.Config(
        options.address()
            + ": the topic has "
            + topic.partitions()
            + " partitions, and there is an order within each alone: partition=N reads one,"
            + " group=NAME all of them");
  }

  private static void checkSame(KafkaOptions options, Topic topic, @Nullable OffsetCursor from)
      throws PipeException {
    if (from != null && !from.topicId().equals(topic.id().toString())) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": the topic "
              + topic.name()
              + " is another one than was read before: it was deleted and made again; what was in"
              + " it cannot be told from here");
    }
    if (from != null && options.partition() >= 0 && options.partition() != from.partition()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": the sink holds partition "
              + from.partition()
              + ", not partition "
              + options.partition()
              + "; give each a sink of its own");
    }
  }

  private long beginning() throws PipeException {
    long wanted = options.from().number();
    if (wanted > endAtOpen) {
      throw new PipeException.Config(
          options.address()
              + ": partition "
              + partition.partition()
              + " ends at offset "
              + endAtOpen
              + ", before from="
              + wanted
              + "; from=end waits there for what comes");
    }
    return options.from().end() ? endAtOpen : Math.max(beginAtOpen, wanted);
  }

  /** A partition that ends before a place in it is another one than it was. */
  private long kept(OffsetCursor from) throws PipeException {
    if (from.offset() > endAtOpen) {
      throw Lost.beyond(
          options,
          from.partition(),
          "ends at offset " + endAtOpen + ", and was read up to offset " + from.offset());
    }
    return Math.max(beginAtOpen, from.offset());
  }

  Topic topic() {
    return topic;
  }

  int partition() {
    return partition.partition();
  }

  /** The oldest message that was there when reading began. */
  long beginAtOpen() {
    return beginAtOpen;
  }

  /** Behind what was fetched, and behind markers of transactions that follow on it. */
  long behind() {
    return behind;
  }

  /** Whether all was handed out that was fetched. */
  boolean isExhausted() {
    return !fetched.hasNext();
  }

  /** Behind the newest message when reading began, whether its transaction is decided or not. */
  long endAtOpen() {
    return endAtOpen;
  }

  /** The next message that is here already; null when there is none. */
  @Nullable ConsumerRecord<byte[], byte[]> next() {
    return fetched.hasNext() ? fetched.next() : null;
  }

  /**
   * The next message.
   *
   * @return null when none came in time
   * @throws PipeException Unreachable when no broker answers
   */
  @Nullable ConsumerRecord<byte[], byte[]> next(long timeoutNanos)
      throws PipeException, InterruptedException {
    long deadline = System.nanoTime() + timeoutNanos;
    calling.lockInterruptibly();
    try {
      while (!fetched.hasNext() && !closed) {
        long restNanos = Math.min(deadline - System.nanoTime(), POLL_MAX.toNanos());
        if (restNanos < 0) {
          break;
        }
        fetched = consumer.poll(Duration.ofNanos(restNanos)).iterator();
        behind = consumer.position(partition);
        if (fetched.hasNext()) {
          heardNanos = System.nanoTime();
        } else {
          askWhetherAnybodyIsThere();
        }
        if (behind >= endAtOpen && !toldEnd) {
          // Who reads to the end wants to know, though no message came.
          toldEnd = true;
          break;
        }
        if (timeoutNanos == 0) {
          break;
        }
      }
      return next();
    } catch (WakeupException e) {
      return null;
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (LogTruncationException e) {
      throw Lost.beyond(
          options, partition.partition(), "has others than were read up to offset " + behind);
    } catch (OffsetOutOfRangeException e) {
      // Who opens it again sees what is there, and says what is not.
      throw new PipeException.Unreachable(
          options.address() + ": the messages that come next are not there any more", e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(
          options,
          "partition " + partition.partition() + " cannot be read on from offset " + behind,
          e);
    } finally {
      calling.unlock();
    }
  }

  private void askWhetherAnybodyIsThere() {
    long nowNanos = System.nanoTime();
    if (nowNanos - heardNanos >= POLL_MAX.toNanos()) {
      consumer.endOffsets(List.of(partition), ANSWER_MAX);
      heardNanos = System.nanoTime();
    }
  }

  /** Wakes who polls. */
  @Override
  public void close() {
    closed = true;
    consumer.wakeup();
    calling.lock();
    try {
      consumer.close(CloseOptions.timeout(CLOSE_MAX));
    } catch (KafkaException e) {
      // It is gone either way.
    } finally {
      calling.unlock();
    }
  }
}
