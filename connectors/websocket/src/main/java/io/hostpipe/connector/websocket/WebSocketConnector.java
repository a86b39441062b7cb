package io.hostpipe.connector.websocket;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code ws} and {@code wss} dial, {@code ws-listen} and {@code wss-listen} wait: the session
 * protocol in the messages of WebSocket, for networks that let nothing else pass.
 */
public final class WebSocketConnector implements Connector {
  static final int PORT = 80;
  static final int PORT_TLS = 443;

  static final TlsSchemes SCHEMES = new TlsSchemes("wss", "ws");

  private static final String DIALS = "ws";
  private static final String DIALS_TLS = "wss";
  private static final String LISTENS = "ws-listen";
  private static final String LISTENS_TLS = "wss-listen";

  private static final OptionSpec NAME =
      OptionSpec.value(
          "name", "NAME", "the path", "the pipe's name, where a proxy on the way changes the path");

  private static final OptionSpec PROXY =
      OptionSpec.value(
          HttpProxy.OPTION,
          "http://HOST:PORT|none",
          "as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say",
          "go through this HTTP proxy");

  private static final OptionSpec HEADER =
      OptionSpec.value(
              "header", "'NAME: VALUE'", null, "say this too, to whoever stands before the pipe")
          .repeated();

  private static final OptionSpec ORIGIN =
      OptionSpec.value(
              "origin", "https://HOST|*", null, "pages of a browser that may open pipes here")
          .repeated();

  private static final OptionSpec AUTH =
      OptionSpec.value("auth", "none", null, "let strangers off this host in, unprotected");

  private static final OptionSpec AUTH_TLS =
      OptionSpec.value("auth", "none", null, "let in whoever reaches the port, encrypted");

  private static final Map<String, List<OptionSpec>> OPTIONS =
      Map.of(
          DIALS,
          SessionEnds.dialOptions(NAME, PROXY, HEADER),
          DIALS_TLS,
          SessionEnds.dialOptions(with(TlsOptions.dialOptions(), NAME, PROXY, HEADER)),
          LISTENS,
          SessionEnds.listenOptions(ORIGIN, AUTH),
          LISTENS_TLS,
          SessionEnds.listenOptions(with(TlsOptions.listenOptions(), ORIGIN, AUTH_TLS)));

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
      case DIALS ->
          "ws://HOST:PORT/NAME dials a Hostpipe that listens there for NAME, over WebSocket";
      case DIALS_TLS -> "wss://HOST:PORT/NAME does so over WebSocket and TLS";
      case LISTENS -> "ws-listen://HOST:PORT/NAME waits for a Hostpipe that dials over WebSocket";
      default -> "wss-listen://HOST:PORT/NAME waits so, encrypted; says how to dial it";
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
    WebSocketDialer dialer = dialer(address, options);
    AccessOptions.tellWeakness(address, options, context);
    return Sessions.connect(dialer.name(), address.toString(), dialer, context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions said = SessionEnds.options(address, options(address.scheme()), carrier(address));
    InetSocketAddress bind = bind(address);
    Invitation invitation = invitation(address, bind, true);
    SessionOptions options = invitation == null ? said : invitation.guarded(said);
    int backlog = SessionEnds.backlog(address);
    TlsServer tls = tlsServer(address, context.events());
    AccessOptions.tellWeakness(address, options, context);
    List<String> origins = address.optionValues(ORIGIN.name());
    Map<String, String> words = tls == null ? Map.of() : TlsOptions.words(address);
    Upgrade upgrade = new Upgrade(tls == null ? DIALS : DIALS_TLS, origins);
    Listener listener =
        PLACES.listen(
            address,
            address.path(),
            new Place(bind, tls != null, words, origins),
            port ->
                new Place(
                    new InetSocketAddress(bind.getAddress(), port), tls != null, words, origins),
            () ->
                new WebSocketLinkListener(
                    TcpLinkListener.bind(
                        bind, SessionEnds.queueLength(backlog), address.toString()),
                    tls,
                    upgrade),
            backlog,
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
      try (TcpLinkListener probe = TcpLinkListener.bind(bind, 1, address.toString())) {
        return "can listen on port "
            + probe.port()
            + (tls == null ? "" : " as " + tls.description());
      }
    }
    WebSocketDialer dialer = dialer(address, options);
    try (var _ = dialer.dial()) {
      return dialer.peer() + " opens WebSockets for " + Upgrade.PROTOCOL;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  private static WebSocketDialer dialer(Address address, SessionOptions options)
      throws PipeException {
    HostPort.checkDialed(address);
    boolean secure = address.scheme().equals(DIALS_TLS);
    int port = port(address);
    TlsClient tls =
        secure
            ? new TlsClient(
                TlsOptions.of(address),
                address.host(),
                port,
                address.toString(),
                options.handshake())
            : null;
    return new WebSocketDialer(
        address.host(),
        port,
        address.path(),
        Objects.requireNonNullElse(address.option(NAME.name()), address.path()),
        fields(address),
        tls,
        HttpProxy.of(address, secure, System.getenv()),
        secure ? TlsOptions.words(address) : Map.of(),
        options.handshake(),
        address.toString());
  }

  /** What the address adds to the head of the request. */
  private static List<String> fields(Address address) throws PipeException {
    List<String> fields = new ArrayList<>();
    String userInfo = address.userInfo();
    if (userInfo != null) {
      fields.add("Authorization: " + Request.basic(userInfo));
    }
    for (String field : address.optionValues(HEADER.name())) {
      if (!field.matches("[A-Za-z0-9-]+:[\\x20-\\x7E]*")) {
        throw new PipeException.Config(
            address + ": header= is a name, a colon and a value, as in header='X-Site: 7'");
      }
      fields.add(field);
    }
    return fields;
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

  /** What goes without saying at an address of the web. */
  private static int port(Address address) {
    boolean secure = address.scheme().startsWith(DIALS_TLS);
    return address.port() >= 0 ? address.port() : secure ? PORT_TLS : PORT;
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
    InetSocketAddress bind = HostPort.bind(address.withPort(port(address)));
    if (address.scheme().equals(LISTENS) && !isSaid && !bind.getAddress().isLoopbackAddress()) {
      String place = "://" + address.host() + ":" + port(address) + "/" + address.path();
      throw new PipeException.Config(
          address
              + " would let anybody who reaches this host write and read, in the clear; say one of\n"
              + "  wss-listen"
              + place
              + "            encrypted; it says how the other host dials\n"
              + "  ws-listen"
              + place
              + " tokens=FILE binding=none  for those who hold a token; readable on the way\n"
              + "  ws-listen"
              + place
              + " auth=none  open to everybody: for networks that you trust\n"
              + "or let a proxy on this host end TLS, and listen on 127.0.0.1");
    }
    return bind;
  }

  private static OptionSpec[] with(List<OptionSpec> options, OptionSpec... more) {
    return Stream.concat(options.stream(), Stream.of(more)).toArray(OptionSpec[]::new);
  }

  /** A port and how it is protected: names that share a port share both. */
  private record Place(
      InetSocketAddress bind, boolean secure, Map<String, String> words, List<String> origins) {}
}
