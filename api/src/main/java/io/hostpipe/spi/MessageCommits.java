package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;

/**
 * What a source of raw bytes implements beside {@link io.hostpipe.Source} to hear what became of
 * its messages when a {@link FramedSource} makes messages of its bytes.
 *
 * <p>Called on the thread that commits, in the order of the stream: each message is told once, as
 * committed or as refused, and only after the sink has committed what it is told of.
 */
public interface MessageCommits {
  /** A {@link FramedSource} makes messages of the bytes; called before the first read. */
  default void onFramed() {}

  /**
   * So many messages more are committed.
   *
   * @param count at least 1
   */
  void onMessagesCommitted(long count) throws PipeException;

  /** The next message was refused for good, and a commit has passed it. */
  default void onMessageRejected(Rejection why) throws PipeException {}
}
