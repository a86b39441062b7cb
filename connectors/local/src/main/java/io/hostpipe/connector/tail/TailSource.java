package io.hostpipe.connector.tail;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A file that is followed, as a source of whole lines.
 *
 * <p>It looks, and when there is nothing new it waits for the system to tell of a change. While the
 * file is busy it looks every few milliseconds instead, so that a fast writer makes batches and not
 * a batch for each line. {@link TailReader} knows what there is to read; this class waits, keeps
 * the place in the state file, and closes.
 */
final class TailSource implements Source {
  /** Between two looks at a busy file. */
  private static final long BUSY_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** How long after its last line a file counts as busy. */
  private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** The state file is written no more often. */
  private static final long STATE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How often a place is looked for: half-way through a rotation a file has no name that fits. */
  private static final int FINDING_TRIES_MAX = 20;

  private static final long FINDING_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

  /** The most places that wait for their commit; beyond it the newest is the only new one. */
  private static final int PLACES_MAX = 1024;

  private final StreamId stream;
  private final Path path;
  private final TailOptions options;
  private final TailReader reader;
  private final ChangeWatch watch;
  private final @Nullable StateFile state;

  /** Held for what follows: commits come from any thread. */
  private final ReentrantLock places = new ReentrantLock();

  private final ArrayDeque<Reached> reached = new ArrayDeque<>();
  private @Nullable Cursor committedPlace;
  private long stateWrittenNanos;

  /**
   * Held while files are read or closed, also across the reading: a regular file lets nobody wait,
   * and nobody else wants this lock but who closes.
   */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile boolean closed;
  private volatile boolean finished;
  private long startPosition;
  private long busyUntilNanos;

  TailSource(StreamId stream, Path path, TailOptions options, PipeContext context) {
    this.stream = stream;
    this.path = path;
    this.options = options;
    this.reader = new TailReader(stream, path, context.pool(), options, context.events());
    this.watch = new ChangeWatch(path);
    this.state = options.state() == null ? null : new StateFile(options.state());
    this.stateWrittenNanos = System.nanoTime() - STATE_NANOS;
    this.busyUntilNanos = System.nanoTime();
  }

  @Override
  public boolean wantsCommits() {
    return state != null;
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return Encoding.RAW;
  }

  @Override
  public boolean replayable() {
    return true;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    Cursor cursor = from.cursor();
    if (cursor == null && from.position() > 0) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "the sink holds "
              + from.position()
              + " bytes of the stream "
              + stream
              + " and has not kept the place in "
              + path
              + " that they came from; give the stream a new sink, or one that keeps it");
    }
    Place place = cursor != null ? Place.of(cursor) : kept();
    startPosition = from.position();
    for (int count = 1; !goTo(place, from.cursorPosition(), count == FINDING_TRIES_MAX); count++) {
      watch.pause(FINDING_PAUSE_NANOS);
    }
    return from.position() == 0;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return read(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.toNanos());
  }

  @Override
  public boolean finished() {
    return finished;
  }

  @Override
  public void commit(long position) throws PipeException {
    if (state == null) {
      return;
    }
    places.lock();
    try {
      while (!reached.isEmpty() && reached.getFirst().position() <= position) {
        committedPlace = reached.removeFirst().place();
      }
      if (finished || isStateDue()) {
        keep();
      }
    } finally {
      places.unlock();
    }
  }

  /** Nothing: raw bytes have no messages, so no sink refuses one. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    closed = true;
    watch.close();
    lock.lock();
    try {
      reader.close();
    } finally {
      lock.unlock();
    }
  }

  private boolean goTo(@Nullable Place place, long position, boolean lastTry)
      throws PipeException, InterruptedException {
    lock.lock();
    try {
      if (place != null) {
        return reader.resume(place, position, lastTry, System.nanoTime());
      }
      reader.begin(System.nanoTime());
      return true;
    } catch (IOException e) {
      throw failed(e);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    long begunNanos = System.nanoTime();
    while (true) {
      long nowNanos = System.nanoTime();
      Batch batch = poll(nowNanos);
      if (batch != null) {
        busyUntilNanos = nowNanos + BUSY_NANOS;
        return batch;
      }
      if (finished) {
        return null;
      }
      keepWhatIsDue();
      long restNanos = timeoutNanos - (nowNanos - begunNanos);
      if (restNanos <= 0) {
        return null;
      }
      if (nowNanos - busyUntilNanos < 0) {
        watch.pause(Math.min(restNanos, BUSY_LOOK_NANOS));
      } else {
        long dueNanos = Math.min(options.poll().toNanos(), reader.dueNanos(nowNanos));
        watch.await(Math.min(restNanos, dueNanos));
      }
    }
  }

  private @Nullable Batch poll(long nowNanos) throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + path);
    }
    lock.lock();
    try {
      if (closed) {
        throw new PipeException.Closed(Status.CANCELLED, path + " was closed on this side");
      }
      Batch batch = reader.poll(nowNanos);
      while (batch != null && batch.endPosition() <= startPosition) {
        // The sink has it: it was behind the last place that it knows.
        batch.close();
        batch = reader.poll(nowNanos);
      }
      if (batch != null && batch.position() < startPosition) {
        batch = batch.from(startPosition);
      }
      finished = batch == null && reader.ended();
      if (batch != null && state != null) {
        remember(batch);
      }
      return batch;
    } catch (IOException e) {
      throw failed(e);
    } finally {
      lock.unlock();
    }
  }

  private void remember(Batch batch) {
    Cursor place = batch.cursor();
    if (place == null) {
      return;
    }
    places.lock();
    try {
      if (reached.size() >= PLACES_MAX) {
        reached.removeLast();
      }
      reached.addLast(new Reached(batch.endPosition(), place));
    } finally {
      places.unlock();
    }
  }

  private @Nullable Place kept() throws PipeException {
    return state == null ? null : state.read();
  }

  /** What was committed a while ago, when no later commit has come to keep it. */
  private void keepWhatIsDue() throws PipeException {
    if (state == null) {
      return;
    }
    places.lock();
    try {
      if (isStateDue()) {
        keep();
      }
    } finally {
      places.unlock();
    }
  }

  private boolean isStateDue() {
    return committedPlace != null && System.nanoTime() - stateWrittenNanos >= STATE_NANOS;
  }

  /** Under the lock of the places, also across the writing: places must be kept in their order. */
  private void keep() throws PipeException {
    Cursor place = committedPlace;
    if (state != null && place != null) {
      state.write(place);
      committedPlace = null;
      stateWrittenNanos = System.nanoTime();
    }
  }

  private PipeException failed(IOException error) throws InterruptedException {
    if (error instanceof PipeException known) {
      return known;
    }
    if (error instanceof ClosedByInterruptException) {
      Thread.interrupted();
      throw new InterruptedException("interrupted while reading " + path);
    }
    return new PipeException.Closed(
        Status.INTERNAL,
        path
            + " cannot be read on, behind position "
            + reader.position()
            + ": "
            + StateFile.reason(error),
        error);
  }

  /** A position that was handed over, and the place behind it. */
  private record Reached(long position, Cursor place) {}
}
