package io.hostpipe.bench;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolOptions;
import io.hostpipe.storage.spool.SpoolStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;

/**
 * How fast a spool takes a stream of blocks, all of it synced in the end; with a reader behind it
 * that lets go of what it has read, so that files are used again, or without one.
 *
 * <p>To be compared with {@code dd oflag=dsync} of the same blocks into a file that is there: its
 * sync policy is the same, one sync after each write.
 */
public final class SpoolWrites {
  private SpoolWrites() {}

  /**
   * Folder, MiB, KiB of a block, and "read", "keep" or "die"; prints MiB per second. To die is to
   * leave what is there as a killed process does. With "open" it opens what is there, and prints
   * how many milliseconds that took.
   */
  public static void main(String[] words) throws Exception {
    if (words[3].equals("open")) {
      open(Path.of(words[0]), Long.parseLong(words[1]) << 20);
      return;
    }
    long lengthBytes = Long.parseLong(words[1]) << 20;
    int blockBytes = Integer.parseInt(words[2]) << 10;
    boolean reads = words[3].equals("read");
    BlockPool pool = new BlockPool(64 << 20);
    byte[] content = new byte[blockBytes];
    new Random(1).nextBytes(content);
    try (Spool spool =
        Spool.open(
            RealDisk.INSTANCE, Path.of(words[0]), SpoolOptions.DEFAULT, pool, PipeEvents.SILENT)) {
      SpoolStream stream = spool.open(new StreamId("bench"), Encoding.RAW);
      Sink sink = stream.sink();
      long begin = System.nanoTime();
      Thread reader = reads ? reading(stream) : null;
      for (long at = 0; at < lengthBytes; at += blockBytes) {
        BatchWriter batch = sink.newBatch(blockBytes);
        batch.addBytes(ByteBuffer.wrap(content));
        sink.write(batch);
      }
      if (words[3].equals("die")) {
        sink.awaitCommitted(lengthBytes);
        Runtime.getRuntime().halt(0);
      }
      sink.finish();
      long nanos = System.nanoTime() - begin;
      if (reader != null) {
        reader.join();
      }
      System.out.printf("%.0f%n", lengthBytes / 1048576.0 * 1e9 / nanos);
    }
  }

  private static void open(Path folder, long lengthBytes) throws Exception {
    long begin = System.nanoTime();
    BlockPool pool = new BlockPool(64 << 20);
    try (Spool spool =
        Spool.open(RealDisk.INSTANCE, folder, SpoolOptions.DEFAULT, pool, PipeEvents.SILENT)) {
      long position = spool.open(new StreamId("bench"), Encoding.RAW).sink().resume().position();
      long nanos = System.nanoTime() - begin;
      if (position != lengthBytes) {
        throw new IllegalStateException("the spool ends at " + position + ", not " + lengthBytes);
      }
      System.out.printf("%.0f%n", nanos / 1e6);
    }
  }

  private static Thread reading(SpoolStream stream) throws Exception {
    Source source = stream.source(false);
    return Thread.ofPlatform()
        .start(() -> {
          try {
            while (!source.finished()) {
              try (Batch batch = source.read(Duration.ofSeconds(1))) {
                if (batch != null) {
                  source.commit(batch.endPosition());
                }
              }
            }
          } catch (java.io.IOException | InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }
}
