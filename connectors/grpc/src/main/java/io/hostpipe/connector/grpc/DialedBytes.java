package io.hostpipe.connector.grpc;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.tls.FirstRecord;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Stands next to the socket of a connection that this side dialed with TLS, and looks at the first
 * bytes that come back: a peer that speaks none is told from one that speaks it badly.
 *
 * <p>Thread rule: the connection's event loop.
 */
final class DialedBytes extends ChannelInboundHandlerAdapter {
  private static final int SHOWN_BYTES = 16;

  private final String peer;
  private @Nullable ByteBuf held;
  private boolean known;

  /** For one connection to this peer. */
  DialedBytes(String peer) {
    this.peer = peer;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (known || !(message instanceof ByteBuf bytes)) {
      context.fireChannelRead(message);
      return;
    }
    ByteBuf first = held == null ? bytes : Unpooled.wrappedBuffer(held, bytes);
    held = null;
    if (first.readableBytes() < FirstRecord.HEADER_BYTES) {
      held = first;
      return;
    }
    known = true;
    ByteBuffer begin = ByteBuffer.allocate(Math.min(SHOWN_BYTES, first.readableBytes()));
    first.getBytes(first.readerIndex(), begin);
    begin.flip();
    if (FirstRecord.beginsAt(begin)) {
      context.fireChannelRead(first);
      return;
    }
    first.release();
    context.fireExceptionCaught(
        new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            peer
                + " speaks no TLS, it answered '"
                + FirstRecord.shown(begin)
                + "'; grpc:// dials a Hostpipe without TLS"));
    var _ = context.close();
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
