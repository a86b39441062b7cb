package io.hostpipe.connector.tcp.raw;

import io.hostpipe.AckLevel;
import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.FirstLink;
import io.hostpipe.runtime.socket.SocketLink;
import io.hostpipe.spi.PipeContext;

/** Makes raw pipes, whichever socket they are over. */
final class RawEnds {
  private RawEnds() {}

  /** A pipe that is dialed until its connection stands; returns at once. */
  static Pipe dialed(
      FirstLink.Dial<SocketLink> dial,
      String peer,
      Address address,
      PipeContext context,
      RawOptions options)
      throws PipeException {
    RawConnection connection = new RawConnection(address.toString(), options.keepAlive());
    FirstLink<SocketLink> first =
        new FirstLink<>(dial, peer, connection.where(), context, connection);
    Pipe pipe = new RawPipe(connection, context, options, false, first::cancel);
    first.start();
    return pipe;
  }

  /** A pipe over a connection that was accepted. */
  static Pipe accepted(SocketLink link, Address address, PipeContext context, RawOptions options)
      throws PipeException {
    RawConnection connection = new RawConnection(address.toString(), options.keepAlive());
    Pipe pipe = new RawPipe(connection, context, options, true, () -> {});
    context.events().linkUp(link.peer(), 0);
    connection.onLink(link);
    return pipe;
  }

  /** Refuses here, before anything is opened, what a raw end cannot do. */
  static void check(Address address, PipeContext context, RawOptions options) throws PipeException {
    if (context.ack() == AckLevel.DURABLE) {
      throw new PipeException.Refused(
          Status.UNIMPLEMENTED,
          address + ": a raw peer acknowledges nothing, and so not that it keeps anything");
    }
    if (options.reply() != null && !context.receives()) {
      throw new PipeException.Config(
          address + ": reply= answers what is received, and this end only sends");
    }
    if (context.encoding() == Encoding.RECORDS && options.framing() == null) {
      throw new PipeException.Config(
          address + " carries bytes; say how messages are told apart in them, as in frame=lines");
    }
    if (context.encoding() == Encoding.RAW && options.framing() != null) {
      throw new PipeException.Config(
          address
              + ": frame= is for programs that read messages; the command has --frame "
              + options.framing());
    }
  }
}
