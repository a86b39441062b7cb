package io.hostpipe.connector.kafka;

import io.hostpipe.StreamId;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether batches that Hostpipe wrote follow on each other: each says how far its stream had got,
 * and behind what it stands. One at the very beginning of a stream may come at any time: its place
 * was forgotten, and it was begun anew.
 *
 * <p>Thread rule: one thread.
 */
final class Continuity {
  private static final int STREAMS_MAX = 1_000;

  private final LinkedHashMap<StreamId, Long> positions = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Looks at the end of the next batch.
   *
   * @return the position behind which something is missing; -1 when nothing is
   */
  long next(@Nullable Place place) {
    if (place == null) {
      return -1;
    }
    Long before = positions.put(place.stream(), place.held().position());
    if (positions.size() > STREAMS_MAX) {
      positions.pollFirstEntry();
    }
    boolean gap = before != null && place.follows() != 0 && place.follows() != before;
    return gap ? before : -1;
  }
}
