package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Message;
import io.hostpipe.Pipe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Section 3.2: the article's BidirectionalPipe is {@link Pipe}.
 *
 * <table>
 *   <caption>Which is which</caption>
 *   <tr><td>{@code ReadChan() <-chan []byte}</td><td>{@link Pipe#messages}</td></tr>
 *   <tr><td>{@code WriteChan() chan<- []byte}</td><td>{@link Pipe#send}</td></tr>
 *   <tr><td>{@code Close() error}</td><td>{@link Pipe#close}, behind {@code sink().finish()}</td></tr>
 *   <tr><td>{@code select} over both</td><td>a virtual thread for each direction</td></tr>
 * </table>
 *
 * <p>Neither direction waits for the other: a full write side does not keep this from reading.
 */
public final class BothWays {
  private BothWays() {}

  /** Sends all of these and receives all that the other side sends, both at once. */
  static List<String> exchange(Pipe pipe, List<String> messages) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<List<String>> receiving = () -> receive(pipe);
      Future<List<String>> received = threads.submit(receiving);
      for (String text : messages) {
        pipe.send(text.getBytes(UTF_8));
      }
      pipe.sink().finish(); // ends this direction; the other goes on
      return received.get();
    }
  }

  private static List<String> receive(Pipe pipe) throws Exception {
    List<String> received = new ArrayList<>();
    for (Message message : pipe.messages()) {
      received.add(message.text());
      message.commit();
    }
    return received;
  }
}
