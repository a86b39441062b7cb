package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.socket.SocketLink;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** Takes raw connections, one pipe each; those that nobody accepts yet wait in the kernel. */
final class RawListener implements Listener {
  /** How long accepting rests after it failed, as when there are no descriptors left. */
  private static final Duration ACCEPT_REST = Duration.ofMillis(100);

  /** Takes the next connection. */
  interface Door {
    SocketLink accept() throws IOException;
  }

  private final Door door;
  private final Runnable closeDoor;
  private final Address address;
  private final PipeContext context;
  private final RawOptions options;
  private final AtomicBoolean closed = new AtomicBoolean();

  RawListener(
      Door door, Runnable closeDoor, Address address, PipeContext context, RawOptions options) {
    this.door = door;
    this.closeDoor = closeDoor;
    this.address = address;
    this.context = context;
    this.options = options;
  }

  @Override
  public Pipe accept() throws PipeException, InterruptedException {
    String told = "";
    while (true) {
      try {
        SocketLink link = door.accept();
        return RawEnds.accepted(link, address, context, options);
      } catch (ClosedByInterruptException e) {
        close();
        Thread.interrupted();
        throw new InterruptedException("interrupted while waiting for a peer at " + address);
      } catch (ClosedChannelException e) {
        throw new PipeException.Closed(
            Status.CANCELLED, address + " was closed on this side while it waited for a peer");
      } catch (PipeException e) {
        throw e;
      } catch (IOException e) {
        String reason = String.valueOf(e.getMessage());
        if (!reason.equals(told)) {
          told = reason;
          context.events().warning(address + ": cannot take a connection: " + reason + "; waiting");
        }
        LockSupport.parkNanos(ACCEPT_REST.toNanos());
      }
    }
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      closeDoor.run();
    }
  }
}
