package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a raw pipe: bytes are committed when the system has them, and nothing is kept here
 * to be sent again.
 *
 * <p>The position, the digest and the failure belong to the writing thread.
 */
final class RawSink extends CommittingSink {
  private static final int BLOCK_BYTES = 256 << 10;

  private final RawConnection connection;
  private final StreamId stream;
  private final BlockPool pool;
  private final Duration linger;
  private final boolean replies;
  private final Runnable beforeEnd;
  private final Runnable whenClosed;
  private final Digester digester = new Digester(Digest.EMPTY);
  private long position;
  private @Nullable PipeException failure;
  private volatile boolean used;
  private volatile boolean finished;

  /**
   * A sink at the start of its stream.
   *
   * @param linger how long the peer may take to end its direction after ours
   * @param replies whether the way out belongs to the replies of the source
   * @param beforeEnd makes somebody listen to how the peer takes the end
   */
  RawSink(
      RawConnection connection,
      StreamId stream,
      BlockPool pool,
      Duration linger,
      boolean replies,
      Runnable beforeEnd,
      Runnable whenClosed) {
    super(new Commits(0));
    this.connection = connection;
    this.stream = stream;
    this.pool = pool;
    this.linger = linger;
    this.replies = replies;
    this.beforeEnd = beforeEnd;
    this.whenClosed = whenClosed;
  }

  /** Always its own position: a raw peer holds nothing beforehand. Never blocks. */
  @Override
  public Resume resume() throws PipeException {
    checkFree();
    return new Resume(position, null, digester.digest());
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    begin();
    return new BatchWriter(pool, Encoding.RAW, leastBytes == 0 ? BLOCK_BYTES : leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, position));
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    try (batch) {
      begin();
      if (batch.encoding() != Encoding.RAW) {
        throw new PipeException.Config(
            Status.FAILED_PRECONDITION,
            connection.where() + " takes bytes, and this batch holds messages");
      }
      if (batch.position() > position) {
        throw new IllegalArgumentException(
            batch + " leaves a gap: " + connection.where() + " is at " + position);
      }
      if (finished) {
        throw new IllegalStateException("the stream into " + connection.where() + " was finished");
      }
      if (failure != null) {
        throw failure;
      }
      ByteBuffer bytes = batch.bytes();
      long ownedBytes = Math.min(position - batch.position(), bytes.remaining());
      put(bytes.position(bytes.position() + (int) ownedBytes));
      return position;
    }
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    begin();
    if (failure != null) {
      throw failure;
    }
    if (finished) {
      return;
    }
    beforeEnd.run();
    try {
      connection.endOutput(linger);
      finished = true;
    } catch (IOException e) {
      throw failed(
          e,
          "after the end of the stream: all of its "
              + position
              + " bytes were handed to the system, and nothing tells how many the peer has read");
    }
  }

  @Override
  public void close() {
    whenClosed.run();
  }

  /** Whether somebody began to write. */
  boolean used() {
    return used;
  }

  /** Whether the stream was ended in good order. */
  boolean finished() {
    return finished;
  }

  /** Nothing more will be committed. */
  void fail(PipeException why) {
    commits.fail(why);
  }

  private void checkFree() throws PipeException {
    if (replies) {
      throw new PipeException.Config(
          connection.where()
              + ": its way out belongs to the replies; leave out reply= to write there yourself");
    }
  }

  private void begin() throws PipeException, InterruptedException {
    checkFree();
    used = true;
    if (failure == null) {
      connection.await();
    }
  }

  private void put(ByteBuffer bytes) throws PipeException, InterruptedException {
    ByteBuffer written = bytes.duplicate();
    try {
      connection.write(bytes);
    } catch (IOException e) {
      account(written.limit(bytes.position()));
      connection.awaitReader(RawConnection.LAST_WORDS);
      throw failed(
          e,
          "at position "
              + position
              + ": so many bytes were handed to the system, and nothing tells how many of them the"
              + " peer has read; a raw stream cannot be resumed");
    }
    account(written);
  }

  private void account(ByteBuffer written) {
    digester.update(written);
    position += written.remaining();
    commits.advance(position);
  }

  private PipeException failed(IOException error, String lost) throws InterruptedException {
    connection.onBroken(error);
    PipeException why = connection.toException(error, lost);
    failure = why;
    commits.fail(why);
    return why;
  }
}
