package io.hostpipe.connector.grpc;

import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The first call of a client without TLS at a port that wants it: it is found, and answered with a
 * status, so that the client's own user reads what is wrong. Just enough HTTP/2 for that (RFC 9113
 * and RFC 7541), because nothing that is not encrypted gets any further here.
 *
 * <p>Thread rule: one thread.
 */
final class ClearCall {
  private static final int PREFACE_BYTES = 24;
  private static final int HEAD_BYTES = 9;
  private static final byte HEADERS = 1;
  private static final byte SETTINGS = 4;
  private static final byte GOAWAY = 7;
  private static final byte END_OF_STREAM_AND_HEADERS = 0x5;

  /** In the table of RFC 7541: the whole field {@code :status: 200}. */
  private static final byte STATUS_200 = (byte) 0x88;

  /** A field that is spelled out, and not remembered. */
  private static final byte SPELLED = 0;

  private static final int ANSWER_BYTES_MAX = 512;

  private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
  private long skippedBytes = PREFACE_BYTES;

  /** What a server says first. */
  static ByteBuffer settings() {
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES);
    putHead(out, 0, SETTINGS, (byte) 0, 0);
    return out.flip();
  }

  /** Reads on; the stream of the first call, or 0 while there is none. */
  int find(ByteBuf in) {
    while (in.isReadable()) {
      if (skippedBytes > 0) {
        int stepBytes = (int) Math.min(skippedBytes, in.readableBytes());
        in.skipBytes(stepBytes);
        skippedBytes -= stepBytes;
        continue;
      }
      head.put(in.readByte());
      if (!head.hasRemaining()) {
        head.flip();
        skippedBytes = ((head.get() & 0xFFL) << Short.SIZE) | (head.getShort() & 0xFFFF);
        byte type = head.get();
        int stream = head.getInt(HEAD_BYTES - Integer.BYTES) & Integer.MAX_VALUE;
        head.clear();
        if (type == HEADERS && stream != 0) {
          return stream;
        }
      }
    }
    return 0;
  }

  /** The answer to that call, and that there will be no other one. */
  static ByteBuffer answer(int stream, Status status) {
    ByteBuffer fields = ByteBuffer.allocate(ANSWER_BYTES_MAX).put(STATUS_200);
    putField(fields, "content-type", "application/grpc");
    putField(fields, "grpc-status", Integer.toString(status.getCode().value()));
    putField(fields, "grpc-message", String.valueOf(status.getDescription()));
    fields.flip();
    ByteBuffer out = ByteBuffer.allocate(ANSWER_BYTES_MAX + 2 * HEAD_BYTES + 2 * Integer.BYTES);
    putHead(out, fields.remaining(), HEADERS, END_OF_STREAM_AND_HEADERS, stream);
    out.put(fields);
    putHead(out, 2 * Integer.BYTES, GOAWAY, (byte) 0, 0);
    return out.putInt(stream).putInt(0).flip();
  }

  /** Names and values of less than 127 bytes: their length is one byte. */
  private static void putField(ByteBuffer out, String name, String value) {
    out.put(SPELLED);
    for (String text : new String[] {name, value}) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      out.put((byte) bytes.length).put(bytes);
    }
  }

  private static void putHead(ByteBuffer out, int bodyBytes, byte type, byte flags, int stream) {
    out.put((byte) (bodyBytes >>> Short.SIZE)).putShort((short) bodyBytes);
    out.put(type).put(flags).putInt(stream);
  }
}
