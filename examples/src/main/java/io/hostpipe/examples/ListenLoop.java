package io.hostpipe.examples;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.util.function.Consumer;

/** Section 2.1: accept in a loop, and a thread for each pipe. */
public final class ListenLoop {
  private ListenLoop() {}

  /** What is done with one pipe. */
  @FunctionalInterface
  interface Handler {
    void handle(Pipe pipe) throws IOException, InterruptedException;
  }

  /**
   * Serves until the listener is closed.
   *
   * @param failed hears of each pipe that broke: the others live on
   */
  static void serve(Listener listener, Handler handler, Consumer<Exception> failed)
      throws PipeException, InterruptedException {
    while (true) {
      Pipe pipe;
      try {
        pipe = listener.accept();
      } catch (PipeException.Closed e) {
        return; // by this program; every other failure is thrown, and ends the loop with its reason
      }
      Thread.ofVirtual().start(() -> handle(pipe, handler, failed));
    }
  }

  /** The same on a thread of its own; what fails is printed. */
  static void inBackground(Listener listener, Handler handler) {
    Thread.ofVirtual()
        .start(() -> {
          try {
            serve(listener, handler, e -> IO.println(e.getMessage()));
          } catch (IOException | InterruptedException e) {
            IO.println(e.getMessage());
          }
        });
  }

  private static void handle(Pipe accepted, Handler handler, Consumer<Exception> failed) {
    try (Pipe pipe = accepted) {
      handler.handle(pipe);
    } catch (IOException | RuntimeException e) {
      failed.accept(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failed.accept(e);
    }
  }
}
