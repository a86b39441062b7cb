package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.Holdings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * What the places hold that a command writes into: of each stream as much as the one that has the
 * least. A peer may ask before they are open, since listening comes first; then he waits for that.
 * Thread rule: any thread.
 */
final class HeldByPlaces implements Holdings {
  private final CompletableFuture<List<Target>> places = new CompletableFuture<>();

  /** The places are open; what is no store forgets its streams, and makes this empty. */
  void opened(List<Target> targets) {
    places.complete(List.copyOf(targets));
  }

  /** They will not be opened any more. Nothing when they are. */
  void closed() {
    places.completeExceptionally(
        new PipeException.Closed(Status.CANCELLED, "this command ended before it began"));
  }

  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    Resume least = null;
    for (Target each : open()) {
      Resume here = each.held(stream);
      if (here == null) {
        return null;
      }
      if (least == null || here.position() < least.position()) {
        least = here;
      }
    }
    return least;
  }

  @Override
  public List<StreamId> heldStreams() throws PipeException {
    List<StreamId> common = null;
    for (Target each : open()) {
      if (common == null) {
        common = new ArrayList<>(each.heldStreams());
      } else {
        common.retainAll(each.heldStreams());
      }
    }
    return common == null ? List.of() : common;
  }

  private List<Target> open() throws PipeException {
    try {
      return places.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof PipeException why
          ? why
          : new PipeException.Closed(Status.INTERNAL, "no place was opened: " + e.getCause(), e);
    }
  }
}
