package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.Lease;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.Transmit;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A sender that is less careful than ours: now and then it begins a DATA frame with bytes that it
 * has sent before on this link. A receiver has to drop them.
 */
final class Repeater {
  private static final int TYPE_DATA = 4;
  private static final int FLAG_CURSOR = 1;
  private static final int OLD_BYTES_MAX = 50;

  private final VirtualProcess process;
  private final Dice dice;
  private long linkStart = -1;
  private ByteBuffer pending = ByteBuffer.allocate(0);

  Repeater(VirtualProcess process) {
    this.process = process;
    this.dice = new Dice(process.instance().low());
  }

  /** A new link: nothing was sent on it. */
  void begin() {
    linkStart = -1;
    pending = ByteBuffer.allocate(0);
  }

  /** Takes what is to be written, and changes it. */
  void take(Transmit transmit) {
    int bytes = 0;
    for (int index = 0; index < transmit.bufferCount(); index++) {
      bytes += transmit.buffers()[index].remaining();
    }
    ByteBuffer whole = ByteBuffer.allocate(bytes);
    for (int index = 0; index < transmit.bufferCount(); index++) {
      whole.put(transmit.buffers()[index]);
    }
    whole.flip();
    ByteBuffer changed = ByteBuffer.allocate(2 * bytes + Transmits.FRAME_COUNT_MAX * OLD_BYTES_MAX);
    while (whole.hasRemaining()) {
      int lengthBytes = 4 + whole.getInt(whole.position());
      ByteBuffer frame = whole.slice(whole.position(), lengthBytes);
      whole.position(whole.position() + lengthBytes);
      change(frame, changed);
    }
    pending = changed.flip();
  }

  /** Whether everything is written. */
  boolean write(Lane lane) {
    lane.write(pending);
    return !pending.hasRemaining();
  }

  private void change(ByteBuffer frame, ByteBuffer out) {
    if (frame.get(4) != TYPE_DATA) {
      out.put(frame);
      return;
    }
    Frame.Data data = decode(frame.duplicate());
    if (linkStart < 0) {
      linkStart = data.position();
    }
    int oldBytes = dice.oneIn(3) ? dice.below(OLD_BYTES_MAX) : 0;
    long from = Math.max(linkStart, data.position() - oldBytes);
    long to = data.position() + data.payload().remaining();
    if (from < data.position() && dice.oneIn(3)) {
      put(from, null, data.position(), out);
    }
    put(from, data.cursor(), to, out);
  }

  private void put(long from, byte @Nullable [] cursor, long to, ByteBuffer out) {
    ByteBuffer payload = process.run().content(process.side()).slice(from, to);
    int cursorBytes = cursor == null ? 0 : 2 + cursor.length;
    int start = out.position();
    int headBytes = FrameCodec.DATA_HEAD_BYTES_MIN - Integer.BYTES;
    out.putInt(headBytes + cursorBytes + payload.remaining() + FrameCodec.TRAILER_BYTES);
    out.put((byte) TYPE_DATA).put((byte) (cursor == null ? 0 : FLAG_CURSOR));
    CRC32C crc = new CRC32C();
    crc.update(out.duplicate().flip().position(start));
    out.putShort((short) (crc.getValue() ^ (crc.getValue() >>> Short.SIZE))).putLong(from);
    if (cursor != null) {
      out.putShort((short) cursor.length).put(cursor);
    }
    out.put(payload);
    out.putInt(FrameCodec.trailer(out.duplicate().flip().position(start)));
  }

  private static Frame.Data decode(ByteBuffer frame) {
    try {
      return (Frame.Data) FrameCodec.decode(frame, Lease.UNPOOLED);
    } catch (ProtocolException e) {
      throw new IllegalStateException("a session wrote no frame", e);
    }
  }
}
