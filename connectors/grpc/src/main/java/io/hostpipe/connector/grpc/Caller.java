package io.hostpipe.connector.grpc;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Countdown;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.tls.TlsServer;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One connection that came in. It is a stranger's until somebody on it was let in to a pipe, by the
 * greeting of a link or by a call of the public service; until then it has the time of a greeting,
 * {@link #STRANGERS_CALLS_MAX} calls, and what {@link CallerFrames} lets each of them bring. Health
 * and reflection are for strangers, too: for who connects, asks and goes.
 *
 * <p>A link that is being greeted when the time is over has its own time: it is looked at again
 * once, when that is over as well.
 *
 * <p>Looks at what comes in until HTTP/2 is spoken, which with TLS is later. Thread rule: all of it
 * belongs to the connection's event loop, to which the others post; calls begin there, since the
 * server has no other executor.
 */
final class Caller extends ChannelInboundHandlerAdapter {
  /** For a link, or for who asks two services at once. */
  static final int STRANGERS_CALLS_MAX = 4;

  /** A Hostpipe opens one stream on a connection; who opens many more is not one of ours. */
  static final int CALLS_MAX = 100;

  private final Channel connection;
  private final SessionOptions options;
  private final Consumer<Caller> letIn;
  private final Predicate<Link> told;
  private final String peer;
  private final String host;
  private volatile @Nullable CallerFrames frames;
  private volatile @Nullable String turnedAwayFor;

  // The event loop's.
  private final Set<Integer> greeting = new HashSet<>();
  private @Nullable ChannelHandlerContext socket;
  private @Nullable Http2ConnectionHandler http2;
  private @Nullable Countdown countdown;
  private boolean known;
  private boolean toldOf;
  private boolean lookedTwice;

  /**
   * A connection that nothing has come over.
   *
   * @param letIn told once, when it is no stranger's any more
   * @param told takes what is to be told of a stranger
   */
  Caller(Channel connection, SessionOptions options, Consumer<Caller> letIn, Predicate<Link> told) {
    this.connection = connection;
    this.options = options;
    this.letIn = letIn;
    this.told = told;
    SocketAddress address = connection.remoteAddress();
    this.peer = Transport.shown(address);
    this.host =
        address instanceof InetSocketAddress inet ? inet.getAddress().getHostAddress() : peer;
  }

  /** The host that it comes from. */
  String host() {
    return host;
  }

  /** Puts this, and who looks at the first bytes, next to its socket. */
  void stand(@Nullable TlsServer tls) {
    connection
        .pipeline()
        .addFirst(
            new FirstBytes(
                tls == null ? null : cause -> tls.lastSide().failedIn(cause, peer), this::tell),
            new EarlyCredit(),
            this);
  }

  /** Its time begins. Any thread. */
  void begin() {
    post(this::count);
  }

  /** It makes room for others, unless somebody was let in meanwhile. Any thread. */
  void turnAway(String why) {
    post(() -> {
      if (!known && connection.isOpen()) {
        hangUp(why, true);
      }
    });
  }

  /** Why this side hung up; null when it did not. Any thread. */
  @Nullable String turnedAwayFor() {
    return turnedAwayFor;
  }

  // ------------------------------------------------------------- calls

  /** The newest call on it: within the beginning of a call, that one. */
  int lastCall() {
    watch();
    Http2ConnectionHandler spoken = http2;
    return spoken == null ? 0 : spoken.connection().remote().lastStreamCreated();
  }

  void onGreeting(int call) {
    greeting.add(call);
  }

  void onCallOver(int call) {
    greeting.remove(call);
    CallerFrames spoken = frames;
    if (spoken != null) {
      spoken.onOver(call);
    }
  }

  /** Who makes this call was let in. Any thread; what that is about to bring, it may bring. */
  void letIn(int call) {
    CallerFrames spoken = frames;
    if (spoken != null) {
      spoken.letIn(call);
      if (connection.eventLoop().inEventLoop()) {
        onLetIn(call);
      } else {
        post(() -> onLetIn(call));
      }
    }
  }

  private void onLetIn(int call) {
    greeting.remove(call);
    if (!known) {
      known = true;
      stopCounting();
      letIn.accept(this);
      allowCalls();
    }
  }

  private void allowCalls() {
    Http2ConnectionHandler spoken = http2;
    ChannelHandlerContext at = spoken == null ? null : connection.pipeline().context(spoken);
    if (spoken != null && at != null) {
      // At once, for a client that knows the setting may use it before this side has heard of that.
      spoken.connection().remote().maxActiveStreams(CALLS_MAX);
      Http2Settings more = new Http2Settings().maxConcurrentStreams(CALLS_MAX);
      var _ = spoken.encoder().writeSettings(at, more, at.newPromise());
      at.flush();
    }
  }

  // ------------------------------------------------------------- time

  private void count() {
    if (!known && connection.isOpen()) {
      countdown =
          Countdown.of(options.handshake(), options.heartbeat(), () -> post(this::onTimeOver));
    }
  }

  private void stopCounting() {
    Countdown begun = countdown;
    if (begun != null) {
      begun.close();
    }
  }

  private void onTimeOver() {
    if (known || !connection.isOpen()) {
      return;
    }
    if (!greeting.isEmpty() && !lookedTwice) {
      lookedTwice = true;
      count();
      return;
    }
    // Who looks after the health of a service, and stays, does nothing that has to be told.
    hangUp(
        "called for no pipe within " + options.handshake().toMillis() + " ms, turned away",
        lastCall() == 0);
  }

  /** The connection has ended, whoever ended it. */
  void onClosed() {
    stopCounting();
  }

  // ------------------------------------------------------------- turning away

  private void hangUp(String why, boolean tells) {
    turnedAwayFor = why;
    if (tells && greeting.isEmpty()) {
      tell(new PipeException.Refused(Status.RESOURCE_EXHAUSTED, why));
    } // else its links break, and the port tells why
    Http2ConnectionHandler spoken = http2;
    ChannelHandlerContext at = spoken == null ? null : connection.pipeline().context(spoken);
    if (spoken != null && at != null) {
      var _ =
          spoken.goAway(
              at,
              lastCall(),
              Http2Error.NO_ERROR.code(),
              ByteBufUtil.writeAscii(at.alloc(), why),
              at.newPromise());
      at.flush();
    }
    // Not from the end of the pipeline: the server would wait for calls that never end.
    var _ = socket == null ? connection.close() : socket.close();
  }

  /** Once: who was told of what is wrong is not told of again when his time is over. */
  private void tell(IOException why) {
    if (!toldOf) {
      toldOf = true;
      boolean _ = told.test(new TurnedAway(peer, why));
    }
  }

  // ------------------------------------------------------------- the pipeline

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    socket = context;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    watch();
    context.fireChannelRead(message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    watch();
    context.fireChannelReadComplete();
  }

  private void watch() {
    if (http2 != null) {
      return;
    }
    Http2ConnectionHandler spoken = connection.pipeline().get(Http2ConnectionHandler.class);
    if (spoken != null) {
      CallerFrames first = new CallerFrames(spoken.connection(), spoken.decoder().frameListener());
      spoken.decoder().frameListener(first);
      http2 = spoken;
      frames = first;
    }
  }

  private void post(Runnable task) {
    connection.eventLoop().execute(task);
  }
}
