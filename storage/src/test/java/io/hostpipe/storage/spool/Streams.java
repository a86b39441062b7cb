package io.hostpipe.storage.spool;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;

/** Bytes in and out of a spool, for its tests. */
final class Streams {
  private Streams() {}

  /** The same ones for the same length. */
  static byte[] random(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new Random(lengthBytes).nextBytes(bytes);
    return bytes;
  }

  /** Writes a part in batches of a length, each with its end as its cursor. */
  static void write(Sink sink, byte[] content, int from, int to, int batchBytes) throws Exception {
    for (int at = from; at < to; at += batchBytes) {
      int lengthBytes = Math.min(batchBytes, to - at);
      BatchWriter batch = sink.newBatch(lengthBytes);
      batch.addBytes(ByteBuffer.wrap(content, at, lengthBytes));
      batch.cursor(Cursor.of("" + (at + lengthBytes)));
      sink.write(batch);
    }
  }

  static byte[] read(Source source, int lengthBytes) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (out.size() < lengthBytes) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        batch.writePayloadTo(Channels.newChannel(out));
      }
    }
    return out.toByteArray();
  }

  static byte[] slice(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }
}
