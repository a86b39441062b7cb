package io.hostpipe.runtime;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.Lease;
import io.hostpipe.session.Memory;
import io.hostpipe.session.ProtocolException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A peer that says exactly what a test wants, frame by frame or byte by byte, and reads the
 * answers.
 */
final class RawPeer {
  private final MemoryLink link;
  private final FrameAssembler assembler =
      new FrameAssembler(
          lengthBytes -> new Memory.Piece(ByteBuffer.allocate(lengthBytes), Lease.UNPOOLED));

  private RawPeer(MemoryLink link) {
    this.link = link;
    assembler.allowData();
  }

  static RawPeer dial(MemoryNetwork network) throws IOException {
    return new RawPeer(network.dial());
  }

  /** Waits for somebody to dial. */
  static RawPeer accept(MemoryNetwork network) throws IOException {
    return new RawPeer((MemoryLink) network.accept());
  }

  MemoryLink link() {
    return link;
  }

  void send(Frame frame) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(frame, out);
    sendBytes(out.flip());
  }

  void sendBytes(ByteBuffer bytes) throws IOException {
    link.write(new ByteBuffer[] {bytes}, 1);
  }

  /** The next frame of the other side. */
  Frame next() throws IOException, ProtocolException {
    while (true) {
      Frame frame = assembler.poll();
      if (frame != null) {
        return frame;
      }
      if (link.read(assembler.targets()) < 0) {
        throw new EOFException("the other side has ended the link");
      }
    }
  }

  /** The next frame of this kind; others are passed over. */
  <F extends Frame> F next(Class<F> kind) throws IOException, ProtocolException {
    Frame frame = next();
    while (!kind.isInstance(frame)) {
      frame = next();
    }
    return kind.cast(frame);
  }

  /** A whole frame of data. */
  static ByteBuffer data(byte[] payload) {
    ByteBuffer out = ByteBuffer.allocate(8 + 8 + payload.length + 4);
    out.put(head(out.capacity() - 4, 4)).putLong(0).put(payload);
    return out.putInt(FrameCodec.trailer(out.duplicate().flip())).flip();
  }

  /** The head of a frame that says it has so many bytes behind its length. */
  static ByteBuffer head(int lengthBytes, int type) {
    ByteBuffer head = ByteBuffer.allocate(8).putInt(lengthBytes).put((byte) type).put((byte) 0);
    CRC32C crc = new CRC32C();
    crc.update(head.duplicate().flip());
    int check = (int) crc.getValue();
    return head.putShort((short) (check ^ (check >>> 16))).flip();
  }

  /** Begins a HELLO of a peer that sends and receives messages. */
  static HelloBuilder hello(String name) {
    return new HelloBuilder(name);
  }

  /** The parts of a HELLO that tests change. */
  static final class HelloBuilder {
    private final String name;
    private String stream = "raw-peer";
    private Frame.Id instance = new Frame.Id(1, 2);
    private long connection = 1;
    private long epoch;
    private boolean sends = true;
    private boolean keepsLink;

    private HelloBuilder(String name) {
      this.name = name;
    }

    HelloBuilder stream(String newStream) {
      stream = newStream;
      return this;
    }

    HelloBuilder instance(long low) {
      instance = new Frame.Id(1, low);
      return this;
    }

    HelloBuilder connection(long number) {
      connection = number;
      return this;
    }

    HelloBuilder epoch(long given) {
      epoch = given;
      return this;
    }

    /** Of a peer whose BYE is its last word, and that sends nothing. */
    HelloBuilder receivingOnAKeptLink() {
      sends = false;
      keepsLink = true;
      return this;
    }

    Frame.Hello build() {
      return new Frame.Hello(
          FrameCodec.VERSION,
          FrameCodec.VERSION,
          sends,
          true,
          Frame.AckLevel.APPLIED,
          "records",
          instance,
          connection,
          name,
          stream,
          false,
          0,
          0,
          epoch,
          keepsLink,
          false,
          null,
          0);
    }
  }
}
