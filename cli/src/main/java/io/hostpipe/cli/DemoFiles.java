package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The files of the demo, in a folder of its own that is removed at the end.
 *
 * <p>Thread rule: one thread; {@link #close} from any.
 */
final class DemoFiles implements AutoCloseable {
  /** What stays free on the device beside the demo's files. */
  private static final long SPARE_BYTES = 64L << 20;

  private static final int BLOCK_BYTES = 1 << 20;

  private final @Nullable Path given;
  private final Path folder;
  private volatile boolean closed;

  /**
   * Makes the folder.
   *
   * @param given the user's file; null when one is to be made
   */
  DemoFiles(@Nullable Path given, Console console) throws PipeException {
    this.given = given == null ? null : given.toAbsolutePath();
    String temporary = console.environment("TMPDIR");
    Path parent =
        Path.of(
            temporary == null || temporary.isEmpty()
                ? System.getProperty("java.io.tmpdir", "/tmp")
                : temporary);
    try {
      this.folder = Files.createTempDirectory(parent, "hostpipe-demo-");
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "no folder can be made in " + parent + " (" + e + "); set TMPDIR to one that can be used",
          e);
    }
  }

  Path folder() {
    return folder;
  }

  /** What the sender reads. */
  Path sent() {
    return given == null ? folder.resolve("sent") : given;
  }

  /** What the receiver writes. */
  Path received() {
    return folder.resolve("received");
  }

  /** Makes what is to be sent, once there is room for both files. */
  void prepare(long sizeBytes) throws IOException {
    long neededBytes = (given == null ? 2 * sizeBytes : sizeBytes) + SPARE_BYTES;
    long usableBytes = Files.getFileStore(folder).getUsableSpace();
    if (usableBytes < neededBytes) {
      throw new PipeException.Refused(
          Status.RESOURCE_EXHAUSTED,
          "the demo needs "
              + Quantity.bytesText((double) neededBytes)
              + " in "
              + folder.getParent()
              + ", which has "
              + Quantity.bytesText((double) usableBytes)
              + " free; say size=100M, or set TMPDIR to a folder with room");
    }
    if (given == null) {
      make(sent(), sizeBytes);
    }
  }

  /** The SHA-256 of what was sent, read from disk. */
  String sentDigest() throws IOException {
    return digest(sent());
  }

  /** The SHA-256 of what was received, read from disk; says so when there is nothing. */
  String receivedDigest() throws IOException {
    return digest(received());
  }

  /** Removes what the demo made. Idempotent. */
  @Override
  public void close() {
    closed = true;
    try (DirectoryStream<Path> made = Files.newDirectoryStream(folder)) {
      for (Path each : made) {
        Files.deleteIfExists(each);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // A folder for temporary files is emptied by the system too.
    }
  }

  /** Fills a file with what no compression and no repetition makes smaller: xorshift64*. */
  private void make(Path file, long sizeBytes) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    long state = System.nanoTime() | 1;
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long restBytes = sizeBytes;
      while (restBytes > 0 && !closed) {
        block.clear();
        while (block.hasRemaining()) {
          state ^= state >>> 12;
          state ^= state << 25;
          state ^= state >>> 27;
          block.putLong(state * 0x2545F4914F6CDD1DL);
        }
        block.flip().limit((int) Math.min(restBytes, BLOCK_BYTES));
        restBytes -= block.remaining();
        while (block.hasRemaining()) {
          out.write(block);
        }
      }
    }
  }

  private static String digest(Path file) throws IOException {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    try (SeekableByteChannel in = Files.newByteChannel(file)) {
      while (in.read(block.clear()) >= 0) {
        sha256.update(block.flip());
      }
    } catch (NoSuchFileException e) {
      return "no such file";
    }
    return HexFormat.of().formatHex(sha256.digest());
  }
}
