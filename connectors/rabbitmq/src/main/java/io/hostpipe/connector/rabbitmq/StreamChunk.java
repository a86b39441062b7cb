package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;

/**
 * Messages that lie behind each other in a stream, as a server delivers them: what was written
 * within a moment, with one time for all; or a part of them.
 *
 * @param offset of the first message
 * @param count of messages, each with an offset of its own
 * @param timeMillis when it was written
 * @param data the messages, in entries of one or of many
 * @param ends whether it is whole, or the last part
 */
record StreamChunk(
    long offset, long count, long timeMillis, int entries, ByteBuffer data, boolean ends) {
  private static final int MAGIC = 5;
  private static final int IS_PACKED = 0x80;
  private static final int PACKED_BY = 0x70;
  private static final int GZIP = 1;

  /** What the packed messages of a chunk may be together: a few bytes can be packed thousands. */
  private static final int UNPACKED_BYTES_MAX = 64 << 20;

  private static final List<String> PACKERS = List.of("nothing", "gzip", "snappy", "lz4", "zstd");

  /** One message of it. */
  record Message(long offset, long timeMillis, ByteBuffer bytes) {}

  /**
   * What stands in front of the messages.
   *
   * @param crc of all of them
   * @param lengthBytes how long they are together
   */
  record Head(int entries, long count, long timeMillis, long offset, int crc, int lengthBytes) {
    static final int BYTES = 48;

    /**
     * Reads one from where the buffer stands.
     *
     * @param restBytes what comes behind it in its frame
     */
    static Head read(String where, ByteBuffer in, int restBytes) throws PipeException {
      int magic = (in.get() & 0xFF) >>> 4;
      in.get();
      int entries = Short.toUnsignedInt(in.getShort());
      long count = Integer.toUnsignedLong(in.getInt());
      long timeMillis = in.getLong();
      in.getLong();
      long offset = in.getLong();
      int crc = in.getInt();
      int lengthBytes = in.getInt();
      in.getInt();
      in.getInt();
      if (magic != MAGIC || lengthBytes < 0 || lengthBytes > restBytes) {
        throw new PipeException.Refused(
            Status.UNIMPLEMENTED,
            where
                + ": the server speaks another form of the stream protocol (chunks of "
                + magic
                + ")");
      }
      return new Head(entries, count, timeMillis, offset, crc, lengthBytes);
    }

    /** What it says of its messages is not so; what is known of those before, behind it. */
    PipeException.DataLoss damaged(String where, String more) {
      return new PipeException.DataLoss(
          where
              + ": the messages from offset "
              + offset
              + " on are damaged: their checksum is another one than when they were written"
              + more);
    }
  }

  /** Reads one from where the buffer stands. */
  static StreamChunk read(String where, ByteBuffer in) throws PipeException {
    Head head = Head.read(where, in, in.remaining() - Head.BYTES);
    ByteBuffer data = in.slice(in.position(), head.lengthBytes());
    CRC32 crc = new CRC32();
    crc.update(data.duplicate());
    if ((int) crc.getValue() != head.crc()) {
      throw head.damaged(where, "");
    }
    return new StreamChunk(
        head.offset(), head.count(), head.timeMillis(), head.entries(), data, true);
  }

  /** The offset of the last message. */
  long lastOffset() {
    return offset + count - 1;
  }

  /** Its messages, which share its memory. */
  List<Message> messages(String where) throws PipeException {
    return messages(where, true);
  }

  /** The same without those that were packed into one entry, as Hostpipe packs none. */
  List<Message> messagesNotPacked(String where) throws PipeException {
    return messages(where, false);
  }

  private List<Message> messages(String where, boolean packedToo) throws PipeException {
    List<Message> all = new ArrayList<>((int) Math.min(count, 65_536));
    ByteBuffer in = data.duplicate();
    int roomBytes = UNPACKED_BYTES_MAX;
    long skipped = 0;
    try {
      for (int index = 0; index < entries; index++) {
        if ((in.get(in.position()) & IS_PACKED) == 0) {
          add(all, skipped, in, in.getInt());
        } else if (packedToo) {
          roomBytes -= unpack(where, all, in, roomBytes);
        } else {
          skipped += skip(in);
        }
      }
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new PipeException.DataLoss(
          where + ": the messages from offset " + offset + " on cannot be told apart", e);
    }
    return all;
  }

  /** Adds the messages of a packed entry, and returns how many bytes they are. */
  private int unpack(String where, List<Message> all, ByteBuffer in, int roomBytes)
      throws PipeException {
    int packer = (in.get() & PACKED_BY) >>> 4;
    int packedCount = Short.toUnsignedInt(in.getShort());
    int plainBytes = in.getInt();
    int packedBytes = in.getInt();
    ByteBuffer part = in.slice(in.position(), packedBytes);
    in.position(in.position() + packedBytes);
    if (packer == GZIP && plainBytes > roomBytes) {
      throw new PipeException.Refused(
          Status.OUT_OF_RANGE,
          where
              + ": the messages from offset "
              + offset
              + " on are packed, and more than "
              + (UNPACKED_BYTES_MAX >> 20)
              + " MiB unpacked; have the program that writes them pack fewer together");
    }
    ByteBuffer plain = packer == 0 ? part : plain(where, packer, plainBytes, part);
    for (int index = 0; index < packedCount; index++) {
      add(all, 0, plain, plain.getInt());
    }
    return packer == 0 ? 0 : plainBytes;
  }

  private ByteBuffer plain(String where, int packer, int plainBytes, ByteBuffer part)
      throws PipeException {
    if (packer != GZIP) {
      throw new PipeException.Refused(
          Status.UNIMPLEMENTED,
          where
              + ": the messages from offset "
              + offset
              + " on are packed with "
              + (packer < PACKERS.size() ? PACKERS.get(packer) : "method " + packer)
              + " by the program that wrote them, and only gzip is read here; have it pack with"
              + " gzip or not at all");
    }
    byte[] packed = new byte[part.remaining()];
    part.get(packed);
    try (GZIPInputStream unpacking = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      byte[] bytes = unpacking.readNBytes(plainBytes);
      if (bytes.length == plainBytes) {
        return ByteBuffer.wrap(bytes);
      }
    } catch (IOException e) {
      throw new PipeException.DataLoss(
          where + ": the messages from offset " + offset + " on cannot be unpacked", e);
    }
    throw new PipeException.DataLoss(
        where + ": the messages from offset " + offset + " on are shorter than they say");
  }

  /** Passes over a packed entry, and returns how many messages it holds. */
  private static int skip(ByteBuffer in) {
    in.get();
    int packedCount = Short.toUnsignedInt(in.getShort());
    in.getInt();
    int packedBytes = in.getInt();
    if (packedBytes < 0) {
      throw new IllegalArgumentException("an entry of " + packedBytes + " bytes");
    }
    in.position(in.position() + packedBytes);
    return packedCount;
  }

  private void add(List<Message> all, long skipped, ByteBuffer in, int lengthBytes) {
    long index = skipped + all.size();
    if (index >= count) {
      throw new IllegalArgumentException("more messages than the " + count + " that there are");
    }
    all.add(new Message(offset + index, timeMillis, in.slice(in.position(), lengthBytes)));
    in.position(in.position() + lengthBytes);
  }
}
