package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeEvents;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * One incarnation of the writer of a stream: a producer that all earlier ones are fenced by, with
 * what the partition held when it began.
 *
 * <p>Thread rule: one thread, and {@link #close} from any.
 */
final class Transactions implements AutoCloseable {
  private final KafkaOptions options;
  private final StreamId stream;
  private final Topic topic;
  private final PlaceReader.Found found;
  private final KafkaProducer<byte[], byte[]> producer;

  /** Behind the last message that was committed here; -1 before the first. */
  private long committedOffset = -1;

  /** Why a message was not taken: the others fail after it, and do not say why. */
  private final AtomicReference<Exception> firstFailure = new AtomicReference<>();

  private long begunNanos;
  private boolean begun;

  /** Of the open transaction; null where it has no message. */
  private @Nullable Future<RecordMetadata> last;

  private Transactions(
      KafkaOptions options,
      StreamId stream,
      Topic topic,
      PlaceReader.Found found,
      KafkaProducer<byte[], byte[]> producer) {
    this.options = options;
    this.stream = stream;
    this.topic = topic;
    this.found = found;
    this.producer = producer;
  }

  /** Looks at a place, and throws where nobody may go on with the stream here. */
  interface Look {
    void at(Place place) throws PipeException;
  }

  /**
   * Makes the topic where there is none, fences whoever writes the stream, has what is open of his
   * decided, and looks where it stands. Blocks.
   */
  static Transactions open(KafkaOptions options, StreamId stream, PipeEvents events)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      return begin(options, stream, topics, topics.toWrite(events));
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "no transaction of the stream " + stream + " can begin", e);
    }
  }

  /**
   * Does so again, with the topic that was written into before.
   *
   * @param look at what is committed, before anybody is fenced: it may be a successor's
   */
  static Transactions again(KafkaOptions options, StreamId stream, Uuid known, Look look)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = sameTopic(options, topics, known);
      Place committed = new PlaceReader(options, topics, topic, stream).committedNow();
      if (committed != null) {
        look.at(committed);
      }
      return begin(options, stream, topics, topic);
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "no transaction of the stream " + stream + " can begin", e);
    }
  }

  private static Transactions begin(
      KafkaOptions options, StreamId stream, Topics topics, Topic topic)
      throws PipeException, InterruptedException {
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            ClientSettings.producer(
                options, Place.nameOf(stream, topic.name()), topic.messageBytesMax()));
    boolean whole = false;
    try {
      producer.initTransactions();
      PlaceReader.Found found = new PlaceReader(options, topics, topic, stream).find();
      checkPartition(options, stream, found);
      whole = true;
      return new Transactions(options, stream, topic, found, producer);
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
              + "; nothing more is written there");
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
          int rest = load.messages().size();
          for (Load.Written each : load.messages()) {
            rest--;
            List<Header> headers = each.beside().headers();
            Place place = load.place();
            if (rest == 0) {
              headers = new ArrayList<>(headers);
              headers.add(
                  new RecordHeader(Place.HEADER, place.text().getBytes(StandardCharsets.US_ASCII)));
            }
            last =
                producer.send(
                    new ProducerRecord<>(
                        topic.name(),
                        found.partition(),
                        time(each.beside()),
                        each.beside().key(),
                        each.value(),
                        headers),
                    (done, thrown) -> {
                      if (thrown != null) {
                        firstFailure.compareAndSet(null, thrown);
                      }
                    });
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
          producer.flush();
          Future<RecordMetadata> sent = last;
          long before = Math.max(committedOffset, found.offset());
          long offset = sent == null ? Math.max(0, before) : sent.get().offset() + 1;
          if (sent != null) {
            checkGrows(before, offset);
          }
          producer.sendOffsetsToTransaction(
              Map.of(
                  new TopicPartition(topic.name(), found.partition()),
                  new OffsetAndMetadata(offset, place.text())),
              found.group());
          producer.commitTransaction();
          committedOffset = offset;
          last = null;
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
