package io.hostpipe.spi;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.FrameEncoder;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.FramedPlaces.Place;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Writes messages into a sink of raw bytes, told apart by a framing.
 *
 * <p>A message that the framing cannot carry is refused by name, and the stream goes on. What is
 * committed is counted in whole messages: the inner sink's commits are turned back by the {@link
 * FramedPlaces places} between two writes. After a break the stream goes on at the last of these
 * that the inner sink has; the bytes behind it come again, the same ones, and the inner sink drops
 * what it has. Thread rule: as {@link Sink}. It owns the inner sink.
 */
public final class FramedSink extends ForwardingSink implements Settling, RefusesFirst {
  private static final int BATCH_BYTES = 256 << 10;

  private final StreamId stream;
  private final Framing framing;
  private final BlockPool pool;
  private final FramedPlaces places;
  private final Commits commits;
  private final FrameEncoder encoder;
  private final Resume held;
  private final boolean stopsAtRefused;
  private boolean stopped;
  private @Nullable Refusal refusal;

  /** Of the framed bytes, while the sink holds some that cannot be told apart; null else. */
  private @Nullable Digester check;

  private Digester digester;
  private long position;
  private long innerPosition;

  /** A sink of one stream that goes on where the inner one stands. Blocks until that is known. */
  public FramedSink(StreamId stream, Sink inner, Framing framing, BlockPool pool)
      throws PipeException, InterruptedException {
    this(stream, inner, framing, pool, false);
  }

  /**
   * The same for whoever may let no message pass a refused one.
   *
   * @param stopsAtRefused whether nothing is written behind the first message that the framing
   *     cannot carry; else it is told of and left out
   */
  public FramedSink(
      StreamId stream, Sink inner, Framing framing, BlockPool pool, boolean stopsAtRefused)
      throws PipeException, InterruptedException {
    this(stream, inner, framing, pool, stopsAtRefused, new FramedPlaces());
  }

  FramedSink(
      StreamId stream,
      Sink inner,
      Framing framing,
      BlockPool pool,
      boolean stopsAtRefused,
      FramedPlaces places)
      throws PipeException, InterruptedException {
    super(inner);
    this.stream = stream;
    this.framing = framing;
    this.pool = pool;
    this.places = places;
    this.stopsAtRefused = stopsAtRefused;
    this.encoder = new FrameEncoder(framing);
    this.held = inner.resume();
    Place start = places.startAt(held, framing, stream);
    this.position = start.records().position();
    this.innerPosition = start.innerPosition();
    this.digester = new Digester(Objects.requireNonNull(start.records().digest(), "digest"));
    this.commits = new Commits(position);
    this.check =
        innerPosition == 0 && held.position() > 0 && held.digest() != null
            ? new Digester(Digest.EMPTY)
            : null;
    var _ = inner.whenCommitted(Long.MAX_VALUE).exceptionally(this::failed);
  }

  @Override
  public void onRefusal(Refusal told) {
    refusal = told;
  }

  @Override
  public Resume resume() {
    return places.last().records();
  }

  @Override
  public BatchWriter newBatch(int leastBytes) {
    return new BatchWriter(pool, Encoding.RECORDS, leastBytes == 0 ? BATCH_BYTES : leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, position));
  }

  @Override
  public long write(Batch given) throws PipeException, InterruptedException {
    Batch batch = given;
    try {
      if (batch.encoding() != Encoding.RECORDS) {
        throw new PipeException.Config(
            Status.FAILED_PRECONDITION,
            "the framing '" + framing + "' tells messages apart, and this batch holds bytes");
      }
      if (stopped) {
        return position; // whoever asks for the commits hears why
      }
      if (batch.position() > position) {
        throw new IllegalArgumentException(
            "a batch at position " + batch.position() + " leaves a gap behind " + position);
      }
      if (batch.endPosition() > position) {
        batch = batch.from(position);
        encode(batch);
      }
      return position;
    } finally {
      batch.close();
    }
  }

  @Override
  public Committed committed() throws PipeException {
    try {
      advance(inner.committed());
    } catch (PipeException e) {
      commits.fail(e);
    }
    return commits.committed();
  }

  @Override
  public Committed awaitCommitted(long wanted) throws PipeException, InterruptedException {
    long innerWanted = places.innerPositionOf(wanted);
    if (innerWanted >= 0) {
      advance(inner.awaitCommitted(innerWanted));
    }
    return commits.await(wanted);
  }

  @Override
  public Committed awaitCommitted(long wanted, Duration timeout)
      throws PipeException, InterruptedException {
    long innerWanted = places.innerPositionOf(wanted);
    if (innerWanted < 0) {
      return commits.await(wanted, timeout);
    }
    advance(inner.awaitCommitted(innerWanted, timeout));
    return commits.await(wanted, Duration.ZERO);
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long wanted) {
    return commits.when(wanted);
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    inner.finish();
    advance(inner.committed());
  }

  @Override
  public void settle() throws PipeException, InterruptedException {
    if (inner instanceof Settling settling) {
      settling.settle();
    }
  }

  private void encode(Batch batch) throws PipeException, InterruptedException {
    encoder.begin(batch);
    int blockBytes = Math.min(batch.lengthBytes() + batch.lengthBytes() / 4 + 64, BATCH_BYTES);
    FrameEncoder.Outcome outcome;
    do {
      Block block = pool.take(blockBytes);
      Place before = places.last();
      Place behind;
      try {
        outcome = fill(block.buffer());
        ByteBuffer framed = block.buffer().flip();
        check(framed.duplicate());
        boolean refused = outcome == FrameEncoder.Outcome.REFUSED;
        long end = refused ? encoder.refusedFrom() : encoder.position();
        behind = placeBehind(batch, before, end, framed.remaining());
      } catch (PipeException | InterruptedException | RuntimeException e) {
        block.release();
        throw e;
      }
      send(batch, before, behind, block);
      blockBytes = Math.max(blockBytes, encoder.neededBytes());
    } while (outcome == FrameEncoder.Outcome.FULL);
    if (outcome == FrameEncoder.Outcome.REFUSED) {
      stopped = true;
      if (!inner.commitsAtEnd()) {
        // So it is known how far the stream got: up to the message, and no further.
        advance(inner.awaitCommitted(innerPosition));
      }
      commits.fail(RefusesFirst.unkept(stream, encoder.position(), encoder.why()));
    }
  }

  /** Encodes as many messages as there is room for; REFUSED where no message may be left out. */
  private FrameEncoder.Outcome fill(ByteBuffer out) throws PipeException, InterruptedException {
    FrameEncoder.Outcome outcome = encoder.encode(out);
    while (outcome == FrameEncoder.Outcome.REFUSED) {
      if (stopsAtRefused) {
        return outcome;
      }
      if (refusal != null) {
        refusal.refused(encoder.position(), encoder.why());
      }
      if (places.refusesAnew(encoder.position())) {
        commits.reject(encoder.position(), encoder.why());
      }
      outcome = encoder.encode(out);
    }
    return outcome;
  }

  /** Writes what was encoded; the block is the inner sink's from here on. */
  private void send(Batch batch, Place before, Place behind, Block block)
      throws PipeException, InterruptedException {
    ByteBuffer framed = block.buffer();
    int framedBytes = framed.remaining();
    Cursor cursor = behind.cursor(framing);
    if (inner.commitsAtEnd()) {
      places.addForEnd(behind);
    } else {
      places.add(behind);
    }
    Batch raw = new Batch(stream, Encoding.RAW, innerPosition, framed, block, cursor);
    try {
      inner.write(raw);
    } catch (PipeException e) {
      settle(batch, before, framedBytes);
      throw e;
    }
    position = behind.records().position();
    innerPosition = behind.innerPosition();
    if (!inner.commitsAtEnd()) {
      var _ = inner.whenCommitted(innerPosition).thenAccept(this::advance);
    }
  }

  /** The bytes that the sink holds already have to be those that come again. */
  private void check(ByteBuffer framed) throws PipeException {
    Digester digester = check;
    if (digester == null) {
      return;
    }
    long restBytes = held.position() - innerPosition;
    if (framed.remaining() < restBytes) {
      digester.update(framed);
      return;
    }
    digester.update(framed.limit(framed.position() + (int) restBytes));
    check = null;
    if (!digester.digest().equals(held.digest())) {
      throw new PipeException.DataLoss(
          "the sink holds other bytes before "
              + held.position()
              + " than the messages of "
              + stream
              + " make as '"
              + framing
              + "': there "
              + held.digest()
              + ", here "
              + digester.digest());
    }
  }

  private Place placeBehind(Batch batch, Place before, long end, int framedBytes) {
    ByteBuffer passed = batch.bytes();
    int first = passed.position();
    passed.limit(first + (int) (end - batch.position()));
    passed.position(first + (int) (before.records().position() - batch.position()));
    digester.update(passed);
    Cursor cursor = end == batch.endPosition() ? batch.cursor() : null;
    Resume records =
        cursor != null
            ? new Resume(end, cursor, digester.digest())
            : new Resume(
                end,
                before.records().cursor(),
                digester.digest(),
                before.records().cursorPosition());
    return new Place(records, before.innerPosition() + framedBytes);
  }

  /** A write failed: the messages that the inner sink has whole all the same are committed. */
  private void settle(Batch batch, Place before, int framedBytes) throws InterruptedException {
    digester = new Digester(Objects.requireNonNull(before.records().digest(), "digest"));
    long heldBytes;
    try {
      heldBytes = inner.resume().position() - before.innerPosition();
    } catch (PipeException e) {
      heldBytes = 0; // it does not say, so nothing is claimed
    }
    try (Batch rest = rest(batch, before.records().position())) {
      encoder.begin(rest);
      ByteBuffer framed = ByteBuffer.allocate(Math.clamp(heldBytes, 0, framedBytes));
      FrameEncoder.Outcome outcome = encoder.encode(framed);
      while (outcome == FrameEncoder.Outcome.REFUSED) {
        outcome = encoder.encode(framed);
      }
      places.replaceLast(placeBehind(rest, before, encoder.position(), framed.position()));
    }
    commits.advance(places.committed(before.innerPosition() + heldBytes));
  }

  private static Batch rest(Batch batch, long from) {
    batch.block().retain();
    return new Batch(
            batch.stream(),
            batch.encoding(),
            batch.position(),
            batch.bytes(),
            batch.block(),
            batch.cursor())
        .from(from);
  }

  private void advance(Committed news) {
    commits.advance(places.committed(news.position()));
  }

  private Committed failed(Throwable cause) {
    Throwable why = cause instanceof CompletionException wrapped ? wrapped.getCause() : cause;
    commits.fail(
        why instanceof PipeException known
            ? known
            : new PipeException.Closed(
                Status.INTERNAL, stream + " could not be written on: " + why, why));
    return new Committed(0, java.util.List.of());
  }
}
