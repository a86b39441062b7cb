package io.hostpipe.connector.grpc;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.Dialer;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.tls.TlsClient;
import io.hostpipe.runtime.tls.TlsSide;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Dials one host and port; every address that the name has, in turn, on every try. */
final class GrpcDialer implements Dialer {
  private static final int CONNECT_TIMEOUT_MILLIS = 10_000;

  /** What a server answers that will answer the same tomorrow; the rest is tried again. */
  private static final Set<Status.Code> FINAL =
      EnumSet.of(
          Status.Code.UNIMPLEMENTED,
          Status.Code.UNAUTHENTICATED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.INVALID_ARGUMENT,
          Status.Code.FAILED_PRECONDITION);

  private final String host;
  private final int port;
  private final int windowBytes;
  private final Duration patience;
  private final @Nullable TlsClient tls;
  private final Map<String, String> words;
  private final String where;

  /**
   * A dialer with the options of a session: its window, and how long a greeting may take.
   *
   * @param tls null for plain connections
   * @param words what the address says of trust: links made under other words are other links
   * @param where the address for messages
   */
  GrpcDialer(
      String host,
      int port,
      SessionOptions options,
      @Nullable TlsClient tls,
      Map<String, String> words,
      String where) {
    this.where = where;
    this.tls = tls;
    this.words = words;
    this.host = host;
    this.port = port;
    this.windowBytes = Transport.windowBytes(options.windowBytes());
    this.patience = options.handshake();
  }

  @Override
  public DialedLink dial() throws IOException {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw new UnknownHostException("no such host: " + host);
    }
    TlsSide side = tls == null ? null : tls.side();
    IOException last = new ConnectException("no address of " + host + " could be dialed");
    for (InetAddress address : addresses) {
      try {
        return DialedLink.open(channelTo(address, side), side, peer(), patience);
      } catch (GrpcFailure e) {
        last = meaning(e, side);
        if (last instanceof PipeException) {
          throw last;
        }
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  @Override
  public String peer() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  @Override
  public Object peerKey() {
    return List.of(tls == null ? "grpc" : "grpcs", peer(), words);
  }

  /** What a failure is to the user: refused for good, or to be tried again. */
  private IOException meaning(GrpcFailure failure, @Nullable TlsSide side) {
    Throwable cause = failure.getCause();
    IOException ofTls = side == null || cause == null ? null : side.failedIn(cause, peer());
    if (ofTls != null) {
      return ofTls instanceof PipeException known
          ? new PipeException.Refused(known.status(), where + ": " + known.getMessage(), failure)
          : ofTls;
    }
    return FINAL.contains(failure.status().getCode()) ? refused(failure) : failure;
  }

  private PipeException refused(GrpcFailure failure) {
    Status.Code code = failure.status().getCode();
    String advice =
        code == Status.Code.UNIMPLEMENTED
            ? "; a gRPC server, but no Hostpipe's: it does not know " + Carrying.SERVICE
            : "";
    return new PipeException.Refused(
        io.hostpipe.Status.ofCode(code.value()),
        where + ": " + failure.getMessage() + advice,
        failure);
  }

  private ManagedChannel channelTo(InetAddress address, @Nullable TlsSide side) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(new InetSocketAddress(address, port));
    if (side == null) {
      builder.usePlaintext();
    } else {
      builder.sslContext(Engines.context(() -> side, true));
    }
    return builder
        .channelFactory(() -> watchedSocket(side != null))
        .overrideAuthority(peer())
        .eventLoopGroup(Transport.LOOPS)
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
        .flowControlWindow(windowBytes)
        .maxInboundMessageSize(Carrying.CHUNK_BYTES_MAX)
        .keepAliveTime(Transport.KEEPALIVE_NANOS, TimeUnit.NANOSECONDS)
        .keepAliveTimeout(Transport.KEEPALIVE_TIMEOUT_NANOS, TimeUnit.NANOSECONDS)
        // A link is dialed again by the session, under rules of its own.
        .disableRetry()
        .proxyDetector(target -> null)
        .directExecutor()
        .offloadExecutor(Runnable::run)
        .build();
  }

  private NioSocketChannel watchedSocket(boolean secured) {
    NioSocketChannel socket = new NioSocketChannel();
    socket.pipeline().addFirst(new EarlyCredit());
    if (secured) {
      socket.pipeline().addFirst(new DialedBytes(peer()));
    }
    return socket;
  }
}
