package io.hostpipe.bench;

import java.nio.ByteBuffer;

/** What is done with each received message: its number is read, and must be the next one. */
final class MessageCheck {
  /** The messages of all figures: a number and 92 bytes more. */
  static final int MESSAGE_BYTES = 100;

  private long expected;

  /** A message to be sent again and again: {@link #number} makes it the one of that number. */
  static ByteBuffer message() {
    ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    for (int index = 0; index < MESSAGE_BYTES; index++) {
      message.put(index, (byte) (31 * index));
    }
    return message;
  }

  /** The whole message again, with this number in its first eight bytes. */
  static ByteBuffer number(ByteBuffer message, long number) {
    return message.clear().putLong(0, number);
  }

  void onMessage(ByteBuffer payload) {
    long number = payload.getLong(payload.position());
    if (number != expected || payload.remaining() != MESSAGE_BYTES) {
      throw new IllegalStateException(
          "message " + number + " of " + payload.remaining() + " bytes came, not " + expected);
    }
    expected = number + 1;
  }

  /** How many messages came. */
  long count() {
    return expected;
  }
}
