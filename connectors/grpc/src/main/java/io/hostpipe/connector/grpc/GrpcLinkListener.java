package io.hostpipe.connector.grpc;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.LinkListener;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.tls.Agreed;
import io.hostpipe.runtime.tls.TlsServer;
import io.hostpipe.spi.PipeContext;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A gRPC server on one port: links of Hostpipes, and the service for everyone else. */
final class GrpcLinkListener implements LinkListener {
  /** How many links may wait to be greeted. */
  private static final int WAITING_COUNT_MAX = 4_096;

  /** A connection whose peer was let in, and on which nothing is called any more, is of no use. */
  private static final long CONNECTION_IDLE_SECONDS = 60;

  /**
   * How many calls a client may take back in so many seconds: each costs the server a beginning and
   * an end, and counts nowhere else (CVE-2023-44487).
   */
  static final int RESETS_MAX = 200;

  private static final int RESETS_SECONDS = 30;

  /**
   * The longest message of a client, and gRPC's own default everywhere. A link's chunk is shorter,
   * but a server has one limit for all of its methods.
   */
  static final int MESSAGE_BYTES_MAX = 4 << 20;

  private static final ConcurrentHashMap<InetSocketAddress, GrpcLinkListener> OPEN =
      new ConcurrentHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Link> waiting = new ArrayDeque<>();
  private final ClientStreams streams = new ClientStreams(this::offer);
  private final Callers callers;
  private final HealthStatusManager health = new HealthStatusManager();
  private final Server server;
  private final InetSocketAddress place;
  private final @Nullable TlsServer tls;
  private boolean closed;

  private GrpcLinkListener(
      InetSocketAddress address,
      NettyServerBuilder builder,
      SessionOptions options,
      @Nullable TlsServer tls)
      throws IOException {
    this.tls = tls;
    this.callers = new Callers(options, this::offer);
    if (tls != null) {
      builder.sslContext(Engines.context(tls::side, false));
    }
    ServerServiceDefinition links =
        ServerServiceDefinition.builder(Carrying.SERVICE)
            .addMethod(Carrying.METHOD, this::onCall)
            .build();
    this.server =
        builder
            .channelFactory(this::watchedPort)
            .addService(links)
            .addService(PipesService.over(streams, tls, callers))
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    this.place = new InetSocketAddress(address.getAddress(), server.getPort());
    health.setStatus(PipesService.NAME, ServingStatus.SERVING);
    OPEN.put(place, this);
  }

  /**
   * Binds.
   *
   * @param queueLength how many connections may wait in the kernel
   * @param options of the sessions here: what one may be sent before it answers, how long greeting
   *     may take, and how many strangers may be here
   * @param tls null for plain connections
   * @param shown the address for messages
   */
  static GrpcLinkListener bind(
      InetSocketAddress address,
      int queueLength,
      SessionOptions options,
      @Nullable TlsServer tls,
      String shown)
      throws PipeException {
    try {
      return new GrpcLinkListener(
          address,
          NettyServerBuilder.forAddress(address)
              .bossEventLoopGroup(Transport.LOOPS)
              .workerEventLoopGroup(Transport.LOOPS)
              .withOption(ChannelOption.SO_BACKLOG, queueLength)
              .flowControlWindow(Transport.windowBytes(options.windowBytes()))
              .maxInboundMessageSize(MESSAGE_BYTES_MAX)
              .maxConcurrentCallsPerConnection(Caller.STRANGERS_CALLS_MAX)
              .maxRstFramesPerWindow(RESETS_MAX, RESETS_SECONDS)
              .maxConnectionIdle(CONNECTION_IDLE_SECONDS, TimeUnit.SECONDS)
              .keepAliveTime(Transport.KEEPALIVE_NANOS, TimeUnit.NANOSECONDS)
              .keepAliveTimeout(Transport.KEEPALIVE_TIMEOUT_NANOS, TimeUnit.NANOSECONDS)
              .permitKeepAliveTime(Transport.KEEPALIVE_PERMITTED_NANOS, TimeUnit.NANOSECONDS)
              // Calls begin on the loop of their connection: so they are told apart
              // (Callers.begun).
              .directExecutor(),
          options,
          tls);
    } catch (IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      boolean taken = cause instanceof BindException;
      throw new PipeException.Refused(
          taken ? io.hostpipe.Status.ALREADY_EXISTS : io.hostpipe.Status.UNAVAILABLE,
          shown
              + ": cannot listen there: "
              + cause.getMessage()
              + (taken ? "; is the port taken, or not yours?" : ""),
          e);
    }
  }

  /** Lets foreign clients find a name at this place; nothing when nobody listens there any more. */
  static void serve(
      InetSocketAddress place, String name, PipeContext context, SessionOptions options) {
    GrpcLinkListener listener = OPEN.get(place);
    if (listener != null) {
      listener.streams.serve(name, context, options);
    }
  }

  @Override
  public Link accept() throws IOException {
    lock.lock();
    try {
      while (waiting.isEmpty()) {
        if (closed) {
          throw new ClosedChannelException();
        }
        changed.awaitUninterruptibly();
      }
      return waiting.remove();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int port() {
    return server.getPort();
  }

  /** Links that were accepted live on; those that wait are closed. */
  @Override
  public void close() {
    ArrayDeque<Link> unwanted;
    lock.lock();
    try {
      closed = true;
      unwanted = new ArrayDeque<>(waiting);
      waiting.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    OPEN.remove(place, this);
    unwanted.forEach(Link::close);
    health.enterTerminalState();
    streams.close();
    OpenLinks.addClosing(server.shutdown());
  }

  private ServerCall.Listener<InputStream> onCall(
      ServerCall<InputStream, InputStream> call, Metadata headers) {
    Agreed agreed;
    try {
      agreed = tls == null ? null : Transport.agreed(call.getAttributes(), tls.lastSide());
    } catch (SSLException e) {
      call.close(Status.UNAUTHENTICATED.withDescription(e.getMessage()), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    TakenLink link = new TakenLink(call, agreed, callers.begun(call.getAttributes()));
    ServerCall.Listener<InputStream> listener = link.begin();
    if (!offer(link)) {
      link.refuse(
          Status.RESOURCE_EXHAUSTED.withDescription(
              WAITING_COUNT_MAX + " links wait to be greeted"));
    }
    return listener;
  }

  /** The port's own channel; each connection that it takes gets somebody who looks at it first. */
  private NioServerSocketChannel watchedPort() {
    NioServerSocketChannel port = new NioServerSocketChannel();
    port.pipeline()
        .addFirst(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object accepted) {
                if (accepted instanceof Channel connection) {
                  callers.take(connection, tls, () -> context.fireChannelRead(accepted));
                } else {
                  context.fireChannelRead(accepted);
                }
              }
            });
    return port;
  }

  /** Whether there is room for one more link that waits to be greeted. */
  private boolean offer(Link link) {
    lock.lock();
    try {
      if (closed || waiting.size() >= WAITING_COUNT_MAX) {
        return false;
      }
      waiting.add(link);
      changed.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }
}
