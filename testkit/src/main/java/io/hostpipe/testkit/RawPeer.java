package io.hostpipe.testkit;

import io.hostpipe.runtime.Link;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.Lease;
import io.hostpipe.session.Memory;
import io.hostpipe.session.ProtocolException;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/**
 * A peer on a real socket, or on a link of any carrier, that says exactly what a test wants, frame
 * by frame or byte by byte.
 *
 * <p>It keeps no state of the protocol: what is right to say next is the test's business. Thread
 * rule: one thread.
 */
public final class RawPeer implements AutoCloseable {
  private static final int HEAD_BYTES = 8;
  private static final int TRAILER_BYTES = 4;
  private static final int DATA_TYPE = 4;

  /** A read that takes longer than this fails the test instead of hanging it. */
  private static final int READ_MILLIS_MAX = (int) TimeUnit.SECONDS.toMillis(20);

  private final Wire wire;
  private final FrameAssembler assembler =
      new FrameAssembler(
          lengthBytes -> new Memory.Piece(ByteBuffer.allocate(lengthBytes), Lease.UNPOOLED));

  private RawPeer(Wire wire) {
    this.wire = wire;
    assembler.allowData();
  }

  /** Connects, and says nothing yet. */
  public static RawPeer dial(InetSocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open(address);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return over(channel);
  }

  /** Takes over a connection that was accepted elsewhere. */
  public static RawPeer over(SocketChannel channel) {
    return new RawPeer(new Socketed(channel));
  }

  /** Takes over a link that was dialed; a test's own time limit ends a read that takes too long. */
  public static RawPeer over(Link link) {
    return new RawPeer(new Linked(link));
  }

  /** Sends one frame that is not DATA. */
  public void send(Frame frame) throws IOException {
    sendBytes(encode(frame));
  }

  /** Sends one DATA frame. */
  public void sendData(long position, byte[] payload) throws IOException {
    ByteBuffer body = ByteBuffer.allocate(8 + payload.length);
    sendBytes(frame(DATA_TYPE, 0, body.putLong(position).put(payload).array()));
  }

  /** Sends bytes as they are. */
  public void sendBytes(ByteBuffer bytes) throws IOException {
    wire.write(bytes);
  }

  /**
   * The next frame of the other side.
   *
   * @throws EOFException when it ended the connection instead
   */
  public Frame next() throws IOException, ProtocolException {
    while (true) {
      Frame frame = assembler.poll();
      if (frame != null) {
        return frame;
      }
      if (wire.read(assembler.targets()[0]) < 0) {
        throw new EOFException("the other side has ended the connection");
      }
    }
  }

  /** The next frame of this kind; others are passed over. */
  public <F extends Frame> F next(Class<F> kind) throws IOException, ProtocolException {
    while (true) {
      Frame frame = next();
      if (kind.isInstance(frame)) {
        return kind.cast(frame);
      }
    }
  }

  /** Reads until the other side ends or resets the connection; how many bytes came. */
  public long drain() {
    ByteBuffer scratch = ByteBuffer.allocate(64 << 10);
    long drainedBytes = 0;
    try {
      for (int readBytes = wire.read(scratch);
          readBytes >= 0;
          readBytes = wire.read(scratch.clear())) {
        drainedBytes += readBytes;
      }
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("the connection is still open", e);
    } catch (IOException e) {
      // A reset is an end, too.
    }
    return drainedBytes;
  }

  /** Says HELLO, takes HELLO and WELCOME, and answers that all may come; what the WELCOME says. */
  public Frame.Welcome greet(Frame.Hello hello) throws IOException, ProtocolException {
    send(hello);
    next(Frame.Hello.class);
    Frame.Welcome welcome = next(Frame.Welcome.class);
    send(new Frame.Welcome(hello.instance(), 1, 0, 0L, Long.MAX_VALUE, null, 0));
    return welcome;
  }

  /** Ends this side's output; the other direction stays. */
  public void endOutput() throws IOException {
    wire.endOutput();
  }

  /** Ends the connection by a reset, where it is a socket; a link is broken. */
  public void reset() throws IOException {
    wire.reset();
  }

  @Override
  public void close() {
    wire.close();
  }

  /** The bytes of one frame that is not DATA. */
  public static ByteBuffer encode(Frame frame) {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(frame, out);
    return out.flip();
  }

  /** A frame of any type and body, with the right length, check and CRC. */
  public static ByteBuffer frame(int type, int flags, byte[] body) {
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + body.length + TRAILER_BYTES);
    out.put(head(out.capacity(), type, flags)).put(body);
    return out.putInt(FrameCodec.trailer(out.duplicate().flip())).flip();
  }

  /** The head of a frame that claims to have so many bytes in all. */
  public static ByteBuffer head(long frameBytes, int type, int flags) {
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).putInt((int) (frameBytes - 4));
    head.put((byte) type).put((byte) flags);
    CRC32C crc = new CRC32C();
    crc.update(head.duplicate().flip());
    int check = (int) crc.getValue();
    return head.putShort((short) (check ^ (check >>> 16))).flip();
  }

  /** Begins a HELLO of a peer that sends raw bytes on the pipe of this name. */
  public static HelloParts hello(String name) {
    return new HelloParts(name, "raw", "raw-peer", new Frame.Id(1, 1), 1, 1);
  }

  /** What carries the bytes. */
  private sealed interface Wire {
    /** Blocks; -1 at the end. */
    int read(ByteBuffer target) throws IOException;

    /** All of them. */
    void write(ByteBuffer bytes) throws IOException;

    void endOutput() throws IOException;

    void reset() throws IOException;

    void close();
  }

  private record Socketed(SocketChannel channel) implements Wire {
    @Override
    public int read(ByteBuffer target) throws IOException {
      // By way of the stream: a channel's read knows no time limit.
      channel.socket().setSoTimeout(READ_MILLIS_MAX);
      byte[] bytes = new byte[Math.min(target.remaining(), 64 << 10)];
      int readBytes = channel.socket().getInputStream().read(bytes);
      if (readBytes > 0) {
        target.put(bytes, 0, readBytes);
      }
      return readBytes;
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    @Override
    public void endOutput() throws IOException {
      channel.shutdownOutput();
    }

    @Override
    public void reset() throws IOException {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      channel.close();
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // The descriptor is released in any case.
      }
    }
  }

  private record Linked(Link link) implements Wire {
    @Override
    public int read(ByteBuffer target) throws IOException {
      return (int) link.read(new ByteBuffer[] {target});
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      link.write(new ByteBuffer[] {bytes}, 1);
    }

    @Override
    public void endOutput() throws IOException {
      link.shutdownOutput();
    }

    @Override
    public void reset() {
      link.close();
    }

    @Override
    public void close() {
      link.close();
    }
  }

  /**
   * The parts of a HELLO that tests change.
   *
   * @param encoding "raw" or "records"
   * @param instance who speaks
   * @param connection the number of this link
   * @param version the only protocol version spoken
   */
  public record HelloParts(
      String name,
      String encoding,
      String stream,
      Frame.Id instance,
      long connection,
      int version) {
    /** Of messages. */
    public HelloParts ofMessages() {
      return new HelloParts(name, "records", stream, instance, connection, version);
    }

    /** With this stream. */
    public HelloParts stream(String other) {
      return new HelloParts(name, encoding, other, instance, connection, version);
    }

    /** Of this instance. */
    public HelloParts instance(long low) {
      return new HelloParts(name, encoding, stream, new Frame.Id(1, low), connection, version);
    }

    /** Over the link of this number. */
    public HelloParts connection(long number) {
      return new HelloParts(name, encoding, stream, instance, number, version);
    }

    /** In this version of the protocol. */
    public HelloParts version(int other) {
      return new HelloParts(name, encoding, stream, instance, connection, other);
    }

    /** As a frame; this side sends, and receives nothing. */
    public Frame.Hello build() {
      return new Frame.Hello(
          version,
          version,
          true,
          false,
          Frame.AckLevel.APPLIED,
          encoding,
          instance,
          connection,
          name,
          stream,
          false,
          0,
          0,
          0,
          false);
    }
  }
}
