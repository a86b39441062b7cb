package io.hostpipe.connector.websocket;

import io.hostpipe.runtime.Link;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The bytes of the binary messages that come over a connection; where one ends means nothing.
 *
 * <p>The payload is read straight to where its reader wants it, and unmasked there; the head of the
 * next frame comes with the same read into a little buffer of ours. So a frame may be of any length
 * and takes no memory, and bulk data is copied nowhere.
 *
 * <p>Thread rule: the link's reader.
 */
final class MessageReader {
  private static final int IN_BYTES = 512;

  /** What the peer says that is no data. Called by the reader, which must not write. */
  interface Events {
    /** It wants these bytes back; they are the callee's. */
    void onPing(byte[] payload);

    /** It closes, and says why; nothing follows. */
    void onClose(ByteBuffer payload) throws IOException;
  }

  private final Link carrier;
  private final boolean masked;
  private final Events events;

  /** Between position and limit: what was read and not looked at. */
  private ByteBuffer in;

  private long restBytes;
  private int key;
  private long offset;
  private boolean inMessage;
  private boolean ended;

  /**
   * A reader.
   *
   * @param masked whether the peer has to mask: a client has to, a server must not
   * @param rest what came behind the handshake; taken over
   */
  MessageReader(Link carrier, boolean masked, ByteBuffer rest, Events events) {
    this.carrier = carrier;
    this.masked = masked;
    this.events = events;
    this.in = ByteBuffer.allocate(Math.max(IN_BYTES, rest.remaining())).put(rest).flip();
  }

  /** As {@link Link#read}. */
  long read(ByteBuffer[] targets) throws IOException {
    while (!ended) {
      if (restBytes > 0) {
        return in.hasRemaining() ? takeRead(targets) : readStraight(targets);
      }
      FrameHead head = FrameHead.read(in);
      if (head == null) {
        if (!fill()) {
          return -1;
        }
      } else {
        onHead(head);
      }
    }
    return -1;
  }

  /** Whether nothing was read that is not taken yet. */
  boolean isEmpty() {
    return restBytes == 0 && !inMessage && !in.hasRemaining() && !ended;
  }

  private void onHead(FrameHead head) throws IOException {
    if (head.masked() != masked) {
      throw new WebSocketException(
          masked ? "a frame that is not masked" : "a frame that is masked, from a server");
    }
    if (head.isControl()) {
      onControl(head);
      return;
    }
    if (head.opcode() == FrameHead.TEXT) {
      throw new WebSocketException(
          CloseCode.UNSUPPORTED, "text, and the messages of " + Upgrade.PROTOCOL + " are binary");
    }
    if ((head.opcode() == FrameHead.CONTINUATION) != inMessage) {
      throw new WebSocketException(
          inMessage
              ? "a message inside of another one"
              : "the middle of a message, without its start");
    }
    inMessage = !head.last();
    restBytes = head.payloadBytes();
    key = head.key();
    offset = 0;
  }

  private void onControl(FrameHead head) throws IOException {
    int lengthBytes = (int) head.payloadBytes();
    while (in.remaining() < lengthBytes) {
      if (!fill()) {
        throw new EOFException(carrier.peer() + ": the connection ended inside a control frame");
      }
    }
    byte[] payload = new byte[lengthBytes];
    in.get(payload);
    Mask.apply(ByteBuffer.wrap(payload), 0, lengthBytes, head.key(), 0);
    if (head.opcode() == FrameHead.PING) {
      events.onPing(payload);
    } else if (head.opcode() == FrameHead.CLOSE) {
      ended = true;
      events.onClose(ByteBuffer.wrap(payload));
    }
  }

  /** What came together with a head. */
  private long takeRead(ByteBuffer[] targets) {
    long total = 0;
    for (ByteBuffer target : targets) {
      int lengthBytes = (int) Math.min(Math.min(in.remaining(), target.remaining()), restBytes);
      int start = target.position();
      target.put(start, in, in.position(), lengthBytes).position(start + lengthBytes);
      in.position(in.position() + lengthBytes);
      took(target, start);
      total += lengthBytes;
    }
    return total;
  }

  private long readStraight(ByteBuffer[] targets) throws IOException {
    ByteBuffer[] buffers = Arrays.copyOf(targets, targets.length + 1);
    int count = 0;
    long roomBytes = restBytes;
    int lastLimit = 0;
    int[] starts = new int[targets.length];
    while (count < targets.length && roomBytes > 0) {
      ByteBuffer target = targets[count];
      lastLimit = target.limit();
      starts[count] = target.position();
      if (target.remaining() > roomBytes) {
        target.limit(target.position() + (int) roomBytes);
      }
      roomBytes -= target.remaining();
      count++;
    }
    boolean toTheEnd = roomBytes == 0;
    buffers[count] = in.clear();
    long readBytes;
    try {
      readBytes = carrier.read(Arrays.copyOf(buffers, toTheEnd ? count + 1 : count));
    } finally {
      in.flip();
      targets[count - 1].limit(lastLimit);
    }
    if (readBytes < 0) {
      ended = true;
      return -1;
    }
    for (int index = 0; index < count; index++) {
      took(targets[index], starts[index]);
    }
    return readBytes - in.remaining();
  }

  /** Bytes of the payload lie in a target from there to its position. */
  private void took(ByteBuffer target, int start) {
    if (masked) {
      Mask.apply(target, start, target.position(), key, offset);
    }
    int lengthBytes = target.position() - start;
    offset += lengthBytes;
    restBytes -= lengthBytes;
  }

  /** Reads more of what is no payload; false at the end of the carrier. */
  private boolean fill() throws IOException {
    in.compact();
    long readBytes;
    try {
      readBytes = carrier.read(new ByteBuffer[] {in});
    } finally {
      in.flip();
    }
    ended |= readBytes < 0;
    return readBytes >= 0;
  }
}
