package io.hostpipe.connector.grpc;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.Dialer;
import io.hostpipe.runtime.SessionOptions;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

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

  /** A dialer with the options of a session: its window, and how long a greeting may take. */
  GrpcDialer(String host, int port, SessionOptions options) {
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
    IOException last = new ConnectException("no address of " + host + " could be dialed");
    for (InetAddress address : addresses) {
      try {
        return DialedLink.open(channelTo(address), peer(), patience);
      } catch (GrpcFailure e) {
        if (FINAL.contains(e.status().getCode())) {
          throw refused(e);
        }
        last = e;
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
    return "grpc " + peer();
  }

  private PipeException refused(GrpcFailure failure) {
    Status.Code code = failure.status().getCode();
    String advice =
        code == Status.Code.UNIMPLEMENTED
            ? "; a gRPC server, but no Hostpipe's: it does not know " + Carrying.SERVICE
            : "";
    return new PipeException.Refused(
        io.hostpipe.Status.ofCode(code.value()),
        peer() + ": " + failure.getMessage() + advice,
        failure);
  }

  private ManagedChannel channelTo(InetAddress address) {
    return NettyChannelBuilder.forAddress(new InetSocketAddress(address, port))
        .usePlaintext()
        .overrideAuthority(peer())
        .channelType(NioSocketChannel.class)
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
}
