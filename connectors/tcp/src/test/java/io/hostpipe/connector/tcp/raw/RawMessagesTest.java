package io.hostpipe.connector.tcp.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.InParallel;
import java.io.DataInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages of a raw peer for a program that uses the library. */
@Timeout(240)
final class RawMessagesTest {
  @Test
  void linesOfAPlainPeerAreMessagesAndEachIsAnsweredWhenItIsCommitted() throws Exception {
    try (Listener listener =
            Hostpipe.listen("raw+tcp-listen://127.0.0.1:0?frame=lines&reply=ok%5Cn");
        Socket peer = connect(listener)) {
      peer.getOutputStream().write("one\ntwo\nthree\n".getBytes(StandardCharsets.UTF_8));
      peer.shutdownOutput();
      List<String> texts = new ArrayList<>();
      try (Pipe pipe = listener.accept()) {
        for (Message message : pipe.messages()) {
          texts.add(message.text());
          message.commit();
          assertThat(peer.getInputStream().readNBytes(3)).asString().isEqualTo("ok\n");
          assertThat(peer.getInputStream().available()).isZero();
        }
      }
      assertThat(texts).containsExactly("one", "two", "three");
      assertThat(peer.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void messagesGoOutInTheFramingOfThePeer() throws Exception {
    try (Listener listener = Hostpipe.listen("raw+tcp-listen://127.0.0.1:0?frame=u32");
        Pipe pipe =
            Hostpipe.connect("raw+tcp://127.0.0.1:" + listener.address().port() + "?frame=u32");
        Pipe far = listener.accept()) {
      InParallel<String> sent =
          InParallel.run(() -> {
            pipe.send("hello".getBytes(StandardCharsets.UTF_8));
            pipe.send(new byte[0]);
            pipe.sink().finish();
            return "sent";
          });
      List<String> texts = new ArrayList<>();
      for (Message message : far.messages()) {
        texts.add(message.text());
        message.commit();
      }
      assertThat(texts).containsExactly("hello", "");
      far.send("answer".getBytes(StandardCharsets.UTF_8));
      assertThat(pipe.messages().iterator().next().text()).isEqualTo("answer");
      far.sink().finish();
      sent.join();
    }
  }

  @Test
  void aFramedMessageIsWhatThePeerReads() throws Exception {
    try (Listener listener = Hostpipe.listen("raw+tcp-listen://127.0.0.1:0?frame=u32");
        Socket peer = connect(listener);
        Pipe pipe = listener.accept()) {
      pipe.send("hello".getBytes(StandardCharsets.UTF_8));
      DataInputStream in = new DataInputStream(peer.getInputStream());
      assertThat(in.readInt()).isEqualTo(5);
      assertThat(in.readNBytes(5)).asString().isEqualTo("hello");
    }
  }

  @Test
  void anEndInsideAMessageIsNoEnd() throws Exception {
    try (Listener listener = Hostpipe.listen("raw+tcp-listen://127.0.0.1:0?frame=u32");
        Socket peer = connect(listener);
        Pipe pipe = listener.accept()) {
      peer.getOutputStream().write(ByteBuffer.allocate(9).putInt(5).put(new byte[5]).array());
      peer.getOutputStream().write(ByteBuffer.allocate(6).putInt(5).array());
      peer.shutdownOutput();
      var messages = pipe.messages().iterator();
      assertThat(messages.next().payload()).hasSize(5);
      assertThatThrownBy(messages::next)
          .isInstanceOf(UncheckedIOException.class)
          .cause()
          .isInstanceOf(PipeException.Closed.class)
          .hasMessageContaining("ended inside a message that begins at byte 9");
    }
  }

  @Test
  void bytesWithoutAFramingAreNoMessages() {
    assertThatThrownBy(() -> Hostpipe.listen("raw+tcp-listen://127.0.0.1:0"))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("say how messages are told apart in them, as in frame=lines");
  }

  private static Socket connect(Listener listener) throws java.io.IOException {
    return new Socket(InetAddress.getLoopbackAddress(), listener.address().port());
  }
}
