package io.hostpipe.connector.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sees the frames of one connection before the server does, and bounds what it has to keep for who
 * has shown nothing yet: so many bytes of each call. Also where a connection is known already, a
 * call has these bytes and no more until it was let in itself.
 *
 * <p>The transport's own limits do not say that: it gives credit back for what lies in a message
 * that is not whole, and has one limit for the messages of all methods, which is the largest.
 *
 * <p>Thread rule: the connection's event loop, but for {@link #letIn}.
 */
final class CallerFrames extends Http2FrameListenerDecorator {
  /**
   * More than a HELLO, a proof, an {@code Open}, or what is asked of health and reflection; and
   * than one frame of HTTP/2, which may hold an {@code Open} and what follows on it.
   */
  static final int STRANGERS_BYTES_MAX = 20 << 10;

  /** In place of the number of bytes of a call that was let in. */
  private static final Integer LET_IN = -1;

  private final Http2Connection connection;
  private final Http2Connection.PropertyKey broughtKey;

  /** Looked at when a call has brought as much as a stranger may, and only then. */
  private final Set<Integer> letIn = ConcurrentHashMap.newKeySet();

  /** Before this listener. */
  CallerFrames(Http2Connection connection, Http2FrameListener listener) {
    super(listener);
    this.connection = connection;
    this.broughtKey = connection.newKey();
  }

  /** This call may bring what it likes, as far as there is credit. Any thread; holds at once. */
  void letIn(int call) {
    letIn.add(call);
  }

  /** This call is over. */
  void onOver(int call) {
    letIn.remove(call);
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext context, int call, ByteBuf data, int paddingBytes, boolean last)
      throws Http2Exception {
    Http2Stream stream = connection.stream(call);
    if (stream != null) {
      count(stream, data.readableBytes() + paddingBytes);
    }
    return super.onDataRead(context, call, data, paddingBytes, last);
  }

  private void count(Http2Stream stream, int moreBytes) throws Http2Exception {
    Integer brought = stream.getProperty(broughtKey);
    if (LET_IN.equals(brought)) {
      return;
    }
    int broughtBytes = (brought == null ? 0 : brought) + moreBytes;
    if (broughtBytes <= STRANGERS_BYTES_MAX) {
      stream.setProperty(broughtKey, broughtBytes);
    } else if (letIn.contains(stream.id())) {
      stream.setProperty(broughtKey, LET_IN);
    } else {
      throw Http2Exception.streamError(
          stream.id(),
          Http2Error.ENHANCE_YOUR_CALM,
          "more than %d bytes before the call was let in",
          STRANGERS_BYTES_MAX);
    }
  }
}
