package io.hostpipe.connector.grpc;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Greetings;
import io.hostpipe.runtime.tls.FirstRecord;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands next to the socket of a connection that came in, and looks at its first bytes: who speaks
 * another language than this port does is told in his own where he is, and a line is said about
 * him. With TLS it also says why none could be agreed.
 *
 * <p>Who was turned away is still listened to for a moment: to close at once would reset the
 * connection where he has sent more, and he might never read why.
 *
 * <p>Thread rule: the connection's event loop.
 */
final class FirstBytes extends ChannelDuplexHandler {
  /** How HTTP/2 begins (RFC 9113, 3.4), as far as is needed to tell. */
  private static final byte[] HTTP2 = "PRI *".getBytes(StandardCharsets.US_ASCII);

  private static final int NEEDED_BYTES = Math.max(HTTP2.length, FirstRecord.HEADER_BYTES);

  /** Enough of a session's first frame to know it. */
  private static final int SHOWN_BYTES = 64;

  private static final long FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long DRAINED_BYTES_MAX = 64 << 10;

  private final @Nullable TlsTold tls;
  private final Consumer<IOException> turnedAway;
  private @Nullable ByteBuf held;
  private @Nullable ClearCall clear;
  private boolean known;
  private boolean failed;
  private boolean leaving;
  private long drainedBytes;

  /** What a failure of TLS means here. */
  interface TlsTold {
    /** Null when it was no failure of TLS. */
    @Nullable IOException failure(Throwable cause);
  }

  /**
   * For one connection.
   *
   * @param tls null on a plain port
   * @param turnedAway is told why
   */
  FirstBytes(@Nullable TlsTold tls, Consumer<IOException> turnedAway) {
    this.tls = tls;
    this.turnedAway = turnedAway;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (leaving) {
      drain(context, message);
    } else if (clear != null && message instanceof ByteBuf bytes) {
      answerInTheClear(context, clear, bytes);
    } else if (known || !(message instanceof ByteBuf bytes)) {
      context.fireChannelRead(message);
    } else {
      ByteBuf first = held == null ? bytes : Unpooled.wrappedBuffer(held, bytes);
      held = null;
      if (first.readableBytes() < NEEDED_BYTES) {
        held = first;
      } else {
        judge(context, first);
      }
    }
  }

  private void judge(ChannelHandlerContext context, ByteBuf first) {
    ByteBuffer begin = ByteBuffer.allocate(Math.min(SHOWN_BYTES, first.readableBytes()));
    first.getBytes(first.readerIndex(), begin);
    begin.flip();
    boolean speaksTls = FirstRecord.beginsAt(begin);
    if (tls == null ? beginsHttp2(begin) : speaksTls) {
      known = true;
      if (tls != null) {
        watch(context, tls);
      }
      context.fireChannelRead(first);
      return;
    }
    turnedAway.accept(tls == null ? notHttp2(begin, speaksTls) : notTls(begin));
    if (Greetings.isSession(begin)) {
      var _ =
          context.writeAndFlush(
              Unpooled.wrappedBuffer(Greetings.refusal(Status.FAILED_PRECONDITION, where())));
    } else if (speaksTls || beginsHttp2(begin)) {
      // To who speaks TLS it says that this is not TLS.
      var _ = context.writeAndFlush(Unpooled.wrappedBuffer(ClearCall.settings()));
    }
    if (beginsHttp2(begin)) {
      clear = new ClearCall();
      answerInTheClear(context, clear, first);
    } else {
      first.release();
      leave(context, null);
    }
  }

  private String where() {
    return tls == null
        ? "this port speaks gRPC without TLS; dial it with grpc://"
        : "this port speaks TLS; dial it with grpcs://";
  }

  private void answerInTheClear(ChannelHandlerContext context, ClearCall call, ByteBuf bytes) {
    drainedBytes += bytes.readableBytes();
    int stream = call.find(bytes);
    bytes.release();
    if (stream != 0) {
      io.grpc.Status status = io.grpc.Status.FAILED_PRECONDITION.withDescription(where());
      var _ = context.writeAndFlush(Unpooled.wrappedBuffer(ClearCall.answer(stream, status)));
    }
    if (stream != 0 || drainedBytes > DRAINED_BYTES_MAX) {
      clear = null;
      leave(context, null);
    }
  }

  private static boolean beginsHttp2(ByteBuffer begin) {
    return begin.slice(begin.position(), HTTP2.length).equals(ByteBuffer.wrap(HTTP2));
  }

  private static PipeException notHttp2(ByteBuffer begin, boolean speaksTls) {
    if (speaksTls) {
      return new PipeException.Refused(
          Status.FAILED_PRECONDITION, "it speaks TLS, and this port does not: grpcs-listen does");
    }
    return Greetings.isSession(begin)
        ? new PipeException.Refused(
            Status.FAILED_PRECONDITION, "dialed without gRPC; this port is for grpc://")
        : new PipeException.Refused(
            Status.INVALID_ARGUMENT,
            "speaks no HTTP/2, it began with '"
                + FirstRecord.shown(begin)
                + "'; plain programs connect to raw+tcp-listen");
  }

  private static PipeException notTls(ByteBuffer begin) {
    return beginsHttp2(begin) || Greetings.isSession(begin)
        ? new PipeException.Refused(
            Status.FAILED_PRECONDITION, "dialed without TLS; this port is for grpcs://")
        : new PipeException.Refused(
            Status.INVALID_ARGUMENT,
            "speaks no TLS, it began with '"
                + FirstRecord.shown(begin)
                + "'; plain programs connect to raw+tcp-listen");
  }

  private void watch(ChannelHandlerContext context, TlsTold told) {
    SslHandler handler = context.pipeline().get(SslHandler.class);
    if (handler != null) {
      var _ =
          handler
              .handshakeFuture()
              .addListener((Future<Object> agreed) -> {
                if (!agreed.isSuccess()) {
                  failed = true;
                  IOException why = told.failure(agreed.cause());
                  if (why != null) {
                    turnedAway.accept(why);
                  }
                }
              });
    }
  }

  // ------------------------------------------------------------- leaving

  @Override
  public void close(ChannelHandlerContext context, ChannelPromise promise) {
    if (failed && !leaving && context.channel().isActive()) {
      leave(context, promise);
    } else {
      var _ = context.close(promise);
    }
  }

  private void leave(ChannelHandlerContext context, @Nullable ChannelPromise promise) {
    leaving = true;
    if (context.channel() instanceof SocketChannel socket) {
      var _ = socket.shutdownOutput();
    }
    ChannelPromise closed = promise == null ? context.newPromise() : promise;
    var _ =
        context
            .executor()
            .schedule(
                () -> {
                  var _ = context.close(closed);
                },
                FAREWELL_NANOS,
                TimeUnit.NANOSECONDS);
  }

  private void drain(ChannelHandlerContext context, Object message) {
    drainedBytes += message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
    ReferenceCountUtil.release(message);
    if (drainedBytes > DRAINED_BYTES_MAX) {
      var _ = context.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (held != null) {
      held.release();
      held = null;
    }
    context.fireChannelInactive();
  }
}
