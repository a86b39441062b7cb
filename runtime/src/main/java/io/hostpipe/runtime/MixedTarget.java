package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Settling;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Many streams in one place that holds one: a file, standard output, a program.
 *
 * <p>The place sees one stream, made of the streams' batches in the order they come. A batch is
 * written as a whole, so whoever puts whole messages into batches gets whole messages there, each
 * stream's own in their order; bytes without borders should come one stream after another. Each
 * stream has its own position, digest and end, which live as long as this target does. The end of a
 * stream makes lasting what was written so far; one such step serves all streams that wait for one.
 * A stream that ends before its end leaves the others alone, and what it had written where it is;
 * when the place itself fails, every stream does.
 *
 * <p>Thread rule: any thread. Writers wait for their turn in the order they came. The turn is held
 * while the place is written: that it takes one batch at a time is what this class is for.
 */
public final class MixedTarget implements Target {
  /** The most streams that are remembered; of those not open, the one used longest ago is lost. */
  public static final int STREAM_COUNT_MAX = 65_536;

  private final StreamId stream = new StreamId("mixed");
  private final Target place;
  private final BlockPool pool;

  /** Guards the place: who has it may write. */
  private final ReentrantLock turn = new ReentrantLock(true);

  /** Guards what is known of the streams; never held while anything blocks. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Map<StreamId, Resume> held = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<StreamId, MixedSink> open = new LinkedHashMap<>();
  private final ArrayDeque<Part> uncommitted = new ArrayDeque<>();
  private boolean closed;

  // With the turn.
  private @Nullable Sink inner;
  private Encoding encoding = Encoding.RAW;
  private long writtenPosition;
  private long settledPosition = -1;
  private volatile @Nullable PipeException failure;

  /**
   * A target over this one, which it owns.
   *
   * @param pool where the batches of the sinks come from
   */
  public MixedTarget(Target place, BlockPool pool) {
    this.place = place;
    this.pool = pool;
  }

  @Override
  public boolean manyAtOnce() {
    return true;
  }

  @Override
  public boolean mixes() {
    return true;
  }

  @Override
  public @Nullable PipeException failure() {
    return failure;
  }

  @Override
  public Sink open(StreamId wanted, Encoding wantedEncoding)
      throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      if (inner == null) {
        openPlace(wantedEncoding);
      } else if (encoding != wantedEncoding) {
        throw new PipeException.Config(
            Status.FAILED_PRECONDITION,
            "one stream carries " + encoding + ", " + wanted + " carries " + wantedEncoding);
      }
    } finally {
      turn.unlock();
    }
    lock.lock();
    try {
      if (closed) {
        throw new PipeException.Closed(
            Status.CANCELLED, wanted + " cannot be written: its place was closed on this side");
      }
      if (open.containsKey(wanted)) {
        throw new PipeException.Refused(
            Status.ALREADY_EXISTS, "the stream " + wanted + " is being written already");
      }
      Resume from = held.getOrDefault(wanted, Resume.START);
      MixedSink sink = new MixedSink(this, wanted, encoding, pool, from);
      open.put(wanted, sink);
      return sink;
    } finally {
      lock.unlock();
    }
  }

  /** Closes the place, and with it the sinks that are open. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    // Whoever has the turn may be blocked in the place until that is closed.
    place.close();
    fail(new PipeException.Closed(Status.CANCELLED, "the place of the streams was closed"));
  }

  /** Writes one stream's batch as a whole; the batch stays the caller's. Blocks. */
  void write(MixedSink from, Batch batch) throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      Sink into = usable(from);
      long begin = writtenPosition;
      batch.block().retain();
      Batch mixed = new Batch(stream, encoding, begin, batch.bytes(), batch.block(), null);
      try {
        writtenPosition = into.write(mixed);
      } catch (PipeException e) {
        // What is in the place all the same is there for good.
        writtenPosition = Math.max(begin, into.resume().position());
        from.onWritten(batch, (int) (writtenPosition - begin));
        from.advance(batch.position() + writtenPosition - begin);
        fail(e);
        throw e;
      }
      from.onWritten(batch, batch.lengthBytes());
      lock.lock();
      try {
        uncommitted.add(new Part(from, begin, writtenPosition, batch.position()));
      } finally {
        lock.unlock();
      }
      var _ = into.whenCommitted(writtenPosition).thenAccept(this::onNews);
    } finally {
      turn.unlock();
    }
  }

  /** Makes everything written so far as lasting as the place can. Blocks. */
  void settle(MixedSink from) throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      Sink into = usable(from);
      if (settledPosition >= writtenPosition) {
        return;
      }
      into.awaitCommitted(writtenPosition);
      if (into instanceof Settling settling) {
        settling.settle();
      }
      settledPosition = writtenPosition;
    } catch (PipeException e) {
      fail(e);
      throw e;
    } finally {
      turn.unlock();
    }
  }

  /** The sink lets go; what it has of its stream is remembered. */
  void released(MixedSink sink, StreamId of, Resume now) {
    lock.lock();
    try {
      open.remove(of, sink);
      held.put(of, now);
      if (held.size() > STREAM_COUNT_MAX) {
        held.remove(held.keySet().iterator().next());
      }
    } finally {
      lock.unlock();
    }
  }

  private void openPlace(Encoding wanted) throws PipeException, InterruptedException {
    Sink sink = place.open(stream, wanted);
    encoding = wanted;
    writtenPosition = sink.resume().position();
    inner = sink;
    var _ =
        sink.whenCommitted(Long.MAX_VALUE)
            .exceptionally(cause -> {
              fail(known(cause));
              return new Committed(0, List.of());
            });
  }

  /** The place, as long as it and the sink can be used. With the turn. */
  private Sink usable(MixedSink from) throws PipeException {
    PipeException why = failure;
    if (why != null) {
      throw why;
    }
    from.checkOpen();
    Sink into = inner;
    if (into == null) {
      throw new IllegalStateException("a sink without its place");
    }
    return into;
  }

  /** Hands the place's news on to the streams they are about. */
  private void onNews(Committed news) {
    List<Part> done = new ArrayList<>(1);
    lock.lock();
    try {
      for (Committed.Rejected each : news.rejected()) {
        for (Part part : uncommitted) {
          if (each.endPosition() > part.placeBegin && each.endPosition() <= part.placeEnd) {
            part.sink.reject(part.endPosition(each.endPosition()), each.why());
          }
        }
      }
      for (Part first = uncommitted.peek();
          first != null && first.placeEnd <= news.position();
          first = uncommitted.peek()) {
        done.add(uncommitted.remove());
      }
    } finally {
      lock.unlock();
    }
    for (Part each : done) {
      each.sink.advance(each.endPosition(each.placeEnd));
    }
  }

  private void fail(PipeException why) {
    MixedSink[] all;
    lock.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = why;
      all = open.values().toArray(MixedSink[]::new);
    } finally {
      lock.unlock();
    }
    for (MixedSink each : all) {
      each.fail(why);
    }
  }

  private static PipeException known(Throwable cause) {
    Throwable why =
        cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
    return why instanceof PipeException is
        ? is
        : new PipeException.Closed(Status.INTERNAL, "the place of the streams failed: " + why, why);
  }

  /**
   * A batch that the place has not committed yet.
   *
   * @param placeBegin where it begins in the place's own stream
   * @param begin where it begins in its stream
   */
  private record Part(MixedSink sink, long placeBegin, long placeEnd, long begin) {
    long endPosition(long placePosition) {
      return begin + placePosition - placeBegin;
    }
  }
}
