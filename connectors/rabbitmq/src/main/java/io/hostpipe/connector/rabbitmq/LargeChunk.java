package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * A chunk that is too large to be held at once, and is handed on in parts while it comes: whoever
 * writes fast fills one with up to 65,535 messages of any length.
 *
 * <p>Its checksum is known at its end alone. The last part waits for that; where it is wrong, it is
 * said which messages were handed on. Thread rule: one thread.
 */
final class LargeChunk {
  /** Takes the parts, in their order. */
  interface Parts {
    /** May block. */
    void take(StreamChunk part) throws PipeException;
  }

  /** A message, or messages that were packed together. */
  private static final int ENTRY_BYTES_MAX = 64 << 20;

  private static final int PACKED_FRONT_BYTES = 7;

  private final String where;
  private final DataInputStream in;
  private final StreamChunk.Head head;
  private final int partBytes;
  private final Parts parts;
  private final CRC32 crc = new CRC32();
  private int leftBytes;
  private ByteBuffer part;
  private int entries;
  private long offset;
  private long count;

  private LargeChunk(
      String where, DataInputStream in, StreamChunk.Head head, int partBytes, Parts parts) {
    this.where = where;
    this.in = in;
    this.head = head;
    this.partBytes = partBytes;
    this.parts = parts;
    this.leftBytes = head.lengthBytes();
    this.part = ByteBuffer.allocate(partBytes);
    this.offset = head.offset();
  }

  /**
   * Reads one. Blocks.
   *
   * @param lengthBytes of it, and of all that comes with it
   * @param partBytes of a part, about
   * @throws PipeException DataLoss when the messages are damaged; Refused when one of them is too
   *     long to be held
   */
  static void read(String where, DataInputStream in, int lengthBytes, int partBytes, Parts parts)
      throws IOException {
    byte[] front = new byte[StreamChunk.Head.BYTES];
    in.readFully(front);
    int restBytes = lengthBytes - front.length;
    StreamChunk.Head head = StreamChunk.Head.read(where, ByteBuffer.wrap(front), restBytes);
    new LargeChunk(where, in, head, partBytes, parts).readAll();
    in.skipNBytes(restBytes - head.lengthBytes());
  }

  private void readAll() throws IOException {
    for (int index = 0; index < head.entries(); index++) {
      readEntry();
    }
    if (leftBytes != 0 || offset + count != head.offset() + head.count()) {
      throw untold();
    }
    if ((int) crc.getValue() != head.crc()) {
      throw head.damaged(where, handedOn());
    }
    handOn(true);
  }

  private void readEntry() throws IOException {
    int first = in.readInt();
    boolean packed = first < 0; // its highest bit says so
    ByteBuffer front = ByteBuffer.allocate(Integer.BYTES + PACKED_FRONT_BYTES).putInt(first);
    if (packed) {
      in.readFully(front.array(), front.position(), PACKED_FRONT_BYTES);
      front.position(front.limit());
    }
    int bodyBytes = packed ? front.getInt(front.limit() - Integer.BYTES) : first;
    front.flip();
    if (bodyBytes < 0 || bodyBytes > leftBytes - front.remaining()) {
      throw untold();
    }
    if (bodyBytes > ENTRY_BYTES_MAX) {
      throw new PipeException.Refused(
          Status.OUT_OF_RANGE,
          where
              + ": the message with offset "
              + (offset + count)
              + " is "
              + (bodyBytes >> 20)
              + " MiB long, and at most "
              + (ENTRY_BYTES_MAX >> 20)
              + " can be read");
    }
    int entryBytes = front.remaining() + bodyBytes;
    if (part.remaining() < entryBytes) {
      handOn(false);
      part = ByteBuffer.allocate(Math.max(partBytes, entryBytes));
    }
    int begin = part.position();
    part.put(front);
    in.readFully(part.array(), part.position(), bodyBytes);
    part.position(begin + entryBytes);
    crc.update(part.array(), begin, entryBytes);
    leftBytes -= entryBytes;
    entries++;
    count += packed ? (first >>> Byte.SIZE) & 0xFFFF : 1;
  }

  private void handOn(boolean ends) throws PipeException {
    if (entries > 0) {
      ByteBuffer data = part.slice(0, part.position());
      parts.take(new StreamChunk(offset, count, head.timeMillis(), entries, data, ends));
      offset += count;
      count = 0;
      entries = 0;
    }
  }

  private PipeException.DataLoss untold() {
    return new PipeException.DataLoss(
        where
            + ": the messages from offset "
            + head.offset()
            + " on cannot be told apart"
            + handedOn());
  }

  private String handedOn() {
    return offset == head.offset()
        ? ""
        : "; those up to offset " + (offset - 1) + " were handed on before that was known";
  }
}
