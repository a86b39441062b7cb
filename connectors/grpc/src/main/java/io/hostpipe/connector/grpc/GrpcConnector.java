package io.hostpipe.connector.grpc;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.AccessOptions.Carrier;
import io.hostpipe.runtime.SessionEnds;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.SessionPlaces;
import io.hostpipe.runtime.Sessions;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;

/** {@code grpc} dials and {@code grpc-listen} waits: the session protocol over a gRPC stream. */
public final class GrpcConnector implements Connector {
  private static final String DIALS = "grpc";
  private static final String LISTENS = "grpc-listen";

  private static final int PORT_DEFAULT = 9000;
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
    return scheme.startsWith("grpcs") ? Carriage.ENCRYPTED : Carriage.PLAIN;
  }

  @Override
  public String help(String scheme) {
    return scheme.equals(DIALS)
        ? "grpc://HOST:PORT/NAME dials a Hostpipe that listens there for NAME"
        : "grpc-listen://HOST:PORT/NAME waits for a Hostpipe that dials for NAME";
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
    if (address.host().isEmpty()) {
      throw new PipeException.Config(address + ": whom to dial? as in grpc://host:9000/name");
    }
    if (address.port() == 0) {
      throw new PipeException.Config(address + ": nobody can be dialed at port 0; name the port");
    }
    GrpcDialer dialer = new GrpcDialer(address.host(), port(address), options);
    return Sessions.connect(address.path(), address.toString(), dialer, context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions options = SessionEnds.options(address, options(address.scheme()), Carrier.PLAIN);
    if (options.access().tokens() != null) {
      // Sessions would prove one, and clients of the public service would not be asked.
      throw new PipeException.Config(
          address
              + ": tokens= does not guard gRPC; listen with tls-listen where tokens are wanted");
    }
    InetSocketAddress bind = bindAddress(address);
    int backlog = SessionEnds.backlog(address);
    Listener listener =
        PLACES.listen(
            address,
            address.path(),
            bind,
            port -> new InetSocketAddress(bind.getAddress(), port),
            () ->
                GrpcLinkListener.bind(
                    bind,
                    SessionEnds.queueLength(backlog),
                    options.windowBytes(),
                    address.toString()),
            backlog,
            context,
            options);
    GrpcLinkListener.serve(
        new InetSocketAddress(bind.getAddress(), listener.address().port()),
        address.path(),
        context,
        options);
    return listener;
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    SessionOptions options = SessionEnds.options(address, options(address.scheme()), Carrier.PLAIN);
    if (address.scheme().equals(LISTENS)) {
      InetSocketAddress bind = bindAddress(address);
      try (GrpcLinkListener probe =
          GrpcLinkListener.bind(bind, 1, options.windowBytes(), address.toString())) {
        return "can listen on port " + probe.port();
      }
    }
    GrpcDialer dialer = new GrpcDialer(address.host(), port(address), options);
    try (var link = dialer.dial()) {
      return link.peer() + " takes links";
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  private static int port(Address address) {
    return address.port() < 0 ? PORT_DEFAULT : address.port();
  }

  /**
   * Where to listen. Nothing protects a plain session, so off this host the user has to say that
   * this is meant.
   */
  private static InetSocketAddress bindAddress(Address address) throws PipeException {
    String auth = address.option("auth");
    if (auth != null && !auth.equals("none")) {
      throw new PipeException.Config(address + ": auth can only be 'none' on a plain listener");
    }
    InetSocketAddress bind =
        address.host().isEmpty()
            ? new InetSocketAddress(port(address))
            : new InetSocketAddress(address.host(), port(address));
    if (bind.isUnresolved()) {
      throw new PipeException.Config(address + ": no such host: " + address.host());
    }
    InetAddress host = bind.getAddress();
    if (auth == null && !host.isLoopbackAddress()) {
      String place = "://" + address.host() + ":" + port(address) + "/" + address.path();
      throw new PipeException.Config(
          address
              + " would let anybody who reaches this host write and read, in the clear; say one of\n"
              + "  tls-listen"
              + place
              + "            encrypted and authenticated, without gRPC\n"
              + "  grpc-listen"
              + place
              + " auth=none  open to everybody: for networks that you trust");
    }
    return bind;
  }
}
