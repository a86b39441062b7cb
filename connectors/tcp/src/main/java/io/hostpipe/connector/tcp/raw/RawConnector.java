package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Guarantee;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.socket.SocketLink;
import io.hostpipe.runtime.socket.TcpDialer;
import io.hostpipe.runtime.socket.TcpLinkListener;
import io.hostpipe.runtime.socket.UnixDialer;
import io.hostpipe.runtime.socket.UnixLinkListener;
import io.hostpipe.runtime.socket.UnixPath;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;

/**
 * {@code raw+tcp}, {@code raw+unix} and their {@code -listen}: bytes to and from any program that
 * opens a socket, without a protocol of ours.
 */
public final class RawConnector implements Connector {
  private static final String TCP = "raw+tcp";
  private static final String TCP_LISTEN = "raw+tcp-listen";
  private static final String UNIX = "raw+unix";
  private static final String UNIX_LISTEN = "raw+unix-listen";

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          false,
          false,
          false,
          false,
          false,
          true,
          "a raw peer confirms nothing and nothing is sent again: what was handed to the system may"
              + " not reach its program, and a sender that was killed may look like one that has"
              + " finished",
          Guarantee.AT_MOST_ONCE);

  @Override
  public Set<String> schemes() {
    return Set.of(TCP, TCP_LISTEN, UNIX, UNIX_LISTEN);
  }

  @Override
  public Kind kind(String scheme) {
    return listens(scheme) ? Kind.LISTENS : Kind.CONNECTS;
  }

  @Override
  public String help(String scheme) {
    return switch (scheme) {
      case TCP -> "raw+tcp://HOST:PORT dials any program that listens there (nc, socat, a server)";
      case TCP_LISTEN -> "raw+tcp-listen://HOST:PORT takes any program's connection";
      case UNIX -> "raw+unix:///PATH connects to any program that listens at that socket";
      default -> "raw+unix-listen:///PATH makes that socket and takes any program's connection";
    };
  }

  @Override
  public Capabilities capabilities(Address address) {
    return CAPABILITIES;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return RawOptions.specs(listens(scheme), local(scheme));
  }

  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    RawOptions options = options(address);
    RawEnds.check(address, context, options);
    if (local(address.scheme())) {
      UnixDialer dialer = new UnixDialer(UnixPath.of(address));
      return RawEnds.dialed(dialer::dial, dialer.peer(), address, context, options);
    }
    TcpDialer dialer = tcpDialer(address);
    return RawEnds.dialed(dialer::dial, dialer.peer(), address, context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    RawOptions options = options(address);
    RawEnds.check(address, context, options);
    RawListener listener =
        local(address.scheme())
            ? listenLocally(address, context, options)
            : listenOnPort(address, context, options);
    context.events().listening(listener.address().toString());
    return listener;
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    RawOptions options = options(address);
    OptionValues.checkNames(address, options(address.scheme()), asSource);
    boolean local = local(address.scheme());
    if (listens(address.scheme())) {
      if (local) {
        return UnixLinkListener.check(UnixPath.of(address), address.toString());
      }
      InetSocketAddress bind = bindAddress(address);
      try (var probe = TcpLinkListener.bind(bind, options.backlog(), address.toString())) {
        return "can listen on port " + probe.port() + openness(bind.getAddress());
      }
    }
    try (SocketLink link =
        local ? new UnixDialer(UnixPath.of(address)).dial() : tcpDialer(address).dial()) {
      return link.peer() + " takes connections";
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  private static RawListener listenLocally(Address address, PipeContext context, RawOptions options)
      throws PipeException {
    UnixLinkListener links =
        UnixLinkListener.bind(UnixPath.of(address), options.backlog(), address.toString());
    return new RawListener(links::accept, links::close, address, context, options);
  }

  private static RawListener listenOnPort(Address address, PipeContext context, RawOptions options)
      throws PipeException {
    InetSocketAddress bind = bindAddress(address);
    TcpLinkListener links = TcpLinkListener.bind(bind, options.backlog(), address.toString());
    String openness = openness(bind.getAddress());
    if (!openness.isEmpty()) {
      context.events().warning(address.withPort(links.port()) + openness);
    }
    return new RawListener(
        links::accept, links::close, address.withPort(links.port()), context, options);
  }

  private static RawOptions options(Address address) throws PipeException {
    return RawOptions.of(address, listens(address.scheme()), local(address.scheme()));
  }

  private static TcpDialer tcpDialer(Address address) throws PipeException {
    if (address.host().isEmpty()) {
      throw new PipeException.Config(address + ": whom to dial? as in raw+tcp://host:8080");
    }
    checkPort(address);
    if (address.port() == 0) {
      throw new PipeException.Config(address + ": nobody can be dialed at port 0; name the port");
    }
    return new TcpDialer(address.host(), address.port());
  }

  /**
   * Where to listen. Nothing protects a raw end, so without a host it is this host's loopback, and
   * every other place has to be spelled out.
   */
  private static InetSocketAddress bindAddress(Address address) throws PipeException {
    checkPort(address);
    InetSocketAddress bind =
        address.host().isEmpty()
            ? new InetSocketAddress(InetAddress.getLoopbackAddress(), address.port())
            : new InetSocketAddress(address.host(), address.port());
    if (bind.isUnresolved()) {
      throw new PipeException.Config(address + ": no such host: " + address.host());
    }
    return bind;
  }

  private static void checkPort(Address address) throws PipeException {
    if (address.port() < 0) {
      throw new PipeException.Config(
          address + ": which port? as in " + address.scheme() + "://host:8080");
    }
    if (!address.path().isEmpty()) {
      throw new PipeException.Config(
          address
              + ": a raw peer knows no names; leave out '/"
              + address.path()
              + "', or take tcp at both ends");
    }
  }

  private static String openness(InetAddress host) {
    return host.isLoopbackAddress()
        ? ""
        : ": anybody who reaches this host can connect, in the clear; raw ends cannot authenticate";
  }

  private static boolean listens(String scheme) {
    return scheme.equals(TCP_LISTEN) || scheme.equals(UNIX_LISTEN);
  }

  private static boolean local(String scheme) {
    return scheme.equals(UNIX) || scheme.equals(UNIX_LISTEN);
  }
}
