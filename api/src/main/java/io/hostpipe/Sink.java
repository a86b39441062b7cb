package io.hostpipe;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Where one stream goes.
 *
 * <p>Thread rule: one thread writes; another may await commits; {@link #close} may come from any
 * thread, wakes both and is idempotent.
 */
public interface Sink extends AutoCloseable {
  /** What this sink already holds of the stream. Blocks until it is known. */
  Resume resume() throws PipeException, InterruptedException;

  /**
   * The writer of this epoch is the valid one from here on. A sink that keeps positions keeps the
   * epoch with them, and refuses a writer that was replaced. Called before the first write, and
   * again between two writes when another writer goes on with the stream; not for epoch 0.
   *
   * @throws PipeException Refused when the sink knows of a later one
   */
  default void fence(long epoch) throws PipeException {}

  /**
   * A batch to fill, with room for at least so many bytes. Blocks while the window is full: this is
   * the backpressure. The caller owns it until {@link #write(BatchWriter)}.
   *
   * @param leastBytes room wanted; 0 takes the sink's default
   */
  BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException;

  /**
   * Hands over a filled batch; the sink owns it from here on, also when this throws.
   *
   * @return the position behind it
   */
  long write(BatchWriter batch) throws PipeException, InterruptedException;

  /**
   * Hands over a batch that came from a source, without copying; the sink owns it from here on,
   * also when this throws. What lies below the sink's own position is dropped.
   *
   * @return the position behind it
   */
  long write(Batch batch) throws PipeException, InterruptedException;

  /** What is committed now. Never blocks. Each rejection is told once, here or by an await. */
  Committed committed() throws PipeException;

  /** Blocks until everything before the position is committed or rejected. */
  Committed awaitCommitted(long position) throws PipeException, InterruptedException;

  /**
   * As {@link #awaitCommitted(long)}, for at most this long; the answer's position tells how far it
   * got.
   */
  Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException;

  /** As {@link #awaitCommitted(long)}, without blocking. */
  CompletionStage<Committed> whenCommitted(long position);

  /**
   * Whether nothing is committed before {@link #finish}: a program that is judged by its exit code.
   * Who waits for commits before it finishes such a sink waits for ever.
   */
  default boolean commitsAtEnd() {
    return false;
  }

  /**
   * Ends the stream: blocks until everything is committed and the far end has confirmed the end.
   */
  void finish() throws PipeException, InterruptedException;

  /**
   * Closes the sink before the stream's end, and tells a peer why, where there is one. Any thread.
   */
  default void abort(String reason) {
    close();
  }

  /** Releases the sink. Without a {@link #finish} before it, the stream is aborted. */
  @Override
  void close();
}
