package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;
import io.hostpipe.spi.Settling;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A sink of raw bytes that are committed when the write returns, or, where {@link #commitsAtEnd}
 * says so, when the stream is finished.
 *
 * <p>States: open, writing, and closed, with one between: a sink that is closed while its writer is
 * inside a call stays {@link State#CLOSING} until the writer is out, and only then lets go of what
 * it holds. So nothing is handed to the next sink of the stream while a write may still land, and
 * no lock is held across I/O. The position, the digest and the failure belong to the writer's
 * thread; the state's volatile writes hand them on.
 */
abstract class SynchronousSink extends CommittingSink implements Settling {
  /** The block of a batch when no size is asked for. */
  static final int BLOCK_BYTES = 256 << 10;

  private enum State {
    OPEN,
    WRITING,
    CLOSING,
    CLOSED
  }

  private final StreamId stream;
  private final String where;
  private final BlockPool pool;
  private final Digester digester;
  private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
  private long position;
  private @Nullable Cursor cursor;
  private boolean finished;
  private @Nullable PipeException failure;

  /**
   * A sink that goes on from here.
   *
   * @param where the end's address, for messages
   */
  SynchronousSink(StreamId stream, String where, BlockPool pool, Resume from) {
    super(new Commits(from.position()));
    this.stream = stream;
    this.where = where;
    this.pool = pool;
    this.position = from.position();
    this.cursor = from.cursor();
    this.digester = new Digester(Objects.requireNonNull(from.digest(), "digest"));
  }

  /**
   * Writes all remaining bytes, blocking. After an exception the buffer's position tells how many
   * of them were surely written.
   *
   * @param position of the first byte
   */
  abstract void put(ByteBuffer bytes, long position) throws IOException, InterruptedException;

  /** The stream ends here: makes sure that everything is where it should be. */
  abstract void settle(long endPosition) throws IOException, InterruptedException;

  /** Whether bytes of a write that failed half-way are beyond recall, and so count. */
  abstract boolean countsPartialWrites();

  /** Makes a blocked {@link #put} return, as far as that can be done. */
  abstract void wakeWriter();

  /**
   * Called once, when the sink is closed and its writer is out.
   *
   * @param failure what ended it, when something did
   */
  abstract void released(Resume held, boolean wasFinished, @Nullable PipeException failure);

  final StreamId stream() {
    return stream;
  }

  @Override
  public final Resume resume() {
    return new Resume(position, cursor, digester.digest());
  }

  @Override
  public final BatchWriter newBatch(int leastBytes) throws PipeException {
    if (state.get() != State.OPEN) {
      throw IoErrors.closed(where, commits.position());
    }
    return new BatchWriter(pool, Encoding.RAW, leastBytes == 0 ? BLOCK_BYTES : leastBytes);
  }

  @Override
  public final long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, position));
  }

  @Override
  public final long write(Batch batch) throws PipeException, InterruptedException {
    try (batch) {
      checkContent(batch);
      enter();
      try {
        if (finished) {
          throw new IllegalStateException("the stream into " + where + " was finished");
        }
        write(batch.bytes(), batch.position(), batch.cursor());
        return position;
      } finally {
        leave();
      }
    }
  }

  @Override
  public final void finish() throws PipeException, InterruptedException {
    enter();
    try {
      if (!finished) {
        settle(position);
        finished = true;
        commits.advance(position);
      }
    } catch (IOException e) {
      throw failed(e);
    } finally {
      leave();
    }
  }

  @Override
  public final void settle() throws PipeException, InterruptedException {
    enter();
    try {
      settle(position);
    } catch (IOException e) {
      throw failed(e);
    } finally {
      leave();
    }
  }

  @Override
  public final void close() {
    while (true) {
      if (state.compareAndSet(State.OPEN, State.CLOSED)) {
        release();
        return;
      }
      if (state.compareAndSet(State.WRITING, State.CLOSING)) {
        wakeWriter();
        return;
      }
      State now = state.get();
      if (now == State.CLOSING || now == State.CLOSED) {
        return;
      }
    }
  }

  /** Whether the sink was closed while its writer is inside. */
  final boolean closing() {
    return state.get() == State.CLOSING;
  }

  /** What the sink writes to has ended by itself: who waits for commits hears of it. Any thread. */
  final void failFromOutside(PipeException why) {
    commits.fail(why);
  }

  private void checkContent(Batch batch) throws PipeException {
    if (batch.encoding() != Encoding.RAW) {
      throw new PipeException.Config(
          Status.FAILED_PRECONDITION, where + " takes raw bytes, and this batch holds messages");
    }
    if (batch.position() > position) {
      throw new IllegalArgumentException(
          "a batch at position "
              + batch.position()
              + " leaves a gap: "
              + where
              + " is at "
              + position);
    }
  }

  private void write(ByteBuffer bytes, long begin, @Nullable Cursor behind)
      throws PipeException, InterruptedException {
    long ownedBytes = Math.min(position - begin, bytes.remaining());
    bytes.position(bytes.position() + (int) ownedBytes);
    ByteBuffer written = bytes.duplicate();
    try {
      put(bytes, position);
    } catch (IOException e) {
      if (countsPartialWrites()) {
        account(written.limit(bytes.position()), null);
      }
      if (e instanceof ClosedByInterruptException) {
        // The channel is closed by now: this sink is at its end as well.
        failed(e);
        Thread.interrupted();
        throw new InterruptedException("interrupted while writing to " + where);
      }
      throw failed(e);
    }
    account(written, behind);
  }

  private void account(ByteBuffer written, @Nullable Cursor behind) {
    digester.update(written);
    position += written.remaining();
    cursor = behind;
    if (!commitsAtEnd()) {
      commits.advance(position);
    }
  }

  private PipeException failed(IOException error) {
    PipeException why =
        error instanceof PipeException known ? known : IoErrors.writing(where, position, error);
    failure = why;
    commits.fail(why);
    return why;
  }

  private void enter() throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before writing to " + where);
    }
    if (!state.compareAndSet(State.OPEN, State.WRITING)) {
      throw IoErrors.closed(where, commits.position());
    }
    if (failure != null) {
      PipeException again = failure;
      leave();
      throw again;
    }
  }

  private void leave() {
    if (!state.compareAndSet(State.WRITING, State.OPEN)) {
      state.set(State.CLOSED);
      release();
    }
  }

  private void release() {
    commits.fail(IoErrors.closed(where, position));
    released(resume(), finished, failure);
  }
}
