package io.hostpipe;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a sink has got.
 *
 * @param position everything before it is committed, or rejected by name
 * @param rejected the messages below the position that were refused since the last answer
 * @param digest of the stream up to the position as the sink has it; null when it does not tell
 */
public record Committed(long position, List<Rejected> rejected, @Nullable Digest digest) {
  public Committed {
    rejected = List.copyOf(rejected);
  }

  /** Without a digest. */
  public Committed(long position, List<Rejected> rejected) {
    this(position, rejected, null);
  }

  /**
   * One refused message.
   *
   * @param endPosition the position just behind the message
   * @param why the cause
   */
  public record Rejected(long endPosition, Rejection why) {}
}
