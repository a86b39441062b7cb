package io.hostpipe.storage.spool;

import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the writer does in a round, and whom it owes something afterwards.
 *
 * <p>A round first writes for all streams, then syncs for all, so that readers get what was written
 * as early as can be. Thread rule: the spool's writer.
 */
final class Rounds {
  private final Spool spool;
  private final PipeEvents events;
  private final LinkedHashSet<SpoolStream> starving = new LinkedHashSet<>();
  private final LinkedHashSet<SpoolStream> moved = new LinkedHashSet<>();
  private boolean saidFull;

  Rounds(Spool spool, PipeEvents events) {
    this.spool = spool;
    this.events = events;
  }

  /** Streams that have something to be written and no room for it. */
  Set<SpoolStream> starving() {
    return starving;
  }

  boolean isStarving() {
    return !starving.isEmpty();
  }

  /** Whether there is something to note when nothing else is to be done. */
  boolean wantsHint() {
    return !moved.isEmpty();
  }

  /** One round for these streams. */
  void move(List<SpoolStream> mine) throws IOException {
    for (SpoolStream each : mine) {
      if (each.write()) {
        starving.remove(each);
      } else {
        starving.add(each);
      }
    }
    for (SpoolStream each : mine) {
      each.sync();
      moved.add(each);
    }
    boolean freed = false;
    for (SpoolStream each : mine) {
      freed |= each.letGo();
    }
    tellRoom();
    if (freed && isStarving()) {
      spool.lookAgain();
    }
  }

  /** Notes how far everything is. */
  void hint() throws IOException {
    for (SpoolStream each : moved) {
      each.hint();
    }
    moved.clear();
  }

  /** The stream is not there any more. */
  void forget(SpoolStream stream) {
    starving.remove(stream);
    moved.remove(stream);
  }

  /** Nothing will be written any more. */
  void stop() {
    starving.clear();
    moved.clear();
  }

  private void tellRoom() {
    if (!isStarving() && saidFull) {
      saidFull = false;
      events.warning("the spool " + spool.folder() + " has room again, and goes on");
    } else if (isStarving() && !saidFull) {
      saidFull = true;
      events.warning(
          "the spool "
              + spool.folder()
              + " is full: "
              + starving.getFirst().log().shortage()
              + "; what comes in waits until the far side has taken something, or somebody makes"
              + " room");
    }
  }
}
