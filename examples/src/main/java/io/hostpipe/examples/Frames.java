package io.hostpipe.examples;

import io.hostpipe.FrameDecoder;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Section 2.4: borders in a stream of bytes, by four bytes of length before each message. */
public final class Frames {
  private final FrameDecoder decoder = Framing.U32.decoder();

  /** The article's {@code encode_message}. */
  static byte[] encode(byte[] message) throws PipeException {
    byte[] frame = new byte[Framing.U32.encodedLengthBytes(message.length)];
    Framing.U32.encode(ByteBuffer.wrap(message), ByteBuffer.wrap(frame));
    return frame;
  }

  /** What is complete by now; the decoder keeps the rest for the next call. */
  List<byte[]> decode(byte[] received) throws PipeException {
    List<byte[]> messages = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(received);
    for (ByteBuffer next = decoder.next(in); next != null; next = decoder.next(in)) {
      byte[] message = new byte[next.remaining()];
      next.get(message);
      messages.add(message);
    }
    return messages;
  }

  /** The end of the stream: an error when it is in the middle of a message. */
  void end() throws PipeException {
    decoder.end();
  }

  /**
   * The article's {@code decode_messages}, as it is. In Python it is a generator: its {@code return
   * buffer} ends the iteration, and nobody ever sees the rest. So a message that is cut is lost,
   * and what follows is read from the wrong place.
   */
  static List<byte[]> decodeAndLoseTheRest(byte[] received) {
    List<byte[]> messages = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(received);
    while (buffer.remaining() >= 4) {
      int length = buffer.getInt(buffer.position());
      if (length < 0 || buffer.remaining() < 4 + length) {
        break;
      }
      byte[] message = new byte[length];
      buffer.position(buffer.position() + 4).get(message);
      messages.add(message);
    }
    return messages; // and the rest of the buffer is gone
  }
}
