package io.hostpipe.connector.tcp;

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
import io.hostpipe.runtime.socket.UnixDialer;
import io.hostpipe.runtime.socket.UnixLinkListener;
import io.hostpipe.runtime.socket.UnixPath;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * {@code unix} connects and {@code unix-listen} waits: the session protocol over the sockets of one
 * host, which the rights of a file protect.
 */
public final class UnixConnector implements Connector {
  private static final String DIALS = "unix";
  private static final String LISTENS = "unix-listen";

  private static final OptionSpec NAME =
      OptionSpec.value("name", "NAME", null, "tells the pipes of one socket apart");

  private static final List<OptionSpec> DIAL_OPTIONS = SessionEnds.dialOptions(NAME);
  private static final List<OptionSpec> LISTEN_OPTIONS = SessionEnds.listenOptions(NAME);

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
        ? "unix:///PATH connects to a Hostpipe that listens at that socket of this host"
        : "unix-listen:///PATH makes that socket and waits there for a Hostpipe of this user";
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
    SessionOptions options = SessionEnds.options(address, DIAL_OPTIONS, Carrier.LOCAL);
    UnixDialer dialer = new UnixDialer(UnixPath.of(address));
    return Sessions.connect(name(address), address.toString(), dialer, context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions options = SessionEnds.options(address, LISTEN_OPTIONS, Carrier.LOCAL);
    Path path = UnixPath.of(address);
    Path place = path.toAbsolutePath().normalize();
    int backlog = SessionEnds.backlog(address);
    return PLACES.listen(
        address,
        name(address),
        place,
        port -> place,
        () -> UnixLinkListener.bind(path, SessionEnds.queueLength(backlog), address.toString()),
        backlog,
        context,
        options);
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    SessionEnds.options(address, options(address.scheme()), Carrier.LOCAL);
    Path path = UnixPath.of(address);
    if (address.scheme().equals(LISTENS)) {
      return UnixLinkListener.check(path, address.toString());
    }
    try (var link = new UnixDialer(path).dial()) {
      return link.peer() + " takes connections";
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  private static String name(Address address) {
    return Objects.requireNonNullElse(address.option("name"), "");
  }
}
