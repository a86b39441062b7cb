package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import org.junit.jupiter.api.Test;

final class EarlyCreditTest {
  private final DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
  private final EarlyCredit early = new EarlyCredit();

  private Http2ConnectionHandler http2() {
    return new Http2ConnectionHandlerBuilder()
        .connection(connection)
        .frameListener(new Http2FrameAdapter())
        .build();
  }

  private float ofConnection() throws Exception {
    DefaultHttp2LocalFlowController credit =
        (DefaultHttp2LocalFlowController) connection.local().flowController();
    return credit.windowUpdateRatio(connection.connectionStream());
  }

  @Test
  void waitsUntilHttp2IsSpokenAndLeavesThen() throws Exception {
    EmbeddedChannel channel = new EmbeddedChannel(early);
    ByteBuf ofTls = channel.alloc().buffer().writeByte(22);
    channel.writeInbound(ofTls);
    ByteBuf passed = channel.readInbound();
    assertThat(passed).isSameAs(ofTls);
    assertThat(channel.pipeline().get(EarlyCredit.class)).isSameAs(early);
    ofTls.release();

    channel.pipeline().addLast(http2());
    assertThat(ofConnection())
        .isEqualTo(DefaultHttp2LocalFlowController.DEFAULT_WINDOW_UPDATE_RATIO);
    connection.remote().createStream(1, false);
    channel.writeInbound(channel.alloc().buffer());
    assertThat(channel.pipeline().get(EarlyCredit.class)).isNull();
    assertThat(ofConnection()).isEqualTo(0.875f);
    connection.remote().createStream(3, false);
    DefaultHttp2LocalFlowController credit =
        (DefaultHttp2LocalFlowController) connection.local().flowController();
    for (int stream : new int[] {1, 3}) {
      assertThat(credit.windowUpdateRatio(connection.stream(stream))).isEqualTo(0.875f);
    }
    channel.finishAndReleaseAll();
  }
}
