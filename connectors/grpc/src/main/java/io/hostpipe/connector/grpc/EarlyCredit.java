package io.hostpipe.connector.grpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * Gives the peer credit of HTTP/2 back in eighths of the window, where Netty waits for half of it:
 * on a long path the half that is owed is missing from what is under way.
 *
 * <p>Looks at what comes in until HTTP/2 is spoken, which with TLS is later, and leaves. Thread
 * rule: the connection's event loop.
 */
final class EarlyCredit extends ChannelInboundHandlerAdapter {
  private static final float WINDOW_KEPT = 0.875f;

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Http2Exception {
    Http2ConnectionHandler http2 = context.pipeline().get(Http2ConnectionHandler.class);
    if (http2 != null) {
      setUp(http2.connection());
    }
    context.fireChannelRead(message);
    if (http2 != null) {
      context.pipeline().remove(this);
    }
  }

  private static void setUp(Http2Connection connection) throws Http2Exception {
    if (connection.local().flowController() instanceof DefaultHttp2LocalFlowController credit) {
      credit.windowUpdateRatio(WINDOW_KEPT);
      credit.windowUpdateRatio(connection.connectionStream(), WINDOW_KEPT);
      connection.forEachActiveStream(stream -> {
        credit.windowUpdateRatio(stream, WINDOW_KEPT);
        return true;
      });
    }
  }
}
