package io.hostpipe.connector.nats;

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
import io.nats.client.Message;
import io.nats.client.api.StreamState;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A subject of JetStream, read in its order from anywhere: the place is the sequence of the last
 * message.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}.
 */
final class JetStreamSource extends LogSource<OrderedReader> {
  /** A leader that was elected a moment ago may not show at once all that it has. */
  private static final long LOOK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final NatsOptions options;
  private final Continuity continuity = new Continuity();
  private @Nullable SequenceCursor place;

  /** Whether a message was there at the place, which may be one that only was asked for. */
  private boolean wasThere;

  private boolean begun;

  /** The last message there was when reading began. */
  private long lastAtBegin;

  private long beganNanos;
  private boolean lookedAgain;

  /** Since when the stream was said to end before the place, and nothing else; null for not. */
  private @Nullable Long behindSinceNanos;

  /** Where it is looked whether that message is still there. */
  private final SubjectEnd subjectEnd = new SubjectEnd();

  /** What a batch had no room for. */
  private @Nullable Message unread;

  private final Front front;

  /** What is told next, behind what was handed over; null for nothing. */
  private PipeException.@Nullable DataLoss loss;

  JetStreamSource(NatsOptions options, PipeContext context) {
    super(options.address(), context, Subjects.streamIdOf(options));
    this.options = options;
    this.front = new Front(new DeletedUnread(options, context.events()));
  }

  @Override
  protected void goOnBehind(Cursor cursor) throws PipeException {
    place = SequenceCursor.of(cursor);
    wasThere = true;
  }

  @Override
  protected boolean hasReadAll() throws PipeException, InterruptedException {
    return connect().lastSequence() <= sequence();
  }

  @Override
  protected @Nullable Batch next(long timeoutNanos) throws PipeException, InterruptedException {
    if (loss != null) {
      throw loss;
    }
    OrderedReader open = connect();
    if (options.until() == Until.LAST
        && sequence() >= lastAtBegin
        && !mayHaveMore(open, timeoutNanos)) {
      end();
      return null;
    }
    Message message = unread;
    unread = null;
    if (message == null) {
      boolean looks = options.until() == Until.LAST || front.isToBeLookedAt(open);
      message =
          open.inbox().poll(looks ? Math.min(timeoutNanos, SubjectEnd.LOOK_NANOS) : timeoutNanos);
    }
    if (message == null) {
      if (open.inbox().ended()) {
        standing.drop(open, lost(open));
      } else {
        look(open);
      }
      return null;
    }
    subjectEnd.works();
    standing.works(position());
    return collect(open, message);
  }

  /** Nothing comes; perhaps there was more when reading began. */
  private void look(OrderedReader open) throws PipeException, InterruptedException {
    try {
      if (options.until() == Until.LAST) {
        lastAtBegin = subjectEnd.look(open::askLastSequence, lastAtBegin, open.isReplicated());
      }
      front.look(open, sequence());
    } catch (PipeException e) {
      standing.drop(open, e);
    }
  }

  /** Whether what seems to be the last message may not be: the leader is asked once more. */
  private boolean mayHaveMore(OrderedReader open, long timeoutNanos)
      throws PipeException, InterruptedException {
    if (lookedAgain || !open.isReplicated()) {
      return false;
    }
    long restNanos = beganNanos + LOOK_AGAIN_NANOS - System.nanoTime();
    if (unread == null && restNanos > 0) {
      unread = open.inbox().poll(Math.min(restNanos, timeoutNanos));
    }
    if (System.nanoTime() - beganNanos < LOOK_AGAIN_NANOS) {
      return true;
    }
    try {
      lastAtBegin = Math.max(lastAtBegin, open.askLastSequence());
    } catch (PipeException e) {
      standing.drop(open, e);
      return true;
    }
    lookedAgain = true;
    return sequence() < lastAtBegin;
  }

  /** A batch of this message and those that are here already. */
  private @Nullable Batch collect(OrderedReader open, Message first)
      throws PipeException, InterruptedException {
    try (BatchWriter batch =
        new BatchWriter(
            context.pool(), encoding(), Math.max(BLOCK_BYTES, first.getData().length))) {
      Message message = first;
      while (message != null && !ended()) {
        if (!follows(open, message, batch)) {
          break;
        }
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
      return handOver(batch, behind.toCursor());
    }
  }

  /**
   * Looks whether messages before this one were deleted before they were read.
   *
   * @return false when they were, which is told behind what the batch has; or when that cannot be
   *     asked, and the connection is dropped
   */
  private boolean follows(OrderedReader open, Message message, BatchWriter batch)
      throws PipeException, InterruptedException {
    SequenceCursor behind = place;
    if (behind == null || !wasThere) {
      return true;
    }
    try {
      front.next(open, behind.sequence(), OrderedReader.sequence(message));
      return true;
    } catch (PipeException.DataLoss e) {
      if (batch.lengthBytes() == 0) {
        throw e;
      }
      loss = e;
      return false;
    } catch (PipeException e) {
      standing.drop(open, e);
      return false;
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
      case NEXT -> {
        if (mark && options.until() == Until.MARK) {
          end();
        }
      }
    }
    if (!skipped && !add(batch, payload, headers)) {
      throw new IllegalStateException("a batch has no room for what it was measured for");
    }
    place = SequenceCursor.in(open.stream(), sequence);
    wasThere = true;
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
      beganNanos = System.nanoTime();
    }
    if (place == null) {
      place = beginning(open);
      wasThere = options.from().end();
    }
    return open;
  }

  private OrderedReader begin() throws PipeException, InterruptedException {
    Long since = behindSinceNanos;
    behindSinceNanos = null;
    OrderedReader opened = OrderedReader.open(options, place);
    boolean whole = false;
    try {
      front.begin(opened, sequence());
      whole = !endsBeforePlace(opened, since);
    } finally {
      if (!whole) {
        opened.close();
      }
    }
    return whole ? opened : OrderedReader.open(options, place);
  }

  /**
   * Whether the stream has lost what was read last, and its reader goes on behind what is left:
   * what is written from there on has numbers that were read already.
   *
   * @param since when this was found, try after try; null for not at the last one
   */
  private boolean endsBeforePlace(OrderedReader open, @Nullable Long since) throws PipeException {
    SequenceCursor behind = place;
    long last = open.stream().getStreamState().getLastSequence();
    if (behind == null || !wasThere || last >= behind.sequence()) {
      return false;
    }
    String what =
        options.address()
            + ": the stream "
            + behind.stream()
            + " ends with sequence "
            + last
            + ", and was read up to "
            + behind.sequence();
    long nowNanos = System.nanoTime();
    behindSinceNanos = since == null ? nowNanos : since;
    if (open.isReplicated() && (since == null || nowNanos - since < SubjectEnd.CATCH_UP_NANOS)) {
      throw new PipeException.Unreachable(what + "; its leader is asked again", null);
    }
    String why = " (a loss of power before its disk was synced, or a leader that had less)";
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(
          what + ": the server has lost its end" + why + "; lost=continue goes on behind it");
    }
    context.events().warning(what + ": the server has lost its end" + why);
    place = SequenceCursor.in(open.stream(), last);
    front.goOnBehind(last);
    return true;
  }

  /** Where a reader began that had no place of its own; what was deleted by then is none of its. */
  private SequenceCursor beginning(OrderedReader open) throws PipeException {
    From from = options.from();
    StreamState state = open.stream().getStreamState();
    long beyond = state.getLastSequence() + 1;
    if (options.until() == Until.LAST && from.number() > Math.max(1, beyond)) {
      throw new PipeException.Config(
          options.address()
              + ": the stream "
              + open.stream().getConfiguration().getName()
              + " ends with sequence "
              + state.getLastSequence()
              + ", before from="
              + from.number()
              + "; without until=last that message is waited for");
    }
    long behind =
        from.end()
            ? state.getLastSequence()
            : from.number() <= 1 ? 0 : Math.max(from.number(), state.getFirstSequence()) - 1;
    return SequenceCursor.in(open.stream(), behind);
  }

  private long sequence() {
    SequenceCursor behind = place;
    return behind == null ? 0 : behind.sequence();
  }

  private PipeException lost(OrderedReader reader) {
    PipeException known = reader.failure();
    return known != null
        ? known
        : new PipeException.Unreachable(
            options.address() + ": the connection broke behind position " + position(), null);
  }
}
