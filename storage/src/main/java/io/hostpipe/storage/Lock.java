package io.hostpipe.storage;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file whose lock one process holds at a time, and that says which. The lock is the operating
 * system's: it is gone with its process, however that ends. The file stays.
 */
public final class Lock implements AutoCloseable {
  private static final int HOLDER_BYTES_MAX = 200;

  private final FileChannel channel;

  private Lock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @param file created where it is missing
   * @param what is locked, for the message: "the spool ./q"
   * @throws PipeException Refused with ALREADY_EXISTS when another process, or another part of this
   *     one, has it
   */
  public static Lock take(Path file, String what) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw inUse(what, holder(file));
      }
      ByteBuffer name =
          ByteBuffer.wrap(
              ("process " + ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8));
      channel.truncate(0);
      channel.write(name, 0);
      return new Lock(channel);
    } catch (OverlappingFileLockException e) {
      // The file is not read here: closing any channel on it would drop the lock of this process.
      channel.close();
      throw inUse(what, "this very process");
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Whether another process holds the lock now. Not for a lock that this process may have taken.
   */
  public static boolean isTaken(Path file) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      return channel.tryLock() == null;
    }
  }

  /** Who holds it, or held it last: "process 1234". */
  public static String holder(Path file) throws IOException {
    byte[] name = Files.readAllBytes(file);
    int lengthBytes = Math.min(name.length, HOLDER_BYTES_MAX);
    return lengthBytes == 0
        ? "another process"
        : new String(name, 0, lengthBytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The lock is gone with its channel either way.
    }
  }

  private static PipeException inUse(String what, String holder) {
    return new PipeException.Refused(
        Status.ALREADY_EXISTS,
        what + " is in use by " + holder + "; one process at a time may have it");
  }
}
