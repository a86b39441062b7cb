package io.hostpipe;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where one stream comes from.
 *
 * <p>Thread rule: one thread reads and seeks; any thread commits and rejects, also while another is
 * blocked in a read; {@link #close} may come from any thread, wakes a blocked reader and is
 * idempotent.
 */
public interface Source extends AutoCloseable {
  /**
   * Whether it matters to the source when commits are told: a broker waits for them, a file does
   * not.
   */
  default boolean wantsCommits() {
    return true;
  }

  /**
   * The sink commits when the stream has ended, and not before: whoever holds what was read until
   * it is committed must not wait for that with a bounded window. Called before the first read.
   */
  default void commitsComeAtEnd() {}

  /**
   * Who moves this stream says by {@link #commit(long, Digest)} behind its end that the sink has
   * finished; until then the peer is not told that all of it arrived. Called before the first read.
   */
  default void confirmsEnd() {}

  /** The stream's id, the same for every try at the same stream. */
  StreamId stream();

  /**
   * As {@link #stream}, for a source whose stream is named by a peer: blocks until the peer was
   * met. Who keeps what comes under that name asks here.
   *
   * @throws PipeException what ended the pipe before it met one
   */
  default StreamId awaitStream() throws PipeException, InterruptedException {
    return stream();
  }

  /** Whether the stream is bytes or messages. */
  Encoding encoding();

  /**
   * Which incarnation of the stream's writer this is, given by the receiver and growing; 0 where
   * nobody counts. Known once {@link #stream} is; while batches are read it is that of the last
   * one, and may grow from one to the next. Any thread.
   */
  default long epoch() {
    return 0;
  }

  /** Whether {@link #seek} can go back to any position it has passed. */
  boolean replayable();

  /**
   * Goes to where a sink holds the stream; called before the first read.
   *
   * @return whether the bytes before the position were read again and agree with the digest; false
   *     means the stream is verified only from this position on
   * @throws PipeException DataLoss when the source has other bytes or fewer; Refused when it cannot
   *     seek
   */
  boolean seek(Resume from) throws PipeException, InterruptedException;

  /**
   * The next batch, which the caller owns and closes. Blocks.
   *
   * @return null when the stream ended in good order
   * @throws PipeException when it did not
   */
  @Nullable Batch read() throws PipeException, InterruptedException;

  /**
   * As {@link #read()}, for at most this long.
   *
   * @return the next batch, or null when none came in time or the stream ended; {@link #finished}
   *     tells which
   */
  @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException;

  /** Whether the stream ended in good order and was read to its end. */
  boolean finished();

  /** Everything before the position is committed; cumulative, so earlier calls are included. */
  void commit(long position) throws PipeException;

  /**
   * As {@link #commit(long)}, with the digest of what the sink really has, so that a peer can
   * compare it with what it sent.
   *
   * @param digest of the stream up to the position; null when the sink does not tell
   */
  default void commit(long position, @Nullable Digest digest) throws PipeException {
    commit(position);
  }

  /**
   * Everything before the position survives a loss of power here, in a spool, though the sink has
   * not committed it yet; cumulative. For most that is as good as a commit; a peer that asked for
   * more hears the difference.
   */
  default void durable(long position) throws PipeException {
    commit(position);
  }

  /**
   * As {@link #durable(long)}, behind the stream's end: the end survives a loss of power, too.
   *
   * @param digest of the stream up to the position as it was kept; null when nobody can tell
   */
  default void durable(long position, @Nullable Digest digest) throws PipeException {
    commit(position, digest);
  }

  /**
   * The message that ends at the position is refused for good. A later commit passes it: until then
   * nobody hears of it. Messages may be refused in any order.
   */
  void reject(long endPosition, Rejection why) throws PipeException;

  /**
   * Closes the source before its end, and tells a peer why, where there is one: that its stream
   * failed here, and not only that nobody reads it any more. Any thread.
   */
  default void abort(String reason) {
    close();
  }

  /** Releases what the source holds. What was not committed will come again where it can. */
  @Override
  void close();
}
