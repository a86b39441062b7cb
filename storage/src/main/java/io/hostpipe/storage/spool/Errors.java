package io.hostpipe.storage.spool;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskErrors;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** What goes wrong with a spool, and what is said about it. */
final class Errors {
  private static final List<String> NO_ROOM =
      List.of("No space left on device", "Disk quota exceeded", "File too large");

  private static final String IO_ERROR = "Input/output error";

  private Errors() {}

  /** A sync failed: nobody knows what the device holds, and nobody may try again. */
  static final class FailedSync extends IOException {
    private static final long serialVersionUID = 1L;

    FailedSync(Path path, IOException cause) {
      super("syncing " + path + ": " + reason(cause), cause);
    }
  }

  static void sync(DiskFile file) throws FailedSync {
    try {
      file.sync();
    } catch (IOException e) {
      throw new FailedSync(file.path(), e);
    }
  }

  static void syncFolder(Disk disk, Path folder) throws FailedSync {
    try {
      disk.syncFolder(folder);
    } catch (IOException e) {
      throw new FailedSync(folder, e);
    }
  }

  /** Whether the write may be tried again when there is room. */
  static boolean isOutOfRoom(IOException error) {
    return !(error instanceof FailedSync) && NO_ROOM.contains(reason(error));
  }

  /**
   * The same, also where the system speaks another language: then a file system that has nothing
   * left says it.
   */
  static boolean isOutOfRoom(IOException error, Disk disk, Path folder) {
    if (isOutOfRoom(error)) {
      return true;
    }
    if (error instanceof FailedSync
        || error instanceof NoSuchFileException
        || error instanceof AccessDeniedException
        || reason(error).equals(IO_ERROR)) {
      return false;
    }
    try {
      return disk.usableBytes(folder) < Store.PAGE_BYTES;
    } catch (IOException e) {
      return false;
    }
  }

  static String reason(IOException error) {
    return DiskErrors.reason(error);
  }

  /** Bytes of a stream are damaged or gone, though they were safe once. */
  static PipeException damaged(
      Path folder, StreamId stream, long position, Path file, long offset, String what) {
    return new PipeException.DataLoss(
        "the spool "
            + folder
            + " has lost bytes of the stream "
            + stream
            + " at position "
            + position
            + ": "
            + what
            + " (file "
            + file.getFileName()
            + ", offset "
            + offset
            + "). Nothing was skipped; look with 'hostpipe spool verify "
            + folder
            + "'");
  }

  /** The device failed: the spool is not used any more by this process. */
  static PipeException poisoned(Path folder, IOException error) {
    return new PipeException.DataLoss(
        "the spool "
            + folder
            + " cannot be trusted any more ("
            + reason(error)
            + "): nothing more is written to it. What was acknowledged is on the device; look at"
            + " the device, then start the same command again",
        error);
  }

  /** The spool cannot be used, for a cause that somebody can remove. */
  static PipeException unusable(Path folder, IOException error) {
    if (error instanceof PipeException known) {
      return known;
    }
    if (reason(error).equals(IO_ERROR)) {
      return new PipeException.DataLoss(
          "the spool " + folder + " cannot be read: " + reason(error) + "; look at the device",
          error);
    }
    return new PipeException.Refused(
        isOutOfRoom(error) ? Status.RESOURCE_EXHAUSTED : Status.FAILED_PRECONDITION,
        "the spool " + folder + " cannot be used: " + reason(error),
        error);
  }

  static PipeException closed(Path folder, StreamId stream) {
    return new PipeException.Closed(
        Status.CANCELLED, "the stream " + stream + " in the spool " + folder + " was closed here");
  }
}
