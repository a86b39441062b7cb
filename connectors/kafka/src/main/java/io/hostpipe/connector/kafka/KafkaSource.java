package io.hostpipe.connector.kafka;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.Standing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A partition of a topic, read in its order from anywhere, without what was never committed.
 *
 * <p>Nothing is kept in the broker: the place is an offset, and whoever the stream goes into keeps
 * it with what it wrote. When no broker answers, another connection begins behind the last message
 * that was handed over.
 *
 * <p>Thread rule: as {@link Source}.
 */
final class KafkaSource implements Source {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  private final KafkaOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Standing<PartitionReader> standing;
  private final Continuity continuity = new Continuity();

  /** What was read beyond a place that was sought. */
  private final ArrayDeque<Batch> ready = new ArrayDeque<>();

  private @Nullable OffsetCursor place;
  private long position;
  private long startPosition;
  private boolean finished;
  private boolean begun;

  /** Behind the last message there was when reading began. */
  private long endAtBegin;

  /** What a batch had no room for. */
  private @Nullable ConsumerRecord<byte[], byte[]> unread;

  KafkaSource(KafkaOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? streamIdOf(options) : asked;
    this.standing = new Standing<>(options.address(), context);
  }

  /** The stream that a reader makes of a partition. */
  static StreamId streamIdOf(KafkaOptions options) {
    String name = "kafka:" + options.topic();
    String shortened = name.substring(0, Math.min(name.length(), StreamId.LENGTH_BYTES_MAX - 16));
    return new StreamId(
        options.partition() < 0 ? shortened : shortened + ":" + options.partition());
  }

  @Override
  public boolean wantsCommits() {
    return false;
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return context.encoding();
  }

  @Override
  public boolean replayable() {
    return true;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    startPosition = from.position();
    if (from.cursor() != null) {
      place = OffsetCursor.of(from.cursor());
      position = from.cursorPosition();
      return false;
    }
    if (from.position() == 0) {
      return true;
    }
    return readAgain(from);
  }

  /** The sink knows its position and no place of ours: everything before it is read once more. */
  private boolean readAgain(Resume from) throws PipeException, InterruptedException {
    Digester digester = new Digester(Digest.EMPTY);
    while (position < from.position()) {
      Batch batch = next(FOREVER_NANOS);
      if (batch != null) {
        int index = batch.bytes().position();
        long before = Math.min(batch.lengthBytes(), from.position() - batch.position());
        digester.update(batch.bytes().slice(index, (int) before));
        ready.addAll(batch.behind(Math.min(from.position(), batch.endPosition())));
      } else if (finished || hasAll(connect())) {
        throw new PipeException.DataLoss(
            options.address()
                + " ends at position "
                + position
                + ", and the sink holds it up to "
                + from.position()
                + ": messages were deleted, or the sink's content is of another stream");
      }
    }
    Digest wanted = from.digest();
    if (wanted != null && !wanted.equals(digester.digest())) {
      throw new PipeException.DataLoss(
          options.address()
              + " has other content before position "
              + from.position()
              + " than the sink holds; give it a sink of its own, or one that keeps the place");
    }
    return wanted != null;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null && !finished()) {
      batch = read(FOREVER_NANOS);
    }
    return batch;
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.compareTo(Duration.ofDays(365)) > 0 ? FOREVER_NANOS : timeout.toNanos());
  }

  @Override
  public boolean finished() {
    return finished && ready.isEmpty();
  }

  /** Nothing: the place is kept by whoever the stream goes into. */
  @Override
  public void commit(long committedPosition) {}

  /** Nothing: a topic keeps what it has, and a reader cannot refuse it for others. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    standing.close();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + options.address());
    }
    standing.checkOpen();
    long deadline = System.nanoTime() + timeoutNanos;
    while (ready.isEmpty() && !finished) {
      long restNanos = deadline - System.nanoTime();
      Batch batch = next(Math.max(restNanos, 0));
      if (batch != null) {
        ready.addAll(batch.behind(Math.max(startPosition, batch.position())));
      } else if (restNanos <= 0) {
        return null;
      }
    }
    return ready.poll();
  }

  /** The next batch from the brokers, or null when none came in time or the stream has ended. */
  private @Nullable Batch next(long timeoutNanos) throws PipeException, InterruptedException {
    PartitionReader open = connect();
    if (options.until() == KafkaOptions.Until.LAST && hasAll(open)) {
      finished = true;
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
      standing.works(position);
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
      while (message != null && !finished) {
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
      batch.cursor(behind.toCursor());
      Batch full = batch.toBatch(stream, position);
      position = full.endPosition();
      return full;
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
      finished = options.until() == KafkaOptions.Until.MARK;
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
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(
          options.address()
              + ": "
              + what
              + ": they were deleted before they were read; lost=continue goes on behind them");
    }
    context.events().warning(options.address() + ": " + what);
  }

  private PartitionReader connect() throws PipeException, InterruptedException {
    PartitionReader open = standing.get(() -> PartitionReader.open(options, place));
    OffsetCursor before = place;
    if (before != null && before.offset() < open.beginAtOpen()) {
      place = before.at(open.beginAtOpen());
      lost(
          "the messages with offsets "
              + before.offset()
              + " to "
              + (open.beginAtOpen() - 1)
              + " of partition "
              + before.partition()
              + " are not there any more");
    }
    if (!begun) {
      begun = true;
      endAtBegin = open.endAtOpen();
    }
    if (place == null) {
      place = new OffsetCursor(open.topic().id().toString(), open.partition(), open.behind());
    }
    return open;
  }
}
