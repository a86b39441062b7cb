package io.hostpipe.connector.local;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Does on a thread that nobody can interrupt what an interrupt would leave half-done. */
final class OwnThread {
  private OwnThread() {}

  /** What is done. */
  interface IoAction {
    void run() throws IOException;
  }

  /** Blocks until it is done; an interrupt meanwhile is left for later. */
  static void run(String name, IoAction action) throws IOException {
    AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon(true)
            .name(name)
            .start(() -> {
              try {
                action.run();
              } catch (IOException | RuntimeException | Error e) {
                failed.set(e);
              }
            });
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (failed.get()) {
      case null -> {
        // It is done.
      }
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }
}
