package io.hostpipe.connector.tcp;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.SessionListener;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.SessionPort;
import io.hostpipe.spi.PipeContext;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The ports that this process listens on: pipes of many names share one.
 *
 * <p>A port is opened by its first listener and closed when the last pipe of its last listener is
 * over. Thread rule: any thread.
 */
final class TcpPorts {
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<InetSocketAddress, SessionPort> ports = new HashMap<>();

  Listener listen(
      Address address,
      InetSocketAddress bind,
      int queueLength,
      int backlog,
      PipeContext context,
      SessionOptions options)
      throws PipeException {
    lock.lock();
    try {
      SessionPort port = ports.get(bind);
      boolean fresh = port == null;
      if (port == null) {
        port =
            new SessionPort(
                TcpLinkListener.bind(bind, queueLength, address.toString()),
                options.handshake(),
                context.pool(),
                context.events());
      }
      InetSocketAddress bound = new InetSocketAddress(bind.getAddress(), port.port());
      SessionPort shared = port;
      SessionListener[] made = new SessionListener[1];
      made[0] =
          new SessionListener(
              address.path(),
              address.withPort(port.port()),
              context,
              options,
              backlog,
              () -> remove(bound, shared, made[0]));
      try {
        port.add(made[0]);
      } catch (PipeException e) {
        if (fresh) {
          port.close();
        }
        throw e;
      }
      if (fresh) {
        ports.put(bound, port);
        port.start();
      }
      context.events().listening(made[0].address().toString());
      return made[0];
    } finally {
      lock.unlock();
    }
  }

  private void remove(InetSocketAddress bound, SessionPort port, SessionListener listener) {
    lock.lock();
    try {
      if (port.remove(listener)) {
        ports.remove(bound, port);
        port.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
