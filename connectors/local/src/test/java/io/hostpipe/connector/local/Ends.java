package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What the tests of this package open, fill and read. */
final class Ends {
  static final StreamId STREAM = new StreamId("stream");

  private Ends() {}

  static Address file(Path path, String... words) {
    try {
      Address address = Address.parse(path.toString());
      for (String word : words) {
        address = address.withOption(word, "true");
      }
      return address;
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  static PipeContext raw(BlockPool pool) {
    return PipeContext.messages(pool).withEncoding(Encoding.RAW);
  }

  static Source source(BlockPool pool, Path path, String... words) throws PipeException {
    return new LocalConnector().source(file(path, words), raw(pool));
  }

  static Target target(BlockPool pool, Path path, String... words) throws PipeException {
    return new LocalConnector().target(file(path, words), raw(pool));
  }

  static Sink open(Target target) throws PipeException, InterruptedException {
    return target.open(STREAM, Encoding.RAW);
  }

  /** Writes these bytes in one batch. */
  static long write(Sink sink, byte[] bytes) throws PipeException, InterruptedException {
    BatchWriter writer = sink.newBatch(bytes.length);
    assertThat(writer.add(ByteBuffer.wrap(bytes))).isTrue();
    return sink.write(writer);
  }

  /** A batch as a source would hand it over. */
  static Batch batch(BlockPool pool, long position, byte[] bytes) throws PipeException {
    BatchWriter writer = new BatchWriter(pool, Encoding.RAW, bytes.length);
    assertThat(writer.add(ByteBuffer.wrap(bytes))).isTrue();
    return writer.toBatch(STREAM, position);
  }

  /** Everything from the source to its end. */
  static byte[] readAll(Source source) throws IOException, InterruptedException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    long position = -1;
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      try (Batch one = batch) {
        assertThat(position == -1 || position == one.position()).isTrue();
        position = one.endPosition();
        one.writePayloadTo(Channels.newChannel(all));
      }
    }
    assertThat(source.finished()).isTrue();
    return all.toByteArray();
  }

  static byte[] bytes(@Nullable Batch batch) {
    Objects.requireNonNull(batch, "there is a batch");
    byte[] copy = new byte[batch.lengthBytes()];
    batch.bytes().get(copy);
    return copy;
  }

  static byte[] random(int lengthBytes, long seed) {
    byte[] bytes = new byte[lengthBytes];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static Resume at(long position) {
    return new Resume(position, null, null);
  }
}
