package io.hostpipe.connector.tcp;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.AccessOptions;
import io.hostpipe.runtime.AccessOptions.Carrier;
import io.hostpipe.runtime.SessionEnds;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.SessionPlaces;
import io.hostpipe.runtime.Sessions;
import io.hostpipe.runtime.socket.HostPort;
import io.hostpipe.runtime.socket.TcpDialer;
import io.hostpipe.runtime.socket.TcpLinkListener;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;

/** {@code tcp} dials and {@code tcp-listen} waits: the session protocol over plain TCP. */
public final class TcpConnector implements Connector {
  private static final String DIALS = "tcp";
  private static final String LISTENS = "tcp-listen";

  private static final OptionSpec AUTH =
      OptionSpec.value("auth", "none", null, "let strangers off this host in, unprotected");

  private static final List<OptionSpec> DIAL_OPTIONS = SessionEnds.dialOptions();
  private static final List<OptionSpec> LISTEN_OPTIONS = SessionEnds.listenOptions(AUTH);

  private static final SessionPlaces PLACES = new SessionPlaces();

  @Override
  public Set<String> schemes() {
    return Set.of(DIALS, LISTENS);
  }

  @Override
  public Kind kind(String scheme) {
    return scheme.equals(DIALS) ? Kind.CONNECTS : Kind.LISTENS;
  }

  @Override
  public Carriage carriage(String scheme) {
    return Carriage.PLAIN;
  }

  @Override
  public String help(String scheme) {
    return scheme.equals(DIALS)
        ? "tcp://HOST:PORT/NAME dials a Hostpipe that listens there for NAME"
        : "tcp-listen://HOST:PORT/NAME waits for a Hostpipe that dials for NAME";
  }

  @Override
  public Capabilities capabilities(Address address) {
    return SessionEnds.CAPABILITIES;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return scheme.equals(DIALS) ? DIAL_OPTIONS : LISTEN_OPTIONS;
  }

  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    SessionOptions options = SessionEnds.options(address, options(address.scheme()), Carrier.PLAIN);
    HostPort.checkDialed(address);
    TcpDialer dialer = new TcpDialer(address.host(), HostPort.port(address));
    AccessOptions.tellWeakness(address, options, context);
    return Sessions.connect(address.path(), address.toString(), dialer, context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions options = SessionEnds.options(address, options(address.scheme()), Carrier.PLAIN);
    InetSocketAddress bind = bindAddress(address);
    int backlog = SessionEnds.backlog(address);
    AccessOptions.tellWeakness(address, options, context);
    return PLACES.listen(
        address,
        address.path(),
        bind,
        port -> new InetSocketAddress(bind.getAddress(), port),
        () -> TcpLinkListener.bind(bind, SessionEnds.queueLength(backlog), address.toString()),
        backlog,
        context,
        options);
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    SessionEnds.options(address, options(address.scheme()), Carrier.PLAIN);
    if (address.scheme().equals(LISTENS)) {
      InetSocketAddress bind = bindAddress(address);
      try (TcpLinkListener probe = TcpLinkListener.bind(bind, 1, address.toString())) {
        return "can listen on port " + probe.port();
      }
    }
    TcpDialer dialer = new TcpDialer(address.host(), HostPort.port(address));
    try (var link = dialer.dial()) {
      return link.peer() + " takes connections";
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  /**
   * Where to listen. Nothing protects a plain session, so off this host the user has to say that
   * this is meant.
   */
  private static InetSocketAddress bindAddress(Address address) throws PipeException {
    boolean isSaid = AccessOptions.saysWhoMayCome(address);
    InetSocketAddress bind = HostPort.bind(address);
    if (!isSaid && !bind.getAddress().isLoopbackAddress()) {
      String place = "://" + address.host() + ":" + HostPort.port(address) + "/" + address.path();
      throw new PipeException.Config(
          address
              + " would let anybody who reaches this host write and read, in the clear; say one of\n"
              + "  tls-listen"
              + place
              + "            encrypted; it says how the other host dials\n"
              + "  tcp-listen"
              + place
              + " tokens=FILE binding=none  for those who hold a token; readable on the way\n"
              + "  tcp-listen"
              + place
              + " auth=none  open to everybody: for networks that you trust");
    }
    return bind;
  }
}
