package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What a proof is over: all that both sides have said on the link so far, byte for byte, who
 * speaks, and what ties it to the link. So a proof fits one role, on one link, after one greeting;
 * and a greeting that was changed on its way is found. Laid out in docs/PROTOCOL.md,
 * "Authentication".
 */
final class Proofs {
  private static final String LABEL = "hostpipe token proof 1";
  private static final int TRANSCRIPT_BYTES_MAX = 4 * FrameCodec.CONTROL_BYTES_MAX;

  private Proofs() {}

  /** What the dialer proves: after both nonces are known. */
  static byte[] ofDialer(
      TokenKey key, byte[] channelBinding, Frame.Hello hello, Frame.Challenge challenge) {
    return key.mac(taken(begin("dialer", channelBinding, hello, challenge)));
  }

  /** What the acceptor proves: over its own HELLO, too. */
  static byte[] ofAcceptor(
      TokenKey key,
      byte[] channelBinding,
      Frame.Hello hello,
      Frame.Challenge challenge,
      Frame.Hello answer) {
    ByteBuffer transcript = begin("acceptor", channelBinding, hello, challenge);
    put(transcript, bytes(answer));
    return key.mac(taken(transcript));
  }

  /** Whether both are the same; takes as long whatever differs. */
  static boolean isEqual(byte[] own, byte[] peers) {
    int difference = own.length ^ peers.length;
    for (int index = 0; index < Math.min(own.length, peers.length); index++) {
      difference |= own[index] ^ peers[index];
    }
    return difference == 0;
  }

  private static ByteBuffer begin(
      String role, byte[] channelBinding, Frame.Hello hello, Frame.Challenge challenge) {
    ByteBuffer transcript = ByteBuffer.allocate(TRANSCRIPT_BYTES_MAX);
    put(transcript, LABEL.getBytes(StandardCharsets.US_ASCII));
    put(transcript, role.getBytes(StandardCharsets.US_ASCII));
    put(transcript, channelBinding);
    put(transcript, bytes(hello));
    put(transcript, bytes(challenge));
    return transcript;
  }

  /** With its length, so that no two transcripts of different parts are the same bytes. */
  private static void put(ByteBuffer transcript, byte[] part) {
    transcript.putShort((short) part.length).put(part);
  }

  /** The frame as it is, or was, on the wire: decoding keeps all that encoding needs. */
  private static byte[] bytes(Frame frame) {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(frame, out);
    return taken(out);
  }

  private static byte[] taken(ByteBuffer filled) {
    byte[] bytes = new byte[filled.flip().remaining()];
    filled.get(bytes);
    return bytes;
  }
}
