package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.InParallel;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A server of streams that greets and then says what none does: it is left, and nobody waits. */
final class StrangeServerTest {
  private static final int HEARTBEAT_SECONDS = 60;

  @Test
  void aServerThatWantsSignsOfLifeInNoTimeAtAllIsNotUnderstood() throws Exception {
    try (ServerSocket listening = listen()) {
      var _ = greetWith(listening, -1, new FrameWriter(StreamCodes.HEARTBEAT));
      StreamOptions options = options(listening);
      assertThatExceptionOfType(PipeException.Unreachable.class)
          .isThrownBy(() -> StreamConnection.open(options, why -> {}))
          .withMessageContaining("a sign every -1 s");
    }
  }

  @Test
  void moreConfirmationsThanAFrameHoldsEndTheConnection() throws Exception {
    for (int count : List.of(-1, Integer.MAX_VALUE)) {
      assertThat(endAfter(new FrameWriter(StreamCodes.PUBLISH_CONFIRM).int8(0).int32(count)))
          .isInstanceOf(PipeException.Unreachable.class)
          .hasMessageContaining(count + " numbers in 0 bytes");
    }
  }

  @Test
  void messagesThatNobodyAskedForEndTheConnection() throws Exception {
    assertThat(endAfter(new FrameWriter(StreamCodes.DELIVER).int8(1)))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("delivers messages that it was not asked for");
  }

  @Test
  void eachTryBeginsWithAnotherServer() throws Exception {
    try (ServerSocket one = listen();
        ServerSocket two = listen()) {
      for (ServerSocket each : List.of(one, two)) {
        var _ = greetWith(each, HEARTBEAT_SECONDS, new FrameWriter(StreamCodes.HEARTBEAT));
      }
      StreamOptions options =
          StreamOptions.of(
              options(one).address().withAddedOption("server", "127.0.0.1:" + two.getLocalPort()),
              true);
      for (int tries = 0; tries < 2; tries++) {
        try (StreamConnection connection = StreamConnection.open(options, why -> {}, tries)) {
          assertThat(connection.server()).endsWith(":" + (tries == 0 ? one : two).getLocalPort());
        }
      }
    }
  }

  @Test
  void aServerThatNamesAnotherOneWhomNobodyAnswersForIsQuoted() throws Exception {
    try (ServerSocket listening = listen()) {
      int nobody;
      try (ServerSocket closed = listen()) {
        nobody = closed.getLocalPort();
      }
      var _ = greetWith(listening, HEARTBEAT_SECONDS, StreamCodes.METADATA, keptAt(nobody));
      StreamOptions options = options(listening);
      assertThatExceptionOfType(PipeException.Unreachable.class)
          .isThrownBy(() -> Keepers.connect(options, why -> {}, 0))
          .withMessageContaining("the stream orders is kept by other servers than this one")
          .withMessageContaining("(127.0.0.1:" + nobody + ")")
          .withMessageContaining("name one that can with server=HOST:PORT");
    }
  }

  /** What the question of who keeps the stream is answered with; it is the connection's first. */
  private static FrameWriter keptAt(int port) {
    int firstNumber = 1_001;
    return new FrameWriter(StreamCodes.METADATA | StreamCodes.ANSWER)
        .int32(firstNumber)
        .int32(1)
        .int16(0)
        .text("127.0.0.1")
        .int32(port)
        .int32(1)
        .text("orders")
        .int16(StreamCodes.OK)
        .int16(0)
        .int32(0);
  }

  /** How a connection ends over which this comes behind the greeting. */
  private static PipeException endAfter(FrameWriter frame) throws Exception {
    CompletableFuture<PipeException> end = new CompletableFuture<>();
    try (ServerSocket listening = listen()) {
      var _ = greetWith(listening, HEARTBEAT_SECONDS, frame);
      try (StreamConnection _ = StreamConnection.open(options(listening), end::complete)) {
        return end.get();
      }
    }
  }

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  private static StreamOptions options(ServerSocket listening) throws PipeException {
    return StreamOptions.of(
        Address.parse("rabbitmq-stream://127.0.0.1:" + listening.getLocalPort() + "/orders"), true);
  }

  /** Greets whoever comes, says one thing more, and listens to the end. */
  private static InParallel<Boolean> greetWith(
      ServerSocket listening, int heartbeat, FrameWriter last) {
    return greetWith(listening, heartbeat, StreamCodes.OPEN, last);
  }

  /** The same; that one thing is said when this was asked. */
  private static InParallel<Boolean> greetWith(
      ServerSocket listening, int heartbeat, int asked, FrameWriter last) {
    return InParallel.run(() -> {
      try (Socket socket = listening.accept()) {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        BufferedOutputStream out = new BufferedOutputStream(socket.getOutputStream());
        while (true) {
          byte[] bytes = new byte[in.readInt()];
          in.readFully(bytes);
          ByteBuffer frame = ByteBuffer.wrap(bytes);
          int command = frame.getShort();
          frame.getShort();
          answer(command, frame, heartbeat, out);
          if (command == asked) {
            last.writeTo(out);
          }
          out.flush();
        }
      } catch (IOException e) {
        return true;
      }
    });
  }

  private static void answer(int command, ByteBuffer frame, int heartbeat, BufferedOutputStream out)
      throws IOException {
    if (command != StreamCodes.PEER_PROPERTIES
        && command != StreamCodes.SASL_HANDSHAKE
        && command != StreamCodes.SASL_AUTHENTICATE
        && command != StreamCodes.OPEN) {
      return;
    }
    FrameWriter answer =
        new FrameWriter(command | StreamCodes.ANSWER).int32(frame.getInt()).int16(StreamCodes.OK);
    if (command == StreamCodes.SASL_HANDSHAKE) {
      answer.texts(List.of("PLAIN"));
    } else {
      answer.map(
          command == StreamCodes.OPEN
              ? Map.of("advertised_host", "strange.example", "advertised_port", "5552")
              : Map.of());
    }
    answer.writeTo(out);
    if (command == StreamCodes.SASL_AUTHENTICATE) {
      new FrameWriter(StreamCodes.TUNE).int32(1 << 20).int32(heartbeat).writeTo(out);
    }
  }
}
