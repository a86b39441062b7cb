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
import io.hostpipe.runtime.tls.Invitation;
import io.hostpipe.runtime.tls.TlsClient;
import io.hostpipe.runtime.tls.TlsOptions;
import io.hostpipe.runtime.tls.TlsSchemes;
import io.hostpipe.runtime.tls.TlsServer;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** {@code tls} dials and {@code tls-listen} waits: the session protocol over TLS 1.3. */
public final class TlsConnector implements Connector {
  static final TlsSchemes SCHEMES = new TlsSchemes("tls", "tcp");

  private static final String DIALS = "tls";
  private static final String LISTENS = "tls-listen";

  private static final OptionSpec AUTH =
      OptionSpec.value("auth", "none", null, "let in whoever reaches the port, encrypted");

  private static final List<OptionSpec> DIAL_OPTIONS =
      SessionEnds.dialOptions(TlsOptions.dialOptions().toArray(OptionSpec[]::new));

  private static final List<OptionSpec> LISTEN_OPTIONS =
      SessionEnds.listenOptions(
          Stream.concat(TlsOptions.listenOptions().stream(), Stream.of(AUTH))
              .toArray(OptionSpec[]::new));

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
    return Carriage.ENCRYPTED;
  }

  @Override
  public String help(String scheme) {
    return scheme.equals(DIALS)
        ? "tls://HOST:PORT/NAME dials a Hostpipe that listens there for NAME, encrypted"
        : "tls-listen://HOST:PORT/NAME waits for a Hostpipe that dials for NAME, encrypted; says"
            + " how";
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
    SessionOptions options = SessionEnds.options(address, DIAL_OPTIONS, Carrier.TLS);
    HostPort.checkDialed(address);
    AccessOptions.tellWeakness(address, options, context);
    return Sessions.connect(
        address.path(), address.toString(), dialer(address, options), context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions said = SessionEnds.options(address, LISTEN_OPTIONS, Carrier.TLS);
    InetSocketAddress bind = HostPort.bind(address);
    TlsOptions security = TlsOptions.of(address);
    Invitation invitation = Invitation.of(address, bind, security, true);
    SessionOptions options = invitation.guarded(said);
    int backlog = SessionEnds.backlog(address);
    TlsServer server = new TlsServer(security, address.toString(), context.events());
    AccessOptions.tellWeakness(address, options, context);
    Map<String, String> words = TlsOptions.words(address);
    Listener listener =
        PLACES.listen(
            address,
            address.path(),
            new Place(bind, words),
            port -> new Place(new InetSocketAddress(bind.getAddress(), port), words),
            () -> new TlsLinkListener(sockets(bind, backlog, address), server),
            backlog,
            context,
            options);
    invitation.tell(DIALS, listener.address(), server.identity(), context);
    return listener;
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    SessionOptions options = SessionEnds.options(address, options(address.scheme()), Carrier.TLS);
    if (address.scheme().equals(LISTENS)) {
      InetSocketAddress bind = HostPort.bind(address);
      TlsOptions security = TlsOptions.of(address);
      Invitation.of(address, bind, security, false);
      TlsServer server = new TlsServer(security, address.toString(), PipeEvents.SILENT);
      try (TcpLinkListener probe = TcpLinkListener.bind(bind, 1, address.toString())) {
        return "can listen on port " + probe.port() + " as " + server.description();
      }
    }
    HostPort.checkDialed(address);
    try (var link = dialer(address, options).dial()) {
      return link.peer() + " takes connections: " + link.description();
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  private static TlsDialer dialer(Address address, SessionOptions options) throws PipeException {
    int port = HostPort.port(address);
    TlsClient client =
        new TlsClient(
            TlsOptions.of(address), address.host(), port, address.toString(), options.handshake());
    return new TlsDialer(new TcpDialer(address.host(), port), client, TlsOptions.words(address));
  }

  private static TcpLinkListener sockets(InetSocketAddress bind, int backlog, Address address)
      throws PipeException {
    return TcpLinkListener.bind(bind, SessionEnds.queueLength(backlog), address.toString());
  }

  /** A port and how it is protected: names that share a port share both. */
  private record Place(InetSocketAddress bind, Map<String, String> words) {}
}
