package io.hostpipe.connector.nats;

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
import io.nats.client.Message;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A subject of JetStream, read in its order from anywhere.
 *
 * <p>Nothing is kept in the server: the place is the sequence of the last message, and whoever the
 * stream goes into keeps it with what it wrote. When the connection breaks, another one begins
 * behind the last message that was handed over.
 *
 * <p>Thread rule: as {@link Source}.
 */
final class JetStreamSource implements Source {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  private final NatsOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Standing<OrderedReader> standing;
  private final Continuity continuity = new Continuity();

  /** What was read beyond a place that was sought. */
  private final ArrayDeque<Batch> ready = new ArrayDeque<>();

  private @Nullable SequenceCursor place;
  private long position;
  private long startPosition;
  private boolean finished;

  private boolean begun;

  /** The last message there was when reading began. */
  private long lastAtBegin;

  /** What a batch had no room for. */
  private @Nullable Message unread;

  JetStreamSource(NatsOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? Subjects.streamIdOf(options) : asked;
    this.standing = new Standing<>(options.address(), context);
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
      place = SequenceCursor.of(from.cursor());
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
      if (connect().lastSequence() <= sequence() && ready.isEmpty()) {
        throw new PipeException.DataLoss(
            options.address()
                + " ends at position "
                + position
                + ", and the sink holds it up to "
                + from.position()
                + ": messages were deleted, or the sink's content is of another stream");
      }
      Batch batch = next(FOREVER_NANOS);
      if (batch != null) {
        int index = batch.bytes().position();
        long before = Math.min(batch.lengthBytes(), from.position() - batch.position());
        digester.update(batch.bytes().slice(index, (int) before));
        ready.addAll(batch.behind(Math.min(from.position(), batch.endPosition())));
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

  /** Nothing: a stream keeps what it has, and a reader cannot refuse it for others. */
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

  /** The next batch from the server, or null when none came in time or the stream has ended. */
  private @Nullable Batch next(long timeoutNanos) throws PipeException, InterruptedException {
    OrderedReader open = connect();
    if (options.until() == NatsOptions.Until.LAST && sequence() >= lastAtBegin) {
      finished = true;
      return null;
    }
    Message message = unread;
    unread = null;
    if (message == null) {
      message = open.inbox().poll(timeoutNanos);
    }
    if (message == null) {
      if (open.inbox().ended()) {
        standing.drop(open, lost());
      }
      return null;
    }
    standing.works(position);
    return collect(open, message);
  }

  /** A batch of this message and those that are here already. */
  private @Nullable Batch collect(OrderedReader open, Message first) throws PipeException {
    try (BatchWriter batch =
        new BatchWriter(
            context.pool(), encoding(), Math.max(BLOCK_BYTES, first.getData().length))) {
      Message message = first;
      while (message != null && !finished) {
        if (!take(open, message, batch)) {
          unread = message;
          break;
        }
        message = batch.lengthBytes() < BLOCK_BYTES ? open.inbox().poll() : null;
      }
      SequenceCursor behind = place;
      if (batch.lengthBytes() == 0 || behind == null) {
        return null;
      }
      batch.cursor(behind.toCursor());
      Batch full = batch.toBatch(stream, position);
      position = full.endPosition();
      return full;
    }
  }

  /**
   * Adds a message to a batch, unless it is one that was read already.
   *
   * @return false when there is no room
   */
  private boolean take(OrderedReader open, Message message, BatchWriter batch)
      throws PipeException {
    long sequence = OrderedReader.sequence(message);
    byte[] payload = message.getData();
    boolean records = encoding() == Encoding.RECORDS;
    Headers headers = records ? NatsHeaders.read(message.getHeaders()) : Headers.EMPTY;
    Place said = Place.of(message.getHeaders());
    boolean mark = said != null && said.end();
    boolean skipped = mark;
    int lengthBytes =
        records ? Records.lengthBytes(payload.length, headers.lengthBytes()) : payload.length;
    if (!mark && batch.lengthBytes() > 0 && batch.lengthBytes() + lengthBytes > BLOCK_BYTES) {
      return false;
    }
    long before = continuity.position();
    switch (continuity.next(said)) {
      case GAP -> onGap(before, sequence);
      case AGAIN -> skipped = true;
      case NEXT -> finished = mark && options.until() == NatsOptions.Until.MARK;
    }
    if (!skipped && !add(batch, payload, headers)) {
      throw new IllegalStateException("a batch has no room for what it was measured for");
    }
    place = SequenceCursor.in(open.stream(), sequence);
    return true;
  }

  private static boolean add(BatchWriter batch, byte[] payload, Headers headers)
      throws PipeException {
    if (batch.encoding() == Encoding.RAW && payload.length == 0) {
      return true;
    }
    return batch.add(payload, 0, payload.length, headers);
  }

  private void onGap(long before, long sequence) throws PipeException {
    String what =
        options.address()
            + ": messages that were written before the one with sequence "
            + sequence
            + " are not there (behind position "
            + before
            + " of their writer)";
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(
          what + ": they were deleted before they were read; lost=continue goes on behind them");
    }
    context.events().warning(what);
  }

  private OrderedReader connect() throws PipeException, InterruptedException {
    OrderedReader open = standing.get(this::begin);
    if (!begun) {
      begun = true;
      lastAtBegin = open.lastSequence();
    }
    if (place == null) {
      place = beginning(open);
    }
    return open;
  }

  private OrderedReader begin() throws PipeException, InterruptedException {
    OrderedReader opened = OrderedReader.open(options, place);
    boolean whole = false;
    try {
      checkNothingWasDeleted(opened);
      whole = true;
      return opened;
    } finally {
      if (!whole) {
        opened.close();
      }
    }
  }

  /** Where a reader began that had no place of its own. */
  private SequenceCursor beginning(OrderedReader open) {
    NatsOptions.From from = options.from();
    long behind =
        from.end()
            ? open.stream().getStreamState().getLastSequence()
            : Math.max(0, from.sequence() - 1);
    return SequenceCursor.in(open.stream(), behind);
  }

  /** A stream with limits deletes its oldest messages, whether or not anybody has read them. */
  private void checkNothingWasDeleted(OrderedReader open) throws PipeException {
    SequenceCursor behind = place;
    long first = open.stream().getStreamState().getFirstSequence();
    if (behind == null || behind.sequence() == 0 || first <= behind.sequence() + 1) {
      return;
    }
    String what =
        options.address()
            + ": the messages with sequences "
            + (behind.sequence() + 1)
            + " to "
            + (first - 1)
            + " of the stream "
            + behind.stream()
            + " were deleted before they were read";
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(what + "; lost=continue goes on behind them");
    }
    context.events().warning(what);
  }

  private long sequence() {
    SequenceCursor behind = place;
    return behind == null ? 0 : behind.sequence();
  }

  private PipeException lost() {
    return new PipeException.Unreachable(
        options.address() + ": the connection broke behind position " + position, null);
  }
}
