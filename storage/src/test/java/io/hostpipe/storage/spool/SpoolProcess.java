package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;

/** A process with a spool, for tests that kill it, or give it a file system of its own. */
final class SpoolProcess {
  static final StreamId STREAM = new StreamId("killed");

  private static final SpoolOptions SMALL =
      SpoolOptions.DEFAULT.withSegmentBytes(256 << 10).withHeadroomBytes(0);

  private static final int BATCH_BYTES = 50_000;

  private SpoolProcess() {}

  /** What starts it with these words. */
  static List<String> command(String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                SpoolProcess.class.getName()));
    command.addAll(Arrays.asList(words));
    return command;
  }

  /** The bytes of the stream, which never ends. */
  static byte[] content(long position, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    for (int index = 0; index < lengthBytes; index++) {
      long at = position + index;
      bytes[index] = (byte) (at ^ (at >>> 8) * 31 ^ (at >>> 16) * 17);
    }
    return bytes;
  }

  /** Says what it does on its standard output, one line each. */
  public static void main(String[] words) throws Exception {
    Path folder = Path.of(words[1]);
    try {
      switch (words[0]) {
        case "hold" -> hold(folder);
        case "fill" -> fill(folder);
        case "release" -> waitForRelease(folder);
        case "room" -> waitForRoom(folder);
        case "readonly" -> open(folder, SMALL, PipeEvents.SILENT).close();
        default -> throw new IllegalArgumentException(words[0]);
      }
    } catch (PipeException e) {
      say(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  private static void hold(Path folder) throws Exception {
    try (Spool spool = open(folder, SMALL, PipeEvents.SILENT)) {
      say("holds " + spool.folder());
      int ignored = System.in.read();
      say("lets go after " + ignored);
    }
  }

  /** Writes for ever, and says each position that was promised. */
  private static void fill(Path folder) throws Exception {
    Spool spool = open(folder, SMALL, PipeEvents.SILENT);
    SpoolStream stream = spool.open(STREAM, Encoding.RAW);
    long position = stream.held().position();
    say("from " + position);
    Sink sink = stream.sink();
    while (true) {
      Streams.write(sink, content(position, BATCH_BYTES), 0, BATCH_BYTES, BATCH_BYTES);
      position += BATCH_BYTES;
      say("promised " + sink.committed().position());
    }
  }

  /** Fills the file system, and reads what is there only then. */
  private static void waitForRelease(Path folder) throws Exception {
    long lengthBytes = 12_000_000;
    Semaphore full = new Semaphore(0);
    try (Spool spool = open(folder, SpoolOptions.DEFAULT, saying(full))) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Thread writer = writing(stream.sink(), lengthBytes);
      full.acquire();
      say("held " + (stream.stats().written() > 1_000_000));
      Source source = stream.source(false);
      source.seek(Resume.START);
      for (long at = 0; at < lengthBytes; at += BATCH_BYTES) {
        check(Streams.read(source, BATCH_BYTES), at);
        source.commit(at + BATCH_BYTES);
      }
      check(source.read() == null && source.finished());
      writer.join();
    }
    say("all arrived");
  }

  /** Meets a file system that others have filled, and goes on when they make room. */
  private static void waitForRoom(Path folder) throws Exception {
    long lengthBytes = 1_000_000;
    Semaphore full = new Semaphore(0);
    Path other = folder.resolveSibling("other");
    try (Spool spool = open(folder, SMALL, saying(full))) {
      fillUp(other);
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Thread writer = writing(stream.sink(), lengthBytes);
      full.acquire();
      Files.delete(other);
      writer.join();
      Source source = stream.source(false);
      for (long at = 0; at < lengthBytes; at += BATCH_BYTES) {
        check(Streams.read(source, BATCH_BYTES), at);
      }
    }
    say("all arrived");
  }

  private static void fillUp(Path other) {
    try (var out = Files.newOutputStream(other)) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (java.io.IOException e) {
      say("filled");
    }
  }

  private static Thread writing(Sink sink, long lengthBytes) {
    return Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            for (long at = 0; at < lengthBytes; at += BATCH_BYTES) {
              Streams.write(sink, content(at, BATCH_BYTES), 0, BATCH_BYTES, BATCH_BYTES);
            }
            sink.finish();
          } catch (Exception e) {
            say("the writer failed: " + e);
          }
        });
  }

  private static PipeEvents saying(Semaphore full) {
    return new PipeEvents() {
      @Override
      public void warning(String text) {
        say(text);
        full.release();
      }
    };
  }

  private static Spool open(Path folder, SpoolOptions options, PipeEvents events)
      throws PipeException {
    String holder = "a test of " + folder.getFileName();
    return Spool.open(
        RealDisk.INSTANCE, folder, options.withHolder(holder), new BlockPool(16 << 20), events);
  }

  private static void check(byte[] read, long position) {
    check(Arrays.equals(read, content(position, read.length)));
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError("not what was written");
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
