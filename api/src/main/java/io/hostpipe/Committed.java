package io.hostpipe;

import java.util.List;

/**
 * How far a sink has got.
 *
 * @param position everything before it is committed, or rejected by name
 * @param rejected the messages below the position that were refused since the last answer
 */
public record Committed(long position, List<Rejected> rejected) {
  public Committed {
    rejected = List.copyOf(rejected);
  }

  /**
   * One refused message.
   *
   * @param endPosition the position just behind the message
   * @param why the cause
   */
  public record Rejected(long endPosition, Rejection why) {}
}
