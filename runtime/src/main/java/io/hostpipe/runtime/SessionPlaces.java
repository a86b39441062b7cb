package io.hostpipe.runtime;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.Carriers;
import io.hostpipe.spi.PipeContext;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;

/**
 * The ports and socket files that this process listens on: pipes of many names share one.
 *
 * <p>A place is opened by its first listener and closed when the last pipe of its last listener is
 * over. Thread rule: any thread.
 */
public final class SessionPlaces {
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Object, SessionPort> open = new HashMap<>();

  /** Opens one place. */
  public interface Opening {
    /** Begins to listen there. */
    LinkListener open() throws PipeException;
  }

  /**
   * Listens for a name.
   *
   * @param place tells it from others
   * @param taken the same with the port that was really taken
   * @param opening of the place, when no name listens there yet
   */
  public Listener listen(
      Address address,
      String name,
      Object place,
      IntFunction<Object> taken,
      Opening opening,
      int backlog,
      PipeContext context,
      SessionOptions options)
      throws PipeException {
    lock.lock();
    try {
      SessionPort known = open.get(place);
      SessionPort port =
          known != null
              ? known
              : new SessionPort(opening.open(), options, context.pool(), context.events());
      if (known != null && !port.hasAccess(options.access())) {
        throw new PipeException.Config(
            address
                + ": this process listens there already with other tokens or limits; all pipes of"
                + " one place share them");
      }
      Object key = taken.apply(port.port());
      Address here = port.port() < 0 ? address : address.withPort(port.port());
      Carriers carriers = context.carriers();
      SessionListener listener;
      try {
        if (carriers != null && carriers.session() instanceof SessionListener first) {
          Sessions.checkJoins(name, first.name(), address.toString());
          listener = first;
        } else {
          listener = new SessionListener(name, here, context, options, backlog);
        }
        port.add(listener);
      } catch (PipeException e) {
        if (known == null) {
          port.close();
        }
        throw e;
      }
      listener.whenUnused(() -> remove(key, port, listener));
      if (known == null) {
        open.put(key, port);
        port.start();
      }
      if (carriers != null) {
        carriers.began(listener);
      }
      context.events().listening(here.toString());
      return here.equals(listener.address()) ? listener : new At(here, listener);
    } finally {
      lock.unlock();
    }
  }

  private void remove(Object place, SessionPort port, SessionListener listener) {
    lock.lock();
    try {
      if (port.remove(listener)) {
        open.remove(place, port);
        port.close();
      }
    } finally {
      lock.unlock();
    }
  }

  /** One of several places where the pipes of one listener come in. */
  private record At(Address address, SessionListener listener) implements Listener {
    @Override
    public Pipe accept() throws PipeException, InterruptedException {
      return listener.accept();
    }

    @Override
    public void close() {
      listener.close();
    }
  }
}
