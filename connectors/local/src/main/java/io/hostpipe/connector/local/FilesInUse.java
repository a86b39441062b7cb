package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which files this process reads and writes.
 *
 * <p>Needed because a POSIX lock belongs to the process: closing any other channel on the same file
 * drops it without a word. So one file has either one writer here or any number of readers, which
 * also keeps a file from being copied onto itself. Thread rule: any thread.
 */
final class FilesInUse {
  private static final int WRITTEN = -1;

  private static final ReentrantLock LOCK = new ReentrantLock();

  /** By file key: how many readers, or {@link #WRITTEN}. */
  private static final Map<Object, Integer> USES = new HashMap<>();

  private static final int STDIN = 0;
  private static final int STDOUT = 1;

  private FilesInUse() {}

  /** Whether the shell has opened this very file for us: a pipe from it into itself eats it up. */
  private static boolean isStandard(int descriptor, Object fileKey) {
    try {
      BasicFileAttributes found =
          Files.readAttributes(Path.of("/proc/self/fd/" + descriptor), BasicFileAttributes.class);
      return found.isRegularFile() && fileKey.equals(found.fileKey());
    } catch (IOException e) {
      return false; // closed, or a system that does not show it
    }
  }

  static void beginReading(Object fileKey, String where) throws PipeException {
    if (isStandard(STDOUT, fileKey)) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          where + " cannot be read: it is the standard output of this very process");
    }
    LOCK.lock();
    try {
      int readers = USES.getOrDefault(fileKey, 0);
      if (readers == WRITTEN) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION, where + " cannot be read: this very process is writing it");
      }
      USES.put(fileKey, readers + 1);
    } finally {
      LOCK.unlock();
    }
  }

  static void endReading(Object fileKey) {
    LOCK.lock();
    try {
      USES.computeIfPresent(fileKey, (key, readers) -> readers == 1 ? null : readers - 1);
    } finally {
      LOCK.unlock();
    }
  }

  static void beginWriting(Object fileKey, String where) throws PipeException {
    if (isStandard(STDIN, fileKey)) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          where + " cannot be written: it is the standard input of this very process");
    }
    LOCK.lock();
    try {
      Integer use = USES.putIfAbsent(fileKey, WRITTEN);
      if (use != null) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            where
                + " cannot be written: this very process is "
                + (use == WRITTEN ? "writing it already" : "reading it"));
      }
    } finally {
      LOCK.unlock();
    }
  }

  static void endWriting(Object fileKey) {
    LOCK.lock();
    try {
      USES.remove(fileKey);
    } finally {
      LOCK.unlock();
    }
  }
}
