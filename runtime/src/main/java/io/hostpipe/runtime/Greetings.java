package io.hostpipe.runtime;

import io.hostpipe.Status;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Tells peers that speak the session protocol from those that do not. */
public final class Greetings {
  private Greetings() {}

  /**
   * Whether the first bytes of a connection are those of a session: for ends without one, so that
   * they can say who is at the other.
   *
   * @param first its remaining bytes; left as it is
   */
  public static boolean isSession(ByteBuffer first) {
    return FrameCodec.beginsSession(first.duplicate().order(ByteOrder.BIG_ENDIAN));
  }

  /** What a session understands when it has dialed a place that speaks something else. */
  public static ByteBuffer refusal(Status status, String reason) {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(new Frame.Failure(status.code(), reason), out);
    return out.flip();
  }
}
