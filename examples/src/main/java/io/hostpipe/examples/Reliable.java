package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RetryPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Section 2.3: a client that dials again with backoff, and knows what has arrived.
 *
 * <table>
 *   <caption>The article's table of ACKs, and who does its work here</caption>
 *   <tr><td>send, start a timer</td><td>{@code send}: waits for room in the window, for no ACK</td></tr>
 *   <tr><td>answer with ACK</td><td>{@code message.commit()}: cumulative, with a position</td></tr>
 *   <tr><td>time out, send again</td><td>only on the next link, from the receiver's position</td></tr>
 *   <tr><td>ignore duplicates</td><td>what lies below the receiver's position is dropped</td></tr>
 *   <tr><td>retries used up</td><td>{@code PipeException.Unreachable}, never a silent return</td></tr>
 * </table>
 */
public final class Reliable {
  /** The bound of the delay doubles from 10 ms to 1 s; the delay is anywhere below it. */
  private static final RetryPolicy RETRY =
      new RetryPolicy(Duration.ofSeconds(10), 50, Duration.ofMillis(10), Duration.ofSeconds(1));

  private Reliable() {}

  /**
   * Sends numbered messages, and returns when the receiver has committed the last.
   *
   * @param told hears of each link that broke, and when the next try comes
   */
  static void send(String address, int count, Consumer<String> told)
      throws IOException, InterruptedException {
    PipeEvents events =
        new PipeEvents() {
          @Override
          public void linkDown(String peer, String reason, Duration retryIn) {
            told.accept(peer + ": " + reason + "; next try in " + retryIn.toMillis() + " ms");
          }
        };
    PipeContext context = PipeContext.messages(Hostpipe.pool()).withRetry(RETRY).withEvents(events);
    try (Pipe pipe = Hostpipe.connect(Address.parse(address), context)) {
      for (int number = 0; number < count; number++) {
        pipe.send(Integer.toString(number).getBytes(UTF_8));
      }
      pipe.sink().finish();
    }
  }
}
