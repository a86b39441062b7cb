package io.hostpipe.connector.grpc;

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
import io.hostpipe.runtime.tls.Invitation;
import io.hostpipe.runtime.tls.TlsClient;
import io.hostpipe.runtime.tls.TlsOptions;
import io.hostpipe.runtime.tls.TlsServer;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code grpc} and {@code grpcs} dial, {@code grpc-listen} and {@code grpcs-listen} wait: the
 * session protocol over a gRPC stream, and over TLS where there is an s.
 */
public final class GrpcConnector implements Connector {
  private static final String DIALS = "grpc";
  private static final String DIALS_TLS = "grpcs";
  private static final String LISTENS = "grpc-listen";
  private static final String LISTENS_TLS = "grpcs-listen";

  private static final OptionSpec AUTH =
      OptionSpec.value("auth", "none", null, "let strangers off this host in, unprotected");

  private static final OptionSpec AUTH_TLS =
      OptionSpec.value("auth", "none", null, "let in whoever reaches the port, encrypted");

  private static final Map<String, List<OptionSpec>> OPTIONS =
      Map.of(
          DIALS,
          SessionEnds.dialOptions(),
          DIALS_TLS,
          SessionEnds.dialOptions(TlsOptions.dialOptions().toArray(OptionSpec[]::new)),
          LISTENS,
          SessionEnds.listenOptions(AUTH),
          LISTENS_TLS,
          SessionEnds.listenOptions(
              Stream.concat(TlsOptions.listenOptions().stream(), Stream.of(AUTH_TLS))
                  .toArray(OptionSpec[]::new)));

  private static final SessionPlaces PLACES = new SessionPlaces();

  @Override
  public Set<String> schemes() {
    return OPTIONS.keySet();
  }

  @Override
  public Kind kind(String scheme) {
    return listens(scheme) ? Kind.LISTENS : Kind.CONNECTS;
  }

  @Override
  public Carriage carriage(String scheme) {
    return scheme.startsWith(DIALS_TLS) ? Carriage.ENCRYPTED : Carriage.PLAIN;
  }

  @Override
  public String help(String scheme) {
    return switch (scheme) {
      case DIALS -> "grpc://HOST:PORT/NAME dials a Hostpipe that listens there for NAME, over gRPC";
      case DIALS_TLS -> "grpcs://HOST:PORT/NAME does so over gRPC and TLS";
      case LISTENS -> "grpc-listen://HOST:PORT/NAME waits for a Hostpipe that dials, or any client";
      default -> "grpcs-listen://HOST:PORT/NAME waits so, encrypted; says how to dial it";
    };
  }

  @Override
  public Capabilities capabilities(Address address) {
    return SessionEnds.CAPABILITIES;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return Objects.requireNonNull(OPTIONS.get(scheme), scheme);
  }

  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    SessionOptions options =
        SessionEnds.options(address, options(address.scheme()), carrier(address));
    GrpcDialer dialer = dialer(address, options);
    AccessOptions.tellWeakness(address, options, context);
    return Sessions.connect(address.path(), address.toString(), dialer, context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions said = SessionEnds.options(address, options(address.scheme()), carrier(address));
    InetSocketAddress bind = bind(address);
    Invitation invitation = invitation(address, bind, true);
    SessionOptions options = invitation == null ? said : invitation.guarded(said);
    int backlog = SessionEnds.backlog(address);
    TlsServer tls = tlsServer(address, context.events());
    tellWeakness(address, options, context);
    Map<String, String> words = tls == null ? Map.of() : TlsOptions.words(address);
    Listener listener =
        PLACES.listen(
            address,
            address.path(),
            new Place(bind, tls != null, words),
            port -> new Place(new InetSocketAddress(bind.getAddress(), port), tls != null, words),
            () ->
                GrpcLinkListener.bind(
                    bind, SessionEnds.queueLength(backlog), options, tls, address.toString()),
            backlog,
            context,
            options);
    GrpcLinkListener.serve(
        new InetSocketAddress(bind.getAddress(), listener.address().port()),
        address.path(),
        context,
        options);
    if (tls != null && invitation != null) {
      invitation.tell(DIALS_TLS, listener.address(), tls.identity(), context);
    }
    return listener;
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    SessionOptions options =
        SessionEnds.options(address, options(address.scheme()), carrier(address));
    if (listens(address.scheme())) {
      InetSocketAddress bind = bind(address);
      invitation(address, bind, false);
      TlsServer tls = tlsServer(address, PipeEvents.SILENT);
      try (GrpcLinkListener probe =
          GrpcLinkListener.bind(bind, 1, options, tls, address.toString())) {
        return "can listen on port "
            + probe.port()
            + (tls == null ? "" : " as " + tls.description());
      }
    }
    GrpcDialer dialer = dialer(address, options);
    try (var link = dialer.dial()) {
      String agreed = link.description();
      return link.peer() + " takes links" + (agreed.isEmpty() ? "" : ": " + agreed);
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  private static GrpcDialer dialer(Address address, SessionOptions options) throws PipeException {
    HostPort.checkDialed(address);
    int port = HostPort.port(address);
    boolean secure = address.scheme().equals(DIALS_TLS);
    TlsClient tls =
        secure
            ? new TlsClient(
                TlsOptions.of(address),
                address.host(),
                port,
                address.toString(),
                options.handshake())
            : null;
    Map<String, String> words = secure ? TlsOptions.words(address) : Map.of();
    return new GrpcDialer(address.host(), port, options, tls, words, address.toString());
  }

  private static @Nullable TlsServer tlsServer(Address address, PipeEvents events)
      throws PipeException {
    return address.scheme().equals(LISTENS_TLS)
        ? new TlsServer(TlsOptions.of(address), address.toString(), events)
        : null;
  }

  private static Carrier carrier(Address address) {
    return address.scheme().startsWith(DIALS_TLS) ? Carrier.TLS : Carrier.PLAIN;
  }

  private static boolean listens(String scheme) {
    return scheme.endsWith("-listen");
  }

  /** Over a plain connection, clients of the public service show the secret itself. */
  private static void tellWeakness(Address address, SessionOptions options, PipeContext context) {
    AccessOptions.tellWeakness(address, options, context);
    if (options.access().tokens() != null && carrier(address) == Carrier.PLAIN) {
      context
          .events()
          .warning(
              address
                  + ": clients of "
                  + PipesService.NAME
                  + " show their tokens as they are; whoever is between the two hosts learns them");
    }
  }

  /** Who may come over TLS; null without it. */
  private static @Nullable Invitation invitation(
      Address address, InetSocketAddress bind, boolean makes) throws PipeException {
    return address.scheme().equals(LISTENS_TLS)
        ? Invitation.of(address, bind, TlsOptions.of(address), makes)
        : null;
  }

  /** Where to listen. Off this host, nobody protects a plain port by oversight. */
  private static InetSocketAddress bind(Address address) throws PipeException {
    boolean isSaid = AccessOptions.saysWhoMayCome(address);
    InetSocketAddress bind = HostPort.bind(address);
    if (address.scheme().equals(LISTENS) && !isSaid && !bind.getAddress().isLoopbackAddress()) {
      String place = "://" + address.host() + ":" + HostPort.port(address) + "/" + address.path();
      throw new PipeException.Config(
          address
              + " would let anybody who reaches this host write and read, in the clear; say one of\n"
              + "  grpcs-listen"
              + place
              + "            encrypted; it says how the other host dials\n"
              + "  grpc-listen"
              + place
              + " tokens=FILE binding=none  for those who hold a token; readable on the way\n"
              + "  grpc-listen"
              + place
              + " auth=none  open to everybody: for networks that you trust\n"
              + "or let a proxy on this host end TLS, and listen on 127.0.0.1");
    }
    return bind;
  }

  /** A port and how it is protected: names that share a port share both. */
  private record Place(InetSocketAddress bind, boolean secure, Map<String, String> words) {}
}
