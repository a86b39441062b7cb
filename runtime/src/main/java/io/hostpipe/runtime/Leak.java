package io.hostpipe.runtime;

import io.hostpipe.Hostpipe;
import io.hostpipe.spi.PipeEvents;
import java.lang.ref.Cleaner;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Finds a pipe whose user has lost it without closing it: says once where it was opened, and closes
 * it.
 *
 * <p>The place is the nearest frame of the stack that is not ours, which costs about three
 * microseconds to find; a whole stack trace would cost four times as much.
 *
 * <p>Thread rule: any thread.
 */
final class Leak implements Runnable {
  private static final Cleaner CLEANER =
      Cleaner.create(task -> {
        Thread thread = new Thread(task, "hostpipe-leaks");
        thread.setDaemon(true);
        return thread;
      });

  /** What stands between a user and the opening of a pipe. */
  private static final Set<String> OURS =
      Set.of(
          Leak.class.getName(),
          HeldPipe.class.getName(),
          Sessions.class.getName(),
          SessionListener.class.getName(),
          Hostpipe.class.getName());

  private static final String CONNECTORS = "io.hostpipe.connector.";
  private static final StackWalker STACK = StackWalker.getInstance();

  private final SessionPipe pipe;
  private final StackWalker.@Nullable StackFrame place;
  private final AtomicBoolean settled = new AtomicBoolean();
  private Cleaner.@Nullable Cleanable watch;

  Leak(SessionPipe pipe, StackWalker.@Nullable StackFrame place) {
    this.pipe = pipe;
    this.place = place;
  }

  /** Where the user's code asked for a pipe; null when everything on the stack is ours. */
  static StackWalker.@Nullable StackFrame placeOfCaller() {
    return STACK.walk(frames ->
        frames
            .filter(frame -> !OURS.contains(frame.getClassName()))
            .filter(frame -> !frame.getClassName().startsWith(CONNECTORS))
            .findFirst()
            .orElse(null));
  }

  /** From now on this is what the user may lose. Once, before it is shared. */
  void watch(Object held) {
    watch = CLEANER.register(held, this);
  }

  /** The user has closed it. */
  void closed() {
    Cleaner.Cleanable watching = watch;
    if (settled.compareAndSet(false, true) && watching != null) {
      watching.clean();
    }
  }

  /** The user has lost it, or has closed it. */
  @Override
  public void run() {
    if (settled.compareAndSet(false, true)) {
      tell(
          pipe.description()
              + ": this pipe was never closed; it was opened at "
              + (place == null ? "an unknown place" : place.toStackTraceElement())
              + ". It is closed now; use try (Pipe pipe = ...)");
      // The peer hears of it, and that may take a moment.
      Thread.ofVirtual().name("hostpipe-leak").start(pipe::close);
    }
  }

  private void tell(String text) {
    PipeEvents events = pipe.context.events();
    if (events.equals(PipeEvents.SILENT)) {
      System.getLogger("io.hostpipe").log(System.Logger.Level.WARNING, text);
    } else {
      events.warning(text);
    }
  }
}
