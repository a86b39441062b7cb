package io.hostpipe.bench;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.zip.CRC32C;

/**
 * The least that acknowledged messages can cost: the ceiling that Hostpipe is compared with.
 *
 * <p>Records of a length and a payload in blocks of 256 KiB, each behind its length and a CRC32C,
 * over one blocking channel; for each block the receiver answers how many messages it has handled
 * so far. No session, no resume, no digest, no end: what is missing is what Hostpipe may cost.
 */
final class NaiveMessages {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final int BLOCK_HEAD_BYTES = 8;
  private static final int RECORD_HEAD_BYTES = 2;
  private static final int ACK_BYTES = 8;

  /** How many messages may be under way: as many as fit Hostpipe's window of 8 MiB. */
  private static final long UNDER_WAY_COUNT_MAX = (8 << 20) / MessageCheck.MESSAGE_BYTES;

  private NaiveMessages() {}

  /** The sending side. Thread rule: one thread. */
  static final class Sender {
    private final SocketChannel channel;
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    private final ByteBuffer acks = ByteBuffer.allocateDirect(512 * ACK_BYTES);
    private final CRC32C crc = new CRC32C();
    private long sent;
    private long acknowledged;

    Sender(SocketChannel channel) {
      this.channel = channel;
      block.position(BLOCK_HEAD_BYTES);
    }

    /** Adds one message; blocks when its block is full and too many are under way. */
    void send(ByteBuffer payload) throws IOException {
      if (block.remaining() < RECORD_HEAD_BYTES + payload.remaining()) {
        writeBlock();
      }
      block.putShort((short) payload.remaining()).put(payload);
      sent++;
    }

    /** Writes what is left and waits until everything is acknowledged. */
    void awaitAcknowledged() throws IOException {
      writeBlock();
      while (acknowledged < sent) {
        readAcks();
      }
    }

    private void writeBlock() throws IOException {
      block.flip().position(BLOCK_HEAD_BYTES);
      crc.reset();
      int lengthBytes = block.remaining();
      crc.update(block.duplicate());
      block.rewind().putInt(lengthBytes).putInt((int) crc.getValue()).rewind();
      while (block.hasRemaining()) {
        channel.write(block);
      }
      block.clear().position(BLOCK_HEAD_BYTES);
      while (sent - acknowledged > UNDER_WAY_COUNT_MAX) {
        readAcks();
      }
    }

    private void readAcks() throws IOException {
      if (channel.read(acks) < 0) {
        throw new EOFException("the receiver is gone");
      }
      int whole = acks.position() / ACK_BYTES;
      if (whole > 0) {
        acknowledged = acks.getLong((whole - 1) * ACK_BYTES);
        acks.flip().position(whole * ACK_BYTES).compact();
      }
    }
  }

  /** Receives and acknowledges until the sender is gone. */
  static void receive(SocketChannel channel, MessageCheck check) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    ByteBuffer ack = ByteBuffer.allocateDirect(ACK_BYTES);
    CRC32C crc = new CRC32C();
    while (fill(channel, block.clear().limit(BLOCK_HEAD_BYTES))) {
      int lengthBytes = block.getInt(0);
      int expected = block.getInt(4);
      if (!fill(channel, block.clear().limit(lengthBytes))) {
        throw new EOFException("the sender left inside a block");
      }
      crc.reset();
      crc.update(block.flip().duplicate());
      if ((int) crc.getValue() != expected) {
        throw new IOException("a block was altered");
      }
      ByteBuffer view = block.asReadOnlyBuffer();
      int index = 0;
      while (index < lengthBytes) {
        int payloadBytes = view.limit(lengthBytes).getShort(index);
        index += RECORD_HEAD_BYTES;
        check.onMessage(view.limit(index + payloadBytes).position(index));
        index += payloadBytes;
      }
      ack.clear().putLong(check.count()).flip();
      while (ack.hasRemaining()) {
        channel.write(ack);
      }
    }
  }

  private static boolean fill(SocketChannel channel, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target) < 0) {
        return false;
      }
    }
    return true;
  }
}
