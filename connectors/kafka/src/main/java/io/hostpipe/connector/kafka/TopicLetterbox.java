package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Letterbox;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a partition: their numbers are their offsets. A topic cannot let go of one of
 * them, so what is taken out is noted behind it, in a message of the same partition: it lives at
 * least as long as what it is about, whoever looks sees it, and no rights are needed but to read
 * and to write. Readers of ours leave such notes out.
 *
 * <p>Thread rule: as {@link Letterbox}.
 */
final class TopicLetterbox implements Letterbox {
  /** The header with the offsets, apart by blanks, of what was taken out. */
  static final String REMOVED = "hostpipe-removed";

  /** In one note: it has to be shorter than a topic takes. */
  private static final int NOTE_COUNT_MAX = 1_000;

  private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int SILENT_TURNS_MAX = 30;

  private final KafkaOptions options;

  /** What was shown, and may be taken out. */
  private final BitSet shown = new BitSet();

  private long firstShown;
  private int partition;
  private @Nullable KafkaProducer<byte[], byte[]> producer;

  private TopicLetterbox(KafkaOptions options) {
    this.options = options;
  }

  /** Looks whether such a topic is there. Blocks. */
  static TopicLetterbox open(KafkaOptions options) throws PipeException, InterruptedException {
    // Nobody waits for a topic to be made: where there is none, nothing lies.
    PartitionReader.open(options, null, false).close();
    return new TopicLetterbox(options);
  }

  /** Whether a message says no more than what was taken out. */
  static boolean isNote(ConsumerRecord<byte[], byte[]> message) {
    return message.headers().lastHeader(REMOVED) != null;
  }

  @Override
  public void forEach(Visitor visitor) throws PipeException, InterruptedException {
    Set<Long> removed = new HashSet<>();
    read(message -> {
      Header note = message.headers().lastHeader(REMOVED);
      if (note != null) {
        offsets(note.value(), removed);
      }
      return true;
    });
    shown.clear();
    firstShown = -1;
    read(message -> {
      Place place = PlaceReader.of(message);
      boolean isLetter = !isNote(message) && (place == null || !place.end());
      long number = message.offset();
      if (!isLetter || removed.contains(number)) {
        return true;
      }
      firstShown = firstShown < 0 ? number : firstShown;
      shown.set(Math.toIntExact(number - firstShown));
      byte[] value = message.value();
      return visitor.letter(
          number,
          ByteBuffer.wrap(value == null ? new byte[0] : value),
          KafkaHeaders.read(message.key(), message.headers(), value == null, null));
    });
  }

  @Override
  public void remove(long number) throws PipeException, InterruptedException {
    removeAll(List.of(number));
  }

  @Override
  public void removeAll(List<Long> numbers) throws PipeException, InterruptedException {
    List<Long> known = numbers.stream().filter(this::wasShown).toList();
    for (int from = 0; from < known.size(); from += NOTE_COUNT_MAX) {
      note(known.subList(from, Math.min(known.size(), from + NOTE_COUNT_MAX)));
    }
  }

  @Override
  public void close() {
    KafkaProducer<byte[], byte[]> open = producer;
    if (open != null) {
      open.close(Duration.ZERO);
    }
  }

  private boolean wasShown(long number) {
    return firstShown >= 0
        && number >= firstShown
        && number - firstShown < shown.length()
        && shown.get((int) (number - firstShown));
  }

  /** Where there are keys to be compacted by, a note has one of its own. */
  private void note(List<Long> numbers) throws PipeException, InterruptedException {
    String text = String.join(" ", numbers.stream().map(String::valueOf).toList());
    byte[] key = ascii(REMOVED + "-" + numbers.getFirst() + "-" + UUID.randomUUID());
    List<Header> headers = List.of(new RecordHeader(REMOVED, ascii(text)));
    try {
      Future<RecordMetadata> sent =
          writer()
              .send(
                  new ProducerRecord<>(
                      options.topic(), partition, null, key, new byte[0], headers));
      sent.get();
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (ExecutionException | KafkaException | IllegalStateException e) {
      throw KafkaErrors.of(options, "what was taken out cannot be noted", e);
    }
  }

  private KafkaProducer<byte[], byte[]> writer() throws PipeException {
    KafkaProducer<byte[], byte[]> open = producer;
    if (open == null) {
      open = new KafkaProducer<>(ClientSettings.plainProducer(options));
      producer = open;
    }
    return open;
  }

  private interface Each {
    boolean message(ConsumerRecord<byte[], byte[]> message)
        throws PipeException, InterruptedException;
  }

  /** What was committed when it began, until that is enough. */
  private void read(Each each) throws PipeException, InterruptedException {
    try (PartitionReader reader = PartitionReader.open(options, null, false)) {
      partition = reader.partition();
      int silentTurns = 0;
      while (!reader.isExhausted() || reader.behind() < reader.endAtOpen()) {
        ConsumerRecord<byte[], byte[]> message = reader.next(TURN_NANOS);
        if (message == null) {
          silentTurns++;
          if (silentTurns > SILENT_TURNS_MAX) {
            throw new PipeException.Unreachable(
                options.address()
                    + ": its messages cannot be read: no answer, or a transaction that is open",
                null);
          }
          continue;
        }
        silentTurns = 0;
        if (message.offset() >= reader.endAtOpen() || !each.message(message)) {
          return;
        }
      }
    }
  }

  private static void offsets(byte[] text, Set<Long> into) {
    for (String each : new String(text, StandardCharsets.US_ASCII).split(" ", -1)) {
      try {
        into.add(Long.parseLong(each));
      } catch (NumberFormatException e) {
        // Not of our making: it names nothing.
      }
    }
  }

  private static byte[] ascii(String text) {
    return Objects.requireNonNull(text).getBytes(StandardCharsets.US_ASCII);
  }
}
