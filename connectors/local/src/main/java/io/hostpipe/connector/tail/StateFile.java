package io.hostpipe.connector.tail;

import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A small file that holds one place, and is replaced as a whole: written beside it, synced, renamed
 * over it. After a crash it has the old place or the new one. Thread rule: one thread.
 */
final class StateFile {
  private static final String MARK = "hostpipe-tail-state-1";
  private static final int LENGTH_BYTES_MAX = 4096;

  private final Path path;

  StateFile(Path path) {
    this.path = path;
  }

  /**
   * The place that is kept; null when there is no such file yet.
   *
   * @throws PipeException Refused when it is some other file, or damaged
   */
  @Nullable Place read() throws PipeException {
    String text;
    try {
      byte[] bytes = Files.readAllBytes(path);
      text = new String(bytes, 0, Math.min(bytes.length, LENGTH_BYTES_MAX), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED, "the state file " + path + " cannot be read: " + reason(e), e);
    }
    String[] lines = text.split("\n", -1);
    if (lines.length != 4 || !lines[0].equals(MARK) || !lines[2].equals(check(lines[1]))) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          path + " is no state file of tail, or is damaged; name another file, or remove this one");
    }
    return Place.of(Cursor.of(lines[1]));
  }

  /** Keeps the place; it is on the device when this returns. */
  void write(Cursor place) throws PipeException {
    String line = place.text();
    String text = MARK + "\n" + line + "\n" + check(line) + "\n";
    Path beside = path.resolveSibling(path.getFileName() + ".new");
    try {
      try (FileChannel out =
          FileChannel.open(
              beside,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE);
      Path folder = path.toAbsolutePath().getParent();
      try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
        entries.force(true);
      }
    } catch (IOException e) {
      discard(beside);
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "the place cannot be kept in "
              + path
              + ": "
              + reason(e)
              + "; what was read since it was kept last comes again after a new start. See that its"
              + " folder has room and may be written, or name another file with state=",
          e);
    }
  }

  /** What was begun is of no use, and takes room where there is none. */
  private static void discard(Path begun) {
    try {
      Files.deleteIfExists(begun);
    } catch (IOException e) {
      // The next one replaces it.
    }
  }

  static String reason(IOException error) {
    String reason =
        error instanceof FileSystemException file && file.getReason() != null
            ? file.getReason()
            : error.getMessage();
    return reason == null ? error.getClass().getSimpleName() : reason;
  }

  private static String check(String line) {
    CRC32C crc = new CRC32C();
    crc.update(line.getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(crc.getValue());
  }
}
