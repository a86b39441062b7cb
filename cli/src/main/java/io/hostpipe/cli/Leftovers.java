package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.SpooledRelay;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolStream;
import java.util.List;

/**
 * What an earlier process of a receiving command took into the spool and did not deliver: it is on
 * its way again before anybody is listened to, since its sender may never come back.
 *
 * <p>A stream whose end is not here goes on with its sender. Up to there it is delivered to stores;
 * a peer behind a link would take the pause for the end of the pipe, and waits for the sender too.
 */
final class Leftovers {
  private Leftovers() {}

  /** Delivers all that can be; blocks. */
  static void deliver(PipePlan plan, Places places, Contexts contexts, Console console)
      throws PipeException, InterruptedException {
    Spool spool = contexts.spool();
    if (spool == null || !plan.source().isLink()) {
      return;
    }
    boolean toStores = plan.sinks().stream().noneMatch(End::isLink);
    for (StreamId stream : spool.heldStreams()) {
      SpoolStream held = spool.open(stream, plan.encoding());
      SpoolStream.Stats stats = held.stats();
      long restBytes = stats.written() - stats.released();
      if (stats.finished() ? stats.diskBytes() == 0 : restBytes == 0 || !toStores) {
        continue;
      }
      console.say(
          "delivering "
              + Quantity.groupedText(restBytes)
              + " bytes of the stream "
              + stream
              + ", which wait in the spool "
              + spool.folder());
      contexts.doubts().consider(held, plan);
      deliver(held, plan, places, contexts);
    }
  }

  private static void deliver(SpoolStream held, PipePlan plan, Places places, Contexts contexts)
      throws PipeException, InterruptedException {
    try (OpenEnds ends = new OpenEnds(plan, places, contexts)) {
      List<Sink> sinks = ends.sinks(held.stream(), held.encoding(), held);
      new SpooledRelay(null, held.sink(), held.source(false), sinks).run();
    } catch (PipeException.Closed e) {
      if (e.status() != Status.ABORTED || held.finished()) {
        throw e;
      }
      // Its end is still to come, with its sender.
    }
  }
}
