package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.hostpipe.FrameDecoder;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Section 2.4: borders in a stream of bytes, by four bytes of length before each message. */
public final class Frames {
  private final FrameDecoder decoder = Framing.U32.decoder();

  /** Cuts two messages every seven bytes, and shows what each decoder makes of the pieces. */
  public static void main(String[] words) throws PipeException {
    byte[] sent = ("\0\0\0\14Hello Remote" + "\0\0\0\3ACK").getBytes(US_ASCII);
    Frames frames = new Frames();
    for (int from = 0; from < sent.length; from += 7) {
      byte[] piece = Arrays.copyOfRange(sent, from, Math.min(sent.length, from + 7));
      frames
          .decode(piece)
          .forEach(message -> IO.println("whole: " + new String(message, US_ASCII)));
      IO.println("the article's decoder: " + LostRest.decode(piece).size() + " messages");
    }
    frames.end();
  }

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
}
