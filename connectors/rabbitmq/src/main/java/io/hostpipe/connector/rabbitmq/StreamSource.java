package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.LogSource;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A stream of RabbitMQ, read in its order from anywhere: the place is the offset of the last
 * message.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}.
 */
final class StreamSource extends LogSource<StreamReader> {
  /**
   * How long a server may show nothing of what it is known to have. One that deletes the beginning
   * of a stream just when a reader begins there (seen with 3.10) never shows anything.
   */
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final StreamOptions options;
  private final StreamContinuity continuity = new StreamContinuity();
  private final Suspicion suspicion = new Suspicion();

  /** How many connections were tried. */
  private int tries;

  private @Nullable StreamCursor place;
  private boolean begun;

  /** The message of the place has not come again over this connection. */
  private boolean unproven;

  /** The last message there was when reading began. */
  private long lastAtBegin;

  /** No message up to this one is asked for, as long as there is no place. */
  private long skipped = -1;

  /** When a message came last, or a connection was made. */
  private long heardNanos;

  /** What a batch had no room for. */
  private StreamReader.@Nullable Arrived unread;

  StreamSource(StreamOptions options, PipeContext context) {
    super(options.address(), context, options.streamId());
    this.options = options;
  }

  @Override
  protected void goOnBehind(Cursor cursor) throws PipeException {
    place = StreamCursor.of(cursor);
  }

  @Override
  protected boolean hasReadAll() throws PipeException, InterruptedException {
    StreamReader open = connect();
    return unread == null && offset() >= open.lastOffset();
  }

  @Override
  protected @Nullable Batch next(long timeoutNanos) throws PipeException, InterruptedException {
    StreamReader open = connect();
    if (options.until() == Until.LAST && unread == null && offset() >= lastAtBegin) {
      end();
      return null;
    }
    StreamReader.Arrived message = unread;
    unread = null;
    if (message == null) {
      boolean behind = offset() < open.lastOffset();
      message = open.inbox().poll(behind ? Math.min(timeoutNanos, SILENCE_NANOS) : timeoutNanos);
    }
    if (message == null) {
      if (open.inbox().ended()) {
        standing.drop(open, lost(open));
      } else if (isSilent(open)) {
        standing.drop(open, silent(open));
      }
      return null;
    }
    heardNanos = System.nanoTime();
    standing.works(position());
    return collect(open, message);
  }

  /** A batch of this message and those that are here already. */
  private @Nullable Batch collect(StreamReader open, StreamReader.Arrived first)
      throws PipeException {
    int leastBytes = Math.max(BLOCK_BYTES, first.message().bytes().remaining());
    try (BatchWriter batch = new BatchWriter(context.pool(), encoding(), leastBytes)) {
      StreamReader.Arrived message = first;
      while (message != null && !ended()) {
        if (!take(message.message(), batch)) {
          unread = message;
          break;
        }
        open.read(message);
        message = batch.lengthBytes() < BLOCK_BYTES ? open.inbox().poll() : null;
      }
      StreamCursor behind = place;
      if (batch.lengthBytes() == 0 || behind == null) {
        return null;
      }
      return handOver(batch, behind.toCursor());
    }
  }

  /**
   * Adds a message to a batch, unless it is one that was read already.
   *
   * @return false when there is no room
   */
  private boolean take(StreamChunk.Message arrived, BatchWriter batch) throws PipeException {
    if (unproven && prove(arrived)) {
      return true;
    }
    if (place == null && arrived.offset() > skipped + 1 && skipped >= 0) {
      context
          .events()
          .warning(
              options.address()
                  + ": "
                  + between(skipped + 1, arrived.offset())
                  + ", or are no messages; it begins behind them");
    }
    StreamMessage message = StreamMessage.read(options.address().toString(), arrived);
    ByteBuffer payload = message.payload();
    boolean records = encoding() == Encoding.RECORDS;
    Headers headers = records ? message.headers() : Headers.EMPTY;
    StreamPlace said = message.place();
    boolean mark = said != null && said.end();
    int lengthBytes =
        records
            ? Records.lengthBytes(payload.remaining(), headers.lengthBytes())
            : payload.remaining();
    if (!mark && batch.lengthBytes() > 0 && batch.lengthBytes() + lengthBytes > BLOCK_BYTES) {
      return false;
    }
    if (isNew(arrived, said) && !mark && (records || payload.hasRemaining())) {
      if (!batch.add(payload, headers)) {
        throw new IllegalStateException("a batch has no room for what it was measured for");
      }
    }
    place = new StreamCursor(arrived.offset(), arrived.timeMillis());
    if (mark && options.until() == Until.MARK) {
      end();
    }
    return true;
  }

  private boolean isNew(StreamChunk.Message arrived, @Nullable StreamPlace said)
      throws PipeException {
    long before = said == null ? 0 : continuity.positionBefore(said);
    return switch (continuity.next(said)) {
      case NEXT -> true;
      case AGAIN -> false;
      case GAP -> {
        lost(
            "messages that were written before the one with offset "
                + arrived.offset()
                + " are not there (behind position "
                + before
                + " of their writer)");
        yield true;
      }
    };
  }

  /**
   * Whether the first message of a connection is the one of the place, which was read already: it
   * shows that this is still the same stream.
   */
  private boolean prove(StreamChunk.Message arrived) throws PipeException {
    unproven = false;
    StreamCursor behind = place;
    if (behind == null || behind.offset() < 0) {
      return false;
    }
    if (arrived.offset() > behind.offset()) {
      if (arrived.offset() > behind.offset() + 1) {
        lost(between(behind.offset() + 1, arrived.offset()));
      }
      return false;
    }
    if (arrived.timeMillis() != behind.timeMillis()) {
      throw new PipeException.DataLoss(
          options.address()
              + ": the message with offset "
              + behind.offset()
              + " is another one than was read before: the stream was deleted and made again; what"
              + " was in it cannot be told from here");
    }
    return true;
  }

  private static String between(long from, long behind) {
    return "the messages with offsets " + from + " to " + (behind - 1) + " are not there any more";
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

  private StreamReader connect() throws PipeException, InterruptedException {
    StreamReader open = standing.get(this::begin);
    if (!begun) {
      begun = true;
      lastAtBegin = open.lastOffset();
      if (place == null) {
        beginAt(open);
      }
    }
    return open;
  }

  private void beginAt(StreamReader open) throws PipeException {
    From from = options.from();
    switch (from.place()) {
      case BEGIN -> skipped = -1;
      case END -> {
        place = open.end();
        unproven = true;
      }
      case NUMBER -> {
        if (options.until() == Until.LAST && from.number() > lastAtBegin + 1) {
          throw new PipeException.Config(
              options.address()
                  + ": the stream "
                  + options.name()
                  + (lastAtBegin < 0 ? " is empty" : " ends with offset " + lastAtBegin)
                  + ", before from="
                  + from.number()
                  + "; without until=last that message is waited for");
        }
        skipped = from.number() - 1;
      }
      case TIME -> skipped = open.lastTimeMillis() < from.number() ? lastAtBegin : -1;
    }
  }

  private StreamReader begin() throws PipeException, InterruptedException {
    StreamReader opened = StreamReader.open(options, place, suspicion, tries++);
    unproven = place != null;
    heardNanos = System.nanoTime();
    return opened;
  }

  private boolean isSilent(StreamReader open) {
    return offset() < open.lastOffset() && System.nanoTime() - heardNanos >= SILENCE_NANOS;
  }

  private PipeException silent(StreamReader open) {
    return new PipeException.Unreachable(
        options.address()
            + ": the server has messages up to offset "
            + open.lastOffset()
            + ", and has shown none behind offset "
            + offset()
            + " for "
            + TimeUnit.NANOSECONDS.toSeconds(SILENCE_NANOS)
            + " s",
        null);
  }

  private long offset() {
    StreamCursor behind = place;
    return behind == null ? skipped : behind.offset();
  }

  private PipeException lost(StreamReader open) {
    PipeException why = open.failure();
    return why == null
        ? new PipeException.Unreachable(
            options.address() + ": the connection broke behind position " + position(), null)
        : why;
  }
}
