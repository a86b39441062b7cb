package io.hostpipe.connector.kafka;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeEvents;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * One incarnation of the writer of a stream: a producer that all earlier ones are fenced by, with
 * what the partition held when it began.
 *
 * <p>Thread rule: one thread, and {@link #close} from any.
 */
final class Transactions implements AutoCloseable {
  /** What a batch of one message has around it, about. */
  private static final int AROUND_BYTES = 512;

  private static final long LOOK_MILLIS = 100;

  private final KafkaOptions options;
  private final StreamId stream;
  private final Topic topic;
  private final PlaceReader.Found found;
  private final KafkaProducer<byte[], byte[]> producer;

  /** What each partition has of the stream, that is committed. */
  private final Map<Integer, PlaceReader.Part> parts;

  /** The last message of the open transaction in each partition that has one. */
  private final Map<Integer, Sent> touched = new HashMap<>();

  /** Why a message was not taken: the others fail after it, and do not say why. */
  private final AtomicReference<Exception> firstFailure = new AtomicReference<>();

  /** One that a broker refuses by itself; null for none. */
  private final AtomicReference<Load.@Nullable Written> tooLong = new AtomicReference<>();

  /** The newest message in each partition, where it is not known how long one may be. */
  private final Map<Integer, Future<RecordMetadata>> newest = new HashMap<>();

  private final int batchBytesMax;
  private boolean batchTooLong;
  private long begunNanos;
  private boolean begun;

  /** A message that carries a place, on its way. */
  private record Sent(Future<RecordMetadata> message, Place place) {}

  private Transactions(
      KafkaOptions options,
      StreamId stream,
      Topic topic,
      PlaceReader.Found found,
      KafkaProducer<byte[], byte[]> producer,
      int batchBytesMax) {
    this.batchBytesMax = batchBytesMax;
    this.options = options;
    this.stream = stream;
    this.topic = topic;
    this.found = found;
    this.parts = new HashMap<>(found.parts());
    this.producer = producer;
  }

  /** Looks at a place, and throws where nobody may go on with the stream here. */
  interface Look {
    void at(Place place) throws PipeException;
  }

  /**
   * Makes the topic where there is none, fences whoever writes the stream, has what is open of his
   * decided, looks where it stands, and says there who writes it from now on. Blocks.
   *
   * @param writer of the writer
   */
  static Transactions open(
      KafkaOptions options, StreamId stream, Encoding encoding, long writer, PipeEvents events)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Transactions begun =
          begin(options, stream, topics, topics.toWrite(events), ClientSettings.SEND_BATCH_BYTES);
      boolean whole = false;
      try {
        begun.sign(encoding, writer);
        whole = true;
        return begun;
      } finally {
        if (!whole) {
          begun.close();
        }
      }
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "no transaction of the stream " + stream + " can begin", e);
    }
  }

  /**
   * Does so again, with the topic that was written into before.
   *
   * @param batchBytesMax how much may go together where it is not known what the topic takes
   * @param look at what is committed, before anybody is fenced: it may be a successor's
   */
  static Transactions again(
      KafkaOptions options, StreamId stream, Uuid known, int batchBytesMax, Look look)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = sameTopic(options, topics, known);
      Place committed = new PlaceReader(options, topics, topic, stream).committedNow();
      if (committed != null) {
        look.at(committed);
      }
      return begin(options, stream, topics, topic, batchBytesMax);
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "no transaction of the stream " + stream + " can begin", e);
    }
  }

  private static Transactions begin(
      KafkaOptions options, StreamId stream, Topics topics, Topic topic, int batchBytesMax)
      throws PipeException, InterruptedException {
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            ClientSettings.producer(
                options,
                Place.nameOf(stream, topic.name()),
                topic.messageBytesMax(),
                batchBytesMax));
    boolean whole = false;
    try {
      producer.initTransactions();
      PlaceReader.Found found = new PlaceReader(options, topics, topic, stream).find();
      checkPartition(options, stream, found);
      whole = true;
      return new Transactions(options, stream, topic, found, producer, batchBytesMax);
    } finally {
      if (!whole) {
        producer.close(Duration.ZERO);
      }
    }
  }

  private static Topic sameTopic(KafkaOptions options, Topics topics, Uuid known)
      throws PipeException, InterruptedException {
    Topic topic = topics.find();
    if (topic == null || !topic.id().equals(known)) {
      throw new PipeException.Refused(
          Status.NOT_FOUND,
          options.address()
              + ": the topic "
              + options.topic()
              + " was deleted while it was written"
              + (topic == null ? "" : ", and another one of that name was made")
              + "; nothing more is written there",
          topic == null ? new UnknownTopicOrPartitionException("so says a broker") : null);
    }
    return topic;
  }

  private static void checkPartition(KafkaOptions options, StreamId stream, PlaceReader.Found found)
      throws PipeException {
    if (options.partition() >= 0 && options.partition() != found.partition()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": the stream "
              + stream
              + " is in partition "
              + found.partition()
              + " already, and goes on there");
    }
    Place place = found.place();
    if (place != null && place.held().position() > 0 && place.byKey() != options.byKey()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": the stream "
              + stream
              + (place.byKey()
                  ? " is spread over the partitions by key already: add by-key"
                  : " is in partition " + found.partition() + " already: leave by-key out")
              + ", or the order within a key is lost");
    }
  }

  /**
   * Leaves the place as it is with the number of this writer: one before it that hung and wakes up
   * sees that it was replaced, also where nothing was written since.
   */
  private void sign(Encoding encoding, long writer) throws PipeException, InterruptedException {
    Place before = found.place();
    Place signed =
        before == null || (before.held().position() == 0 && !before.end())
            ? new Place(stream, encoding, options.byKey(), writer, 0, Resume.START, Place.Kind.BARE)
            : new Place(
                stream,
                before.encoding(),
                before.byKey(),
                writer,
                before.follows(),
                before.held(),
                before.kind());
    call(
        "the place cannot be signed",
        () -> {
          producer.beginTransaction();
          PlaceReader.Part home = parts.get(found.partition());
          producer.sendOffsetsToTransaction(
              Map.of(
                  new TopicPartition(topic.name(), found.partition()),
                  new OffsetAndMetadata(home == null ? 0 : home.offset(), signed.text())),
              found.group());
          producer.commitTransaction();
        });
  }

  /** Which topic it writes into. */
  Topic topic() {
    return topic;
  }

  /** What the stream had there; null for nothing. */
  @Nullable Place place() {
    return found.place();
  }

  /**
   * Hands over a batch, in a transaction that is begun when none is. Blocks while too much waits.
   */
  void send(Load load) throws PipeException, InterruptedException {
    call(
        "messages cannot be sent",
        () -> {
          if (!begun) {
            producer.beginTransaction();
            begun = true;
            begunNanos = System.nanoTime();
          }
          int count = load.messages().size();
          int[] partitions = new int[count];
          int[] lastOf = new int[topic.partitions()];
          for (int index = 0; index < count; index++) {
            partitions[index] = partitionOf(load.messages().get(index));
            lastOf[partitions[index]] = index;
          }
          for (int index = 0; index < count; index++) {
            int partition = partitions[index];
            Load.Written each = load.messages().get(index);
            if (lastOf[partition] == index) {
              Place place = load.place().behind(behindMessages(partition));
              touched.put(partition, new Sent(send(each, partition, place), place));
            } else {
              var _ = send(each, partition, null);
            }
          }
        });
  }

  /** Each key has a partition, the same as other programs give it; the rest is kept together. */
  private int partitionOf(Load.Written message) {
    byte[] key = message.beside().key();
    return options.byKey() && key != null
        ? Utils.toPositive(Utils.murmur2(key)) % topic.partitions()
        : found.partition();
  }

  /** The position behind the newest message in a partition that carries a place. */
  private long behindMessages(int partition) {
    Sent sent = touched.get(partition);
    if (sent != null) {
      return sent.place().held().position();
    }
    PlaceReader.Part part = parts.get(partition);
    return part == null ? 0 : part.behindMessages();
  }

  private Future<RecordMetadata> send(Load.Written message, int partition, @Nullable Place place)
      throws PipeException, ExecutionException, InterruptedException {
    if (topic.tellsMessageBytesMax()) {
      return enqueue(message, partition, place);
    }
    // So the library does not put anything else into its batch: a broker's answer is about it.
    boolean alone = message.lengthBytes() + AROUND_BYTES > batchBytesMax;
    if (alone) {
      awaitSent();
    }
    Future<RecordMetadata> sent = enqueue(message, partition, place);
    newest.put(partition, sent);
    if (alone) {
      awaitSent();
    }
    return sent;
  }

  /**
   * Waits until the brokers have taken what was sent. The library cuts a batch that is too long
   * into several, and where that brings no shorter ones, again and again: it is not waited for.
   */
  private void awaitSent() throws PipeException, ExecutionException, InterruptedException {
    for (Future<RecordMetadata> each : newest.values()) {
      boolean done = false;
      while (!done) {
        try {
          var _ = each.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
          done = true;
        } catch (TimeoutException e) {
          if (hasCut()) {
            batchTooLong = true;
            throw new PipeException.Unreachable(
                options.address() + ": the topic takes shorter batches than were sent", e);
          }
        }
      }
    }
    newest.clear();
  }

  private boolean hasCut() {
    return producer.metrics().entrySet().stream()
        .filter(each -> each.getKey().name().equals("batch-split-total"))
        .anyMatch(each -> each.getValue().metricValue() instanceof Double count && count > 0);
  }

  /** The message that a broker has refused by itself for its length; null for none. */
  Load.@Nullable Written tooLong() {
    return tooLong.get();
  }

  /** Whether shorter batches may help. */
  boolean isBatchTooLong() {
    return batchTooLong;
  }

  private Future<RecordMetadata> enqueue(
      Load.Written message, int partition, @Nullable Place place) {
    List<Header> headers = message.beside().headers();
    if (place != null) {
      headers = new ArrayList<>(headers);
      headers.add(new RecordHeader(Place.HEADER, place.text().getBytes(StandardCharsets.US_ASCII)));
    }
    return producer.send(
        new ProducerRecord<>(
            topic.name(),
            partition,
            time(message.beside()),
            message.beside().key(),
            message.value(),
            headers),
        (done, thrown) -> {
          if (thrown != null) {
            firstFailure.compareAndSet(null, thrown);
            if (thrown instanceof RecordTooLargeException) {
              tooLong.compareAndSet(null, message);
            }
          }
        });
  }

  /** Null where the topic would not take it: the header has it all the same. */
  private @Nullable Long time(KafkaHeaders.Written beside) {
    Long time = beside.timestampMillis();
    // The broker compares the time of a message with its own wall clock.
    return time == null || topic.takesTime(time, System.currentTimeMillis()) ? time : null;
  }

  /** How long ago the open transaction was begun. */
  long openNanos() {
    return begun ? System.nanoTime() - begunNanos : 0;
  }

  /** Commits what was sent, and its place with it. Blocks. */
  void commit(Place place) throws PipeException, InterruptedException {
    call(
        "a transaction cannot be committed",
        () -> {
          awaitSent();
          producer.flush();
          Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
          for (Map.Entry<Integer, Sent> each : touched.entrySet()) {
            int partition = each.getKey();
            Place reached = each.getValue().place();
            long offset = each.getValue().message().get().offset() + 1;
            PlaceReader.Part before = parts.get(partition);
            checkGrows(before == null ? -1 : before.offset(), offset);
            parts.put(partition, new PlaceReader.Part(offset, reached.behindMessages()));
            offsets.put(
                new TopicPartition(topic.name(), partition),
                new OffsetAndMetadata(offset, reached.text()));
          }
          int home = found.partition();
          Sent last = touched.get(home);
          if (last == null || last.place().held().position() < place.held().position()) {
            PlaceReader.Part part = parts.getOrDefault(home, new PlaceReader.Part(0, 0));
            offsets.put(
                new TopicPartition(topic.name(), home),
                new OffsetAndMetadata(part.offset(), place.bare(part.behindMessages()).text()));
          }
          producer.sendOffsetsToTransaction(offsets, found.group());
          producer.commitTransaction();
          touched.clear();
          begun = false;
        });
  }

  /** A broker may make a topic again by itself that was deleted: its offsets begin anew. */
  private void checkGrows(long before, long offset) throws PipeException {
    if (offset <= before) {
      throw new PipeException.Refused(
          Status.NOT_FOUND,
          options.address()
              + ": the topic "
              + topic.name()
              + " was deleted while it was written, and the broker has made an empty one of that"
              + " name (auto.create.topics.enable); nothing is committed there");
    }
  }

  /** What was sent and not committed is dropped by the broker. Never waits. Idempotent. */
  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }

  private interface Call {
    void run() throws PipeException, ExecutionException, InterruptedException;
  }

  private void call(String what, Call call) throws PipeException, InterruptedException {
    try {
      call.run();
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (ExecutionException | KafkaException | IllegalStateException e) {
      throw failed(what, e);
    }
  }

  private PipeException failed(String what, Exception thrown) {
    Throwable why = thrown instanceof ExecutionException ? thrown.getCause() : thrown;
    if (why instanceof TransactionAbortedException && firstFailure.get() != null) {
      why = firstFailure.get();
    }
    boolean fenced =
        why instanceof ProducerFencedException
            || why instanceof InvalidProducerEpochException
            || (why != null
                && (why.getCause() instanceof ProducerFencedException
                    || why.getCause() instanceof InvalidProducerEpochException));
    boolean late = openNanos() > TimeUnit.MILLISECONDS.toNanos(ClientSettings.TRANSACTION_MILLIS);
    if (fenced && !late) {
      return new PipeException.Refused(
          Status.ABORTED,
          options.address()
              + ": another process writes the stream "
              + stream
              + " as well, or a later writer goes on with it; this one is fenced",
          thrown);
    }
    return KafkaErrors.of(options, what, why == null ? thrown : why);
  }
}
