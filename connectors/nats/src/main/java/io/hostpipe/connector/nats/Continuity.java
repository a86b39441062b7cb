package io.hostpipe.connector.nats;

import io.hostpipe.StreamId;
import org.jspecify.annotations.Nullable;

/**
 * Whether messages that Hostpipe wrote follow on each other: each says how far its stream had got.
 * One at the very beginning of a stream may come at any time: its subject was purged, and the
 * stream was begun anew.
 *
 * <p>Thread rule: one thread.
 */
final class Continuity {
  /** What a message is to those before it. */
  enum Finding {
    /** The next one, or one that says nothing. */
    NEXT,
    /** It was read already. */
    AGAIN,
    /** Something between the last one and this one is not there. */
    GAP
  }

  private @Nullable StreamId stream;
  private long position;

  /**
   * Looks at the next message.
   *
   * @param place that it carries; null for none
   */
  Finding next(@Nullable Place place) {
    if (place == null) {
      stream = null;
      return Finding.NEXT;
    }
    long end = place.held().position();
    boolean known = place.stream().equals(stream) && place.follows() > 0;
    if (known && (place.end() ? end < position : end <= position)) {
      return Finding.AGAIN;
    }
    boolean gap = known && place.follows() != position;
    stream = place.stream();
    position = end;
    return gap ? Finding.GAP : Finding.NEXT;
  }

  /** How far the stream of the last message had got behind it. */
  long position() {
    return position;
  }
}
