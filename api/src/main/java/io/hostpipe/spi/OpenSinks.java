package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sinks of one target, closed with it.
 *
 * <p>Thread rule: any thread.
 */
public final class OpenSinks implements AutoCloseable {
  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Sink> open = new HashSet<>();
  private boolean closed;

  /**
   * None is open yet.
   *
   * @param name of the target, in the words of the user
   */
  public OpenSinks(String name) {
    this.name = name;
  }

  /**
   * Takes in a sink that was opened, or closes it when the target was closed meanwhile.
   *
   * @return that sink
   */
  public <S extends Sink> S add(S sink) throws PipeException {
    lock.lock();
    try {
      if (!closed) {
        open.add(sink);
        return sink;
      }
    } finally {
      lock.unlock();
    }
    sink.close();
    throw new PipeException.Closed(Status.CANCELLED, name + " was closed on this side");
  }

  @Override
  public void close() {
    Set<Sink> sinks;
    lock.lock();
    try {
      closed = true;
      sinks = Set.copyOf(open);
      open.clear();
    } finally {
      lock.unlock();
    }
    sinks.forEach(Sink::close);
  }
}
