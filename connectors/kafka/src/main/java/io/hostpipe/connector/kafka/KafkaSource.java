package io.hostpipe.connector.kafka;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.LogSource;
import io.hostpipe.spi.PipeContext;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A partition of a topic, read in its order from anywhere, without what was never committed.
 *
 * <p>The place is an offset. Thread rule: as {@link io.hostpipe.Source}.
 */
final class KafkaSource extends LogSource<PartitionReader> {
  private final KafkaOptions options;
  private final boolean oneOfAll;
  private final Continuity continuity = new Continuity();
  private @Nullable OffsetCursor place;
  private boolean begun;

  /** Behind the last message there was when reading began. */
  private long endAtBegin;

  /** What a batch had no room for. */
  private @Nullable ConsumerRecord<byte[], byte[]> unread;

  KafkaSource(KafkaOptions options, PipeContext context) {
    super(options.address(), context, streamIdOf(options));
    this.options = options;
    this.oneOfAll = false;
  }

  /** One that begins there, while the other partitions may be read beside it. */
  KafkaSource(KafkaOptions options, PipeContext context, OffsetCursor begin) {
    super(options.address(), context, streamIdOf(options));
    this.options = options;
    this.place = begin;
    this.oneOfAll = true;
  }

  /** The stream that a reader makes of a partition. */
  static StreamId streamIdOf(KafkaOptions options) {
    String name = "kafka:" + options.topic();
    String shortened = name.substring(0, Math.min(name.length(), StreamId.LENGTH_BYTES_MAX - 16));
    return new StreamId(
        options.partition() < 0 ? shortened : shortened + ":" + options.partition());
  }

  @Override
  protected void goOnBehind(Cursor cursor) throws PipeException {
    place = OffsetCursor.of(cursor);
  }

  @Override
  protected boolean hasReadAll() throws PipeException, InterruptedException {
    return hasAll(connect());
  }

  @Override
  protected @Nullable Batch next(long timeoutNanos) throws PipeException, InterruptedException {
    PartitionReader open = connect();
    if (options.until() == Until.LAST && hasAll(open)) {
      end();
      return null;
    }
    try {
      ConsumerRecord<byte[], byte[]> message = unread;
      unread = null;
      if (message == null) {
        message = open.next(timeoutNanos);
      }
      if (message == null) {
        standing.checkOpen();
        return null;
      }
      standing.works(position());
      return collect(open, message);
    } catch (PipeException.Unreachable e) {
      standing.drop(open, e);
      return null;
    }
  }

  /** Whether everything was read that was there when reading began. */
  private boolean hasAll(PartitionReader open) {
    OffsetCursor here = place;
    return unread == null
        && ((here != null && here.offset() >= endAtBegin)
            || (open.isExhausted() && open.behind() >= endAtBegin));
  }

  /** A batch of this message and those that are here already. */
  private @Nullable Batch collect(PartitionReader open, ConsumerRecord<byte[], byte[]> first)
      throws PipeException {
    byte[] payload = first.value();
    int leastBytes = Math.max(BLOCK_BYTES, payload == null ? 0 : payload.length);
    try (BatchWriter batch = new BatchWriter(context.pool(), encoding(), leastBytes)) {
      ConsumerRecord<byte[], byte[]> message = first;
      long offset = first.offset();
      while (message != null && !ended()) {
        if (!take(message, batch)) {
          unread = message;
          break;
        }
        offset = message.offset() + 1;
        message = batch.lengthBytes() < BLOCK_BYTES ? open.next() : null;
      }
      if (unread == null && open.isExhausted()) {
        offset = Math.max(offset, open.behind());
      }
      OffsetCursor behind =
          new OffsetCursor(open.topic().id().toString(), open.partition(), offset);
      place = behind;
      if (batch.lengthBytes() == 0) {
        return null;
      }
      return handOver(batch, behind.toCursor());
    }
  }

  /**
   * Adds a message to a batch.
   *
   * @return false when there is no room
   */
  private boolean take(ConsumerRecord<byte[], byte[]> message, BatchWriter batch)
      throws PipeException {
    byte[] value = message.value();
    byte[] payload = value == null ? new byte[0] : value;
    boolean records = encoding() == Encoding.RECORDS;
    Headers headers = records ? headers(options, message) : Headers.EMPTY;
    Place said = PlaceReader.of(message);
    boolean mark = said != null && said.end();
    if (TopicLetterbox.isNote(message)) {
      return true;
    }
    int lengthBytes =
        records ? Records.lengthBytes(payload.length, headers.lengthBytes()) : payload.length;
    if (!mark && batch.lengthBytes() > 0 && batch.lengthBytes() + lengthBytes > BLOCK_BYTES) {
      return false;
    }
    long gap = continuity.next(said);
    if (gap >= 0) {
      lost(
          "messages that were written before the one with offset "
              + message.offset()
              + " are not there (behind position "
              + gap
              + " of their writer)");
    }
    if (mark) {
      if (options.until() == Until.MARK) {
        end();
      }
      return true;
    }
    if (!records && payload.length == 0) {
      return true;
    }
    if (!batch.add(payload, 0, payload.length, headers)) {
      throw new IllegalStateException("a batch has no room for what it was measured for");
    }
    return true;
  }

  /** What a message of Kafka has beside its value. */
  static Headers headers(KafkaOptions options, ConsumerRecord<byte[], byte[]> message) {
    Long timeMillis = options.tellsTime() ? message.timestamp() : null;
    boolean isNull = message.value() == null;
    if (message.key() == null && timeMillis == null && !isNull && isEmpty(message)) {
      return Headers.EMPTY;
    }
    return KafkaHeaders.read(message.key(), message.headers(), isNull, timeMillis);
  }

  private static boolean isEmpty(ConsumerRecord<byte[], byte[]> message) {
    return !message.headers().iterator().hasNext();
  }

  private void lost(String what) throws PipeException {
    Lost.say(options, context.events(), what);
  }

  private PartitionReader connect() throws PipeException, InterruptedException {
    PartitionReader open = standing.get(() -> PartitionReader.open(options, place, oneOfAll));
    OffsetCursor before = place;
    if (before != null && before.offset() < open.beginAtOpen()) {
      place = before.at(open.beginAtOpen());
      lost(Lost.between(before.offset(), open.beginAtOpen(), before.partition()));
    }
    if (!begun) {
      begun = true;
      endAtBegin = open.endAtOpen();
    }
    if (place == null) {
      place = new OffsetCursor(open.topic().id().toString(), open.partition(), open.behind());
      long wanted = options.from().number();
      if (wanted > 0 && wanted < open.beginAtOpen()) {
        lost(Lost.between(wanted, open.beginAtOpen(), open.partition()));
      }
    }
    return open;
  }
}
