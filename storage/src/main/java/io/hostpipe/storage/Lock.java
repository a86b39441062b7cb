package io.hostpipe.storage;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A file whose lock one process holds at a time, and that says which. The lock is the operating
 * system's: it is gone with its process, however that ends. The file stays.
 *
 * <p>Such a lock belongs to the whole process, and is lost when any channel on the file is closed:
 * so the locks that this process has are known by name, and their files are left alone. Thread
 * rule: any thread.
 */
public final class Lock implements AutoCloseable {
  private static final int HOLDER_BYTES_MAX = 400;
  private static final String THIS_PROCESS = "this very process";

  private static final ReentrantLock GUARD = new ReentrantLock();
  private static final Set<Path> OWN = new HashSet<>();

  private final Path name;
  private final FileChannel channel;

  private Lock(Path name, FileChannel channel) {
    this.name = name;
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
    return take(file, what, "");
  }

  /**
   * As {@link #take(Path, String)}.
   *
   * @param command of the holder, for the message to others; without secrets
   */
  public static Lock take(Path file, String what, String command) throws IOException {
    GUARD.lock();
    try {
      Path name = nameOf(file);
      if (OWN.contains(name)) {
        throw inUse(what, THIS_PROCESS);
      }
      Lock lock = takeFromOthers(name, what, command);
      OWN.add(name);
      return lock;
    } finally {
      GUARD.unlock();
    }
  }

  private static Lock takeFromOthers(Path name, String what, String command) throws IOException {
    FileChannel channel =
        FileChannel.open(
            name, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw inUse(what, textOf(name));
      }
      String holder =
          "process " + ProcessHandle.current().pid() + (command.isEmpty() ? "" : ", " + command);
      sign(channel, holder);
      return new Lock(name, channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Says in the file who holds it. On a full disk what is there is written over, and where nothing
   * is the file stays empty: the lock is held all the same.
   */
  private static void sign(FileChannel channel, String holder) throws IOException {
    ByteBuffer text = ByteBuffer.wrap(holder.getBytes(StandardCharsets.UTF_8));
    try {
      while (text.hasRemaining()) {
        channel.write(text, text.position());
      }
    } catch (IOException e) {
      if (!DiskErrors.isOutOfRoom(e)) {
        throw e;
      }
      text.position(0); // half a number would name somebody else
    }
    channel.truncate(text.position());
  }

  /** Whether somebody holds the lock now. */
  public static boolean isTaken(Path file) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    GUARD.lock();
    try {
      return OWN.contains(nameOf(file)) || isTakenByOthers(file);
    } finally {
      GUARD.unlock();
    }
  }

  private static boolean isTakenByOthers(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      return channel.tryLock() == null;
    }
  }

  /** Who holds it, or held it last: "process 1234". */
  public static String holder(Path file) throws IOException {
    GUARD.lock();
    try {
      return OWN.contains(nameOf(file)) ? THIS_PROCESS : textOf(file);
    } finally {
      GUARD.unlock();
    }
  }

  private static String textOf(Path file) throws IOException {
    byte[] name = Files.readAllBytes(file);
    int lengthBytes = Math.min(name.length, HOLDER_BYTES_MAX);
    return lengthBytes == 0
        ? "another process"
        : new String(name, 0, lengthBytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    GUARD.lock();
    try {
      if (OWN.remove(name)) {
        channel.close();
      }
    } catch (IOException e) {
      // The lock is gone with its channel either way.
    } finally {
      GUARD.unlock();
    }
  }

  private static Path nameOf(Path file) throws IOException {
    Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent(), "a lock's folder");
    return folder.toRealPath().resolve(file.getFileName());
  }

  private static PipeException inUse(String what, String holder) {
    return new PipeException.Refused(
        Status.ALREADY_EXISTS,
        what + " is in use by " + holder + "; one process at a time may have it");
  }
}
