package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.storage.FileIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a path stands for at this moment.
 *
 * @param key tells this file from every other one while it exists
 * @param regular a plain file; otherwise a FIFO, a device or a socket
 */
record LocalFile(Path path, Object key, boolean regular, long lengthBytes) {
  /**
   * Looks at what is there.
   *
   * @return null when nothing is
   * @throws PipeException for a directory, or a path that may not be looked at
   */
  static @Nullable LocalFile find(Path path) throws PipeException {
    try {
      BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
      if (found.isDirectory()) {
        throw new PipeException.Config(
            path
                + " is a directory; name a file in it, as in "
                + path.resolve("data")
                + "; as a destination "
                + path
                + "/ gets a file for each stream");
      }
      Object key = Objects.requireNonNullElseGet(found.fileKey(), path::toAbsolutePath);
      return new LocalFile(path, key, found.isRegularFile(), found.size());
    } catch (NoSuchFileException e) {
      if (Files.isSymbolicLink(path)) {
        throw new PipeException.Config(
            Status.NOT_FOUND, path + " is a symbolic link to a file that is not there");
      }
      return null;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw IoErrors.opening(path, e);
    }
  }

  /** As {@link #find}, for a file that has to be there. */
  static LocalFile existing(Path path) throws PipeException {
    LocalFile file = find(path);
    if (file == null) {
      throw IoErrors.opening(path, new NoSuchFileException(path.toString()));
    }
    return file;
  }

  /** The folder that the file is, or would be, in. */
  static Path folderOf(Path path) {
    Path folder = path.toAbsolutePath().getParent();
    return folder == null ? path.toAbsolutePath() : folder;
  }

  /** Whether the path still names this very file. */
  boolean isStillThere() {
    try {
      Object now =
          Objects.requireNonNullElseGet(
              Files.readAttributes(path, BasicFileAttributes.class).fileKey(),
              path::toAbsolutePath);
      return now.equals(key);
    } catch (IOException e) {
      return false;
    }
  }

  /** What tells it from files that come later, too. */
  FileIdentity identity() throws IOException {
    BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
    long bornNanos = now.creationTime().to(TimeUnit.NANOSECONDS);
    // Where the file system keeps no time of birth, Java shows that of the last change instead.
    boolean mayBeOther = now.creationTime().equals(now.lastModifiedTime());
    return new FileIdentity(
        inode() instanceof Number number ? number.longValue() : 0, mayBeOther ? 0 : bornNanos);
  }

  /** The number of the inode, where the platform has such. */
  @Nullable Object inode() {
    try {
      return Files.getAttribute(path, "unix:ino", new LinkOption[0]);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return null;
    }
  }
}
