package io.hostpipe.examples;

import io.hostpipe.Committed;
import io.hostpipe.Pipe;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Sending without waiting for each commit, and hearing of all of them. */
public final class AsyncCommits {
  private AsyncCommits() {}

  /**
   * Sends all of these; the window is the only thing that holds this back.
   *
   * @return completes with the number of messages that the peer refused, when it has dealt with all
   */
  static CompletableFuture<Integer> send(Pipe pipe, List<byte[]> messages)
      throws IOException, InterruptedException {
    AtomicInteger refused = new AtomicInteger();
    CompletableFuture<?> last = CompletableFuture.completedFuture(null);
    for (byte[] message : messages) {
      last =
          pipe.send(message)
              .whenCommitted()
              .thenAccept(committed -> refused.addAndGet(count(committed)))
              .toCompletableFuture();
    }
    return last.thenApply(_ -> refused.get()); // commits are cumulative: the last stands for all
  }

  /** Each refusal is told once, with the first answer that passes it. */
  private static int count(Committed committed) {
    return committed.rejected().size();
  }
}
