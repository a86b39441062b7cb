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

  private long begunNanos;
  private boolean begun;
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

  /**
   * Fences whoever writes the stream, has what is open of his decided, and looks where it stands.
   * Blocks.
   *
   * @param known the topic that was written into before; null for the first time, when one is made
   *     where there is none
   */
  static Transactions open(
      KafkaOptions options, StreamId stream, @Nullable Uuid known, PipeEvents events)
      throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = known == null ? topics.toWrite(events) : sameTopic(options, topics, known);
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
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "no transaction of the stream " + stream + " can begin", e);
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
            if (rest == 0 && place != null) {
              headers = new ArrayList<>(headers);
              headers.add(
                  new RecordHeader(Place.HEADER, place.text().getBytes(StandardCharsets.US_ASCII)));
            }
            last =
                producer.send(
                    new ProducerRecord<>(
                        topic.name(),
                        found.partition(),
                        each.beside().timestampMillis(),
                        each.beside().key(),
                        each.value(),
                        headers));
          }
        });
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
          long offset = sent == null ? found.offset() : sent.get().offset() + 1;
          checkGrows(offset);
          producer.sendOffsetsToTransaction(
              Map.of(
                  new TopicPartition(topic.name(), found.partition()),
                  new OffsetAndMetadata(offset, place.text())),
              found.group());
          producer.commitTransaction();
          committedOffset = offset;
          begun = false;
        });
  }

  /** A broker may make a topic again by itself that was deleted: its offsets begin anew. */
  private void checkGrows(long offset) throws PipeException {
    if (offset <= Math.max(committedOffset, found.offset())) {
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
    return KafkaErrors.of(options, what, thrown);
  }
}
