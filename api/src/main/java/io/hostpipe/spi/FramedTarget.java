package io.hostpipe.spi;

import io.hostpipe.Encoding;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes messages into a target of raw bytes, told apart by a framing.
 *
 * <p>Keys and headers have no place in framed bytes and are left out. Remembers of each stream
 * where its messages lie in the bytes, so that the stream goes on exactly while this target lives;
 * targets that keep cursors go on exactly after that too. Thread rule: any thread. It owns the
 * inner target.
 */
public final class FramedTarget implements Target {
  /** The most streams that are remembered; the one that was opened longest ago is forgotten. */
  public static final int STREAMS_MAX = 65_536;

  private final Target inner;
  private final Framing framing;
  private final BlockPool pool;
  private final boolean stopsAtRefused;
  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<StreamId, FramedPlaces> places = new LinkedHashMap<>(16, 0.75f, true);

  /** Messages as this framing tells them apart. */
  public FramedTarget(Target inner, Framing framing, BlockPool pool) {
    this(inner, framing, pool, false);
  }

  /**
   * The same, of whose streams nothing may be written behind a refused message.
   *
   * @param stopsAtRefused as of a {@link FramedSink}
   */
  public FramedTarget(Target inner, Framing framing, BlockPool pool, boolean stopsAtRefused) {
    this.stopsAtRefused = stopsAtRefused;
    this.inner = inner;
    this.framing = framing;
    this.pool = pool;
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    if (encoding != Encoding.RECORDS) {
      throw new PipeException.Config(
          Status.FAILED_PRECONDITION,
          "the framing '" + framing + "' tells messages apart, and " + stream + " has none");
    }
    Sink sink = inner.open(stream, Encoding.RAW);
    try {
      return new FramedSink(stream, sink, framing, pool, stopsAtRefused, placesOf(stream));
    } catch (PipeException | InterruptedException | RuntimeException e) {
      sink.close();
      throw e;
    }
  }

  @Override
  public boolean manyAtOnce() {
    return inner.manyAtOnce();
  }

  @Override
  public boolean mixes() {
    return inner.mixes();
  }

  @Override
  public @Nullable PipeException failure() {
    return inner.failure();
  }

  /** In records, at the last place between messages of which it has all bytes. */
  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    Resume bytes = inner.held(stream);
    return bytes == null ? null : FramedPlaces.held(bytes, framing, stream);
  }

  @Override
  public List<StreamId> heldStreams() throws PipeException {
    return inner.heldStreams();
  }

  @Override
  public void close() {
    inner.close();
  }

  private FramedPlaces placesOf(StreamId stream) {
    lock.lock();
    try {
      FramedPlaces known = places.computeIfAbsent(stream, _ -> new FramedPlaces());
      if (places.size() > STREAMS_MAX) {
        places.pollFirstEntry();
      }
      return known;
    } finally {
      lock.unlock();
    }
  }
}
