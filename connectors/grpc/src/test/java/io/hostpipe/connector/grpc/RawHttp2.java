package io.hostpipe.connector.grpc;

import com.google.protobuf.MessageLite;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * A client that speaks HTTP/2 frame by frame, acknowledges nothing, and keeps to no limit. Thread
 * rule: one thread.
 */
final class RawHttp2 implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RESET = 3;
  static final int SETTINGS = 4;
  static final int GOAWAY = 7;

  /** Error codes. */
  static final int REFUSED_STREAM = 7;

  static final int ENHANCE_YOUR_CALM = 11;

  private static final int END_OF_STREAM = 1;
  private static final int END_OF_HEADERS = 4;
  private static final int FRAME_BYTES_MAX = 16 << 10;
  private static final int MAX_CONCURRENT_STREAMS = 3;
  private static final int SETTING_BYTES = 6;

  /** A read that takes longer than this fails the test instead of hanging it. */
  private static final int READ_MILLIS_MAX = (int) TimeUnit.SECONDS.toMillis(60);

  private final Socket socket;
  private final DataOutputStream out;
  private final DataInputStream in;

  /** Connects to this port and says what a client says first. */
  RawHttp2(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(READ_MILLIS_MAX);
    socket.setTcpNoDelay(true);
    out = new DataOutputStream(socket.getOutputStream());
    in = new DataInputStream(socket.getInputStream());
    out.write(preface().array());
  }

  /** What a client says first. */
  static ByteBuffer preface() {
    byte[] text = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    byte[] settings = {0, 0, 0, SETTINGS, 0, 0, 0, 0, 0};
    return ByteBuffer.allocate(text.length + settings.length).put(text).put(settings).flip();
  }

  /** A frame that came. */
  record Frame(int type, int stream, ByteBuffer payload) {
    /** The error that it names. */
    int error() {
      return payload.getInt(type == GOAWAY ? Integer.BYTES : 0);
    }

    /** What is written in it, for people. */
    String text() {
      return StandardCharsets.ISO_8859_1.decode(payload.duplicate()).toString();
    }

    /** How many calls these settings allow; -1 when they do not say. */
    private int callsMax() {
      ByteBuffer rest = payload.duplicate();
      while (rest.remaining() >= SETTING_BYTES) {
        int name = rest.getShort();
        int value = rest.getInt();
        if (name == MAX_CONCURRENT_STREAMS) {
          return value;
        }
      }
      return -1;
    }
  }

  /** Begins a call of this method. */
  void call(int stream, String path) throws IOException {
    ByteArrayOutputStream fields = new ByteArrayOutputStream();
    field(fields, ":method", "POST");
    field(fields, ":scheme", "http");
    field(fields, ":path", path);
    field(fields, ":authority", "127.0.0.1");
    field(fields, "te", "trailers");
    field(fields, "content-type", "application/grpc");
    frame(HEADERS, END_OF_HEADERS, stream, fields.toByteArray());
  }

  /** Takes a call back. */
  void reset(int stream) throws IOException {
    frame(RESET, 0, stream, new byte[Integer.BYTES]);
  }

  /** One message of a call, the last one or not. */
  void message(int stream, MessageLite message, boolean last) throws IOException {
    begin(stream, message.getSerializedSize(), message.toByteArray());
    if (last) {
      frame(DATA, END_OF_STREAM, stream, new byte[0]);
    }
  }

  /** The head of a message of this length, and as much of it as there is here. */
  void begin(int stream, int lengthBytes, byte[] first) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(1 + Integer.BYTES + first.length);
    bytes.put((byte) 0).putInt(lengthBytes).put(first).flip();
    while (bytes.hasRemaining()) {
      byte[] part = new byte[Math.min(FRAME_BYTES_MAX, bytes.remaining())];
      bytes.get(part);
      frame(DATA, 0, stream, part);
    }
  }

  /** Each field spelled out, without a table. */
  private static void field(ByteArrayOutputStream fields, String name, String value) {
    fields.write(0);
    for (String text : new String[] {name, value}) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      fields.write(bytes.length);
      fields.writeBytes(bytes);
    }
  }

  private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(9 + payload.length);
    bytes.put((byte) (payload.length >>> Short.SIZE)).putShort((short) payload.length);
    bytes.put((byte) type).put((byte) flags).putInt(stream).put(payload);
    out.write(bytes.array());
  }

  /**
   * The next frame of this type; others are passed over.
   *
   * @throws EOFException when the server ended the connection instead
   */
  Frame next(int type) throws IOException {
    while (true) {
      int lengthBytes = (in.readUnsignedByte() << Short.SIZE) | in.readUnsignedShort();
      int found = in.readUnsignedByte();
      in.readByte();
      int stream = in.readInt();
      Frame frame = new Frame(found, stream, ByteBuffer.wrap(in.readNBytes(lengthBytes)));
      if (found == type) {
        return frame;
      }
    }
  }

  /** How many calls the next settings allow that say so. */
  int nextCallsMax() throws IOException {
    int callsMax = -1;
    while (callsMax < 0) {
      callsMax = next(SETTINGS).callsMax();
    }
    return callsMax;
  }

  /** What it is called by the server. */
  String name() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  /** Reads until the server ends or resets the connection. */
  void drain() throws IOException {
    try {
      while (in.read() >= 0) {
        // On to the end.
      }
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("the connection is still open", e);
    } catch (java.net.SocketException e) {
      // A reset is an end, too.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
