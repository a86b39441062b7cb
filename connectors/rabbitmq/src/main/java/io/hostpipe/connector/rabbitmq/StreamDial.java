package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.tls.BrokerTls;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A socket to a server, on which both sides have said who they are.
 *
 * @param socket that whoever takes it closes
 * @param in its input, behind the greeting
 * @param out its output
 * @param greeting what was agreed on
 */
record StreamDial(
    Socket socket, DataInputStream in, BufferedOutputStream out, StreamGreeting greeting) {
  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;
  private static final int HEARTBEAT_SECONDS = 5;

  /** For all that both sides say first, however slowly it comes. */
  private static final int GREETING_SECONDS = 15;

  /** What is written at a time where the server sets no limit. */
  private static final int FRAME_BYTES = 1 << 20;

  private static final String MECHANISM = "PLAIN";

  /** Connects to this server. Blocks. */
  static StreamDial to(StreamOptions options, Server server, int bufferBytes) throws PipeException {
    String what = options.address() + " cannot be reached";
    BrokerTls.Trial tls = options.tls().wanted() ? options.tls().begin() : null;
    Socket socket = new Socket();
    CountDownLatch greeted = new CountDownLatch(1);
    AtomicBoolean late = new AtomicBoolean();
    boolean whole = false;
    try {
      socket.connect(new InetSocketAddress(server.host(), server.port()), CONNECT_TIMEOUT_MILLIS);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(CONNECT_TIMEOUT_MILLIS);
      Thread.ofVirtual()
          .name("rabbitmq-stream-greeting")
          .start(() -> cutWhenLate(socket, greeted, late));
      Socket carrier = socket;
      if (tls != null) {
        SSLSocket encrypted =
            (SSLSocket)
                tls.context()
                    .getSocketFactory()
                    .createSocket(socket, server.host(), server.port(), true);
        encrypted.startHandshake();
        carrier = encrypted;
      }
      DataInputStream in = new DataInputStream(StreamConnection.buffered(carrier));
      BufferedOutputStream out = new BufferedOutputStream(carrier.getOutputStream(), bufferBytes);
      StreamGreeting greeting = new Handshake(options, in, out).greet();
      socket.setSoTimeout(StreamConnection.silenceMillis(greeting.heartbeatSeconds()));
      whole = true;
      return new StreamDial(socket, in, out, greeting);
    } catch (PipeException e) {
      throw e;
    } catch (IOException
        | BufferUnderflowException
        | IllegalArgumentException
        | IndexOutOfBoundsException e) {
      PipeException refusal = tls == null ? null : tls.refusal();
      throw refusal != null
          ? refusal
          : new PipeException.Unreachable(
              what
                  + (tls == null ? "" : tls.hint())
                  + "; is RabbitMQ running there with the plugin rabbitmq_stream, and is the port"
                  + " the one of its streams?: "
                  + reason(e, late.get()),
              e);
    } finally {
      greeted.countDown();
      if (!whole) {
        closeQuietly(socket);
      }
    }
  }

  private static String reason(Exception why, boolean late) {
    if (late) {
      return "it did not say who it is within " + GREETING_SECONDS + " s";
    }
    return why instanceof EOFException ? "it hung up" : Attempts.reason(why);
  }

  /** A server that says a byte now and then would be waited for without end. */
  private static void cutWhenLate(Socket socket, CountDownLatch greeted, AtomicBoolean late) {
    try {
      if (!greeted.await(GREETING_SECONDS, TimeUnit.SECONDS)) {
        late.set(true);
        closeQuietly(socket);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing more is said over it.
    }
  }

  /** What both sides say before anything else, in turns. */
  private static final class Handshake {
    private final StreamOptions options;
    private final String where;
    private final DataInputStream in;
    private final BufferedOutputStream out;
    private int number;

    Handshake(StreamOptions options, DataInputStream in, BufferedOutputStream out) {
      this.options = options;
      this.where = options.address().toString();
      this.in = in;
      this.out = out;
    }

    StreamGreeting greet() throws IOException {
      ByteBuffer properties =
          ask(
              StreamCodes.PEER_PROPERTIES,
              begin(StreamCodes.PEER_PROPERTIES)
                  .map(
                      Map.of(
                          "product",
                          "Hostpipe",
                          "platform",
                          "Java",
                          "connection_name",
                          "hostpipe")));
      String version = FrameReader.map(properties).getOrDefault("version", "of unknown version");
      List<String> mechanisms =
          FrameReader.texts(ask(StreamCodes.SASL_HANDSHAKE, begin(StreamCodes.SASL_HANDSHAKE)));
      if (!mechanisms.contains(MECHANISM)) {
        throw new PipeException.Refused(
            Status.UNAUTHENTICATED,
            where
                + ": the server lets nobody in by user and password (it offers "
                + String.join(", ", mechanisms)
                + ")");
      }
      Server.Login login = Server.login(options.address());
      String proof =
          login == null ? "\0guest\0guest" : "\0" + login.user() + "\0" + login.password();
      var _ =
          ask(
              StreamCodes.SASL_AUTHENTICATE,
              begin(StreamCodes.SASL_AUTHENTICATE).text(MECHANISM).bytes(proof.getBytes(UTF_8)));
      ByteBuffer tune = await(StreamCodes.TUNE);
      int frameBytes = tune.getInt();
      int heartbeat = tune.getInt();
      if (frameBytes < 0 || heartbeat < 0) {
        throw new IllegalArgumentException(
            "it asks for frames of " + frameBytes + " bytes and a sign every " + heartbeat + " s");
      }
      int beats = heartbeat == 0 ? HEARTBEAT_SECONDS : Math.min(HEARTBEAT_SECONDS, heartbeat);
      new FrameWriter(StreamCodes.TUNE | StreamCodes.ANSWER)
          .int32(frameBytes)
          .int32(beats)
          .writeTo(out);
      ByteBuffer opened =
          ask(
              StreamCodes.OPEN,
              begin(StreamCodes.OPEN).text(options.virtualHost()),
              where + ": the virtual host '" + options.virtualHost() + "'");
      return new StreamGreeting(
          version, frameBytes == 0 ? FRAME_BYTES : frameBytes, beats, advertised(opened));
    }

    private static @Nullable Server advertised(ByteBuffer opened) {
      if (!opened.hasRemaining()) {
        return null;
      }
      Map<String, String> properties = FrameReader.map(opened);
      String host = properties.get("advertised_host");
      String port = properties.get("advertised_port");
      return host == null || port == null ? null : new Server(host, Integer.parseInt(port));
    }

    private FrameWriter begin(int command) {
      number++;
      return new FrameWriter(command).int32(number);
    }

    private ByteBuffer ask(int command, FrameWriter question) throws IOException {
      return ask(command, question, where);
    }

    /** Asks, and hands out the answer behind its number and its code, which is that all is well. */
    private ByteBuffer ask(int command, FrameWriter question, String what) throws IOException {
      question.writeTo(out);
      out.flush();
      ByteBuffer answer = await(command | StreamCodes.ANSWER);
      answer.getInt();
      int code = Short.toUnsignedInt(answer.getShort());
      if (code != StreamCodes.OK) {
        throw StreamCodes.of(what, code);
      }
      return answer;
    }

    private ByteBuffer await(int command) throws IOException {
      while (true) {
        ByteBuffer frame =
            StreamConnection.readFrame(in, where, StreamConnection.GREETING_BYTES_MAX);
        int came = Short.toUnsignedInt(frame.getShort());
        frame.getShort();
        if (came == command) {
          return frame;
        }
        if (came == StreamCodes.CLOSE) {
          frame.getInt();
          int code = Short.toUnsignedInt(frame.getShort());
          throw StreamCodes.of(where + ": " + FrameReader.text(frame), code);
        }
      }
    }
  }
}
