package io.hostpipe.runtime;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Takes the pipes of a listener, as many at a time as it is told, and hands each to its handler on
 * a thread of its own: platform threads for the first few, virtual ones for all beyond.
 *
 * <p>A pipe beyond the limit is not accepted, so its peer waits in the listener's backlog, and is
 * told to come again when that is full: what ten thousand peers can make this process hold is
 * bounded.
 *
 * <p>Thread rule: {@link #run} on one thread; {@link #close} from any.
 */
public final class AcceptLoop implements AutoCloseable {
  /** What is done with a pipe. */
  @FunctionalInterface
  public interface Handler {
    /** Does all that is to be done with the pipe, which is closed afterwards. Throws nothing. */
    void handle(Pipe pipe);
  }

  private final Listener listener;
  private final int pipeCountMax;
  private final Handler handler;
  private final Semaphore places;
  private volatile boolean closed;

  /** The last stream that could not be taken. The runner's thread. */
  private PipeException.@Nullable DataLoss lastLoss;

  /**
   * A loop that has not begun.
   *
   * @param listener owned by the loop from here on
   * @param pipeCountMax how many pipes may be handled at a time; 1 takes one after another
   */
  public AcceptLoop(Listener listener, int pipeCountMax, Handler handler) {
    if (pipeCountMax < 1) {
      throw new IllegalArgumentException("at least one pipe at a time, not " + pipeCountMax);
    }
    this.listener = listener;
    this.pipeCountMax = pipeCountMax;
    this.handler = handler;
    this.places = new Semaphore(pipeCountMax);
  }

  /**
   * Takes pipes until it is closed, or until the listener says that no more will come. Blocks until
   * the last pipe has been handled.
   *
   * @throws PipeException what ended the listener, if something did; or DataLoss when the stream of
   *     one who came was damaged here, which ended nothing for the others
   */
  public void run() throws PipeException, InterruptedException {
    try {
      while (!closed) {
        Pipe pipe = takeOne();
        if (pipe == null) {
          break;
        }
        LinkThreads.relay(() -> handle(pipe));
      }
    } finally {
      listener.close();
      awaitHandled();
    }
    PipeException.DataLoss loss = lastLoss;
    if (loss != null) {
      throw loss;
    }
  }

  /** Takes no further pipes; those that were taken go on. Idempotent. */
  @Override
  public void close() {
    closed = true;
    listener.close();
  }

  /** With a place for it. */
  private @Nullable Pipe takeOne() throws PipeException, InterruptedException {
    places.acquire();
    Pipe pipe = null;
    try {
      pipe = nextPipe();
      return pipe;
    } finally {
      if (pipe == null) {
        places.release();
      }
    }
  }

  private @Nullable Pipe nextPipe() throws PipeException, InterruptedException {
    while (!closed) {
      try {
        return listener.accept();
      } catch (PipeException.DataLoss e) {
        if (e.equals(lastLoss)) {
          // The same once more is no other peer's: it has ended the listener.
          throw e;
        }
        lastLoss = e;
      } catch (PipeException.Closed e) {
        if (closed || e.status() == Status.OK) {
          return null;
        }
        throw e;
      }
    }
    return null;
  }

  private void handle(Pipe pipe) {
    try (pipe) {
      handler.handle(pipe);
    } finally {
      places.release();
    }
  }

  /** An interrupt does not shorten this: pipes that are handled are nobody's else. */
  private void awaitHandled() {
    places.acquireUninterruptibly(pipeCountMax);
  }
}
