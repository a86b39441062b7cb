package io.hostpipe.connector.rabbitmq;

import io.hostpipe.StreamId;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether messages that Hostpipe wrote follow on each other: each says how far its writer had got,
 * and what it follows. Many writers may lie between each other.
 *
 * <p>Thread rule: one thread.
 */
final class StreamContinuity {
  /** What a message is to those before it. */
  enum Finding {
    /** The next one, or one that says nothing. */
    NEXT,
    /** It was read already. */
    AGAIN,
    /** Something between the last one and this one is not there. */
    GAP
  }

  private static final int WRITERS_MAX = 1_000;

  private final LinkedHashMap<StreamId, StreamPlace> newest = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Looks at the next message.
   *
   * @param place that it carries; null for none
   */
  Finding next(@Nullable StreamPlace place) {
    if (place == null) {
      return Finding.NEXT;
    }
    StreamPlace before = newest.get(place.stream());
    if (before != null && place.follows() > 0 && place.publishingId() <= before.publishingId()) {
      return Finding.AGAIN;
    }
    newest.put(place.stream(), place);
    if (newest.size() > WRITERS_MAX) {
      newest.pollFirstEntry();
    }
    boolean gap =
        before != null && place.follows() > 0 && place.follows() != before.held().position();
    return gap ? Finding.GAP : Finding.NEXT;
  }

  /** How far the writer of this message had got before; 0 when that is not known. */
  long positionBefore(StreamPlace place) {
    StreamPlace before = newest.get(place.stream());
    return before == null ? 0 : before.held().position();
  }
}
