package io.hostpipe.runtime.tls;

import java.nio.ByteBuffer;

/**
 * The first bytes of a peer: one that speaks no TLS is told from one that speaks it badly. Thread
 * rule: any thread.
 */
public final class FirstRecord {
  /** How many bytes have to be there to tell. */
  public static final int HEADER_BYTES = 5;

  private static final int TYPE_MIN = 20;
  private static final int TYPE_MAX = 23;
  private static final int MAJOR_VERSION = 3;
  private static final int SHOWN_BYTES_MAX = 16;

  private FirstRecord() {}

  /** Whether a record of TLS begins where the buffer stands. */
  public static boolean beginsAt(ByteBuffer in) {
    int type = in.get(in.position()) & 0xFF;
    return type >= TYPE_MIN && type <= TYPE_MAX && in.get(in.position() + 1) == MAJOR_VERSION;
  }

  /** What began otherwise, for people. */
  public static String shown(ByteBuffer in) {
    StringBuilder text = new StringBuilder(SHOWN_BYTES_MAX);
    for (int index = 0; index < Math.min(SHOWN_BYTES_MAX, in.remaining()); index++) {
      int b = in.get(in.position() + index) & 0xFF;
      text.append(b >= 0x20 && b < 0x7F ? (char) b : '.');
    }
    return text.toString();
  }
}
