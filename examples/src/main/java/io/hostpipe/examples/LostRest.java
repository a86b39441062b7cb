package io.hostpipe.examples;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Section 2.4: the article's {@code decode_messages} as it is, to show what it loses.
 *
 * <p>In Python it is a generator: its {@code return buffer} ends the iteration, and nobody ever
 * sees the rest. So a message that is cut is lost, and what follows is read from the wrong place.
 * {@link Frames} is right.
 */
public final class LostRest {
  private LostRest() {}

  /** The messages that lie whole in what was received. */
  static List<byte[]> decode(byte[] received) {
    List<byte[]> messages = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(received);
    while (buffer.remaining() >= 4) {
      int length = buffer.getInt(buffer.position());
      if (length < 0 || buffer.remaining() - 4 < length) {
        break;
      }
      byte[] message = new byte[length];
      buffer.position(buffer.position() + 4).get(message);
      messages.add(message);
    }
    return messages; // and the rest of the buffer is gone
  }
}
