package io.hostpipe.connector.grpc;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.LinkListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A gRPC server on one port, whose streams are links. */
final class GrpcLinkListener implements LinkListener {
  /** How many links may wait to be greeted. */
  private static final int WAITING_COUNT_MAX = 4_096;

  /** A Hostpipe opens one stream on a connection; who opens many more is not one of ours. */
  private static final int CALLS_PER_CONNECTION_MAX = 100;

  /** A connection on which nothing is called is of no use. */
  private static final long CONNECTION_IDLE_SECONDS = 60;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<TakenLink> waiting = new ArrayDeque<>();
  private final Server server;
  private boolean closed;

  private GrpcLinkListener(NettyServerBuilder builder) throws IOException {
    ServerServiceDefinition links =
        ServerServiceDefinition.builder(Carrying.SERVICE)
            .addMethod(Carrying.METHOD, this::onCall)
            .build();
    this.server = builder.addService(links).build().start();
  }

  /**
   * Binds.
   *
   * @param queueLength how many connections may wait in the kernel
   * @param creditBytes what a session here may be sent before it answers
   * @param shown the address for messages
   */
  static GrpcLinkListener bind(
      InetSocketAddress address, int queueLength, long creditBytes, String shown)
      throws PipeException {
    try {
      return new GrpcLinkListener(
          NettyServerBuilder.forAddress(address)
              .channelType(NioServerSocketChannel.class)
              .bossEventLoopGroup(Transport.LOOPS)
              .workerEventLoopGroup(Transport.LOOPS)
              .withOption(ChannelOption.SO_BACKLOG, queueLength)
              .flowControlWindow(Transport.windowBytes(creditBytes))
              .maxInboundMessageSize(Carrying.CHUNK_BYTES_MAX)
              .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION_MAX)
              .maxConnectionIdle(CONNECTION_IDLE_SECONDS, TimeUnit.SECONDS)
              .keepAliveTime(Transport.KEEPALIVE_NANOS, TimeUnit.NANOSECONDS)
              .keepAliveTimeout(Transport.KEEPALIVE_TIMEOUT_NANOS, TimeUnit.NANOSECONDS)
              .permitKeepAliveTime(Transport.KEEPALIVE_PERMITTED_NANOS, TimeUnit.NANOSECONDS)
              .directExecutor());
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

  @Override
  public TakenLink accept() throws IOException {
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
    ArrayDeque<TakenLink> unwanted;
    lock.lock();
    try {
      closed = true;
      unwanted = new ArrayDeque<>(waiting);
      waiting.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    unwanted.forEach(TakenLink::close);
    server.shutdown();
  }

  private ServerCall.Listener<InputStream> onCall(
      ServerCall<InputStream, InputStream> call, Metadata headers) {
    TakenLink link = new TakenLink(call);
    lock.lock();
    try {
      if (!closed && waiting.size() < WAITING_COUNT_MAX) {
        ServerCall.Listener<InputStream> listener = link.begin();
        waiting.add(link);
        changed.signal();
        return listener;
      }
    } finally {
      lock.unlock();
    }
    call.close(
        Status.RESOURCE_EXHAUSTED.withDescription(WAITING_COUNT_MAX + " links wait to be greeted"),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
