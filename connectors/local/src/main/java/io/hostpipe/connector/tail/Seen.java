package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a path stood for at one moment.
 *
 * @param path where it was looked at
 * @param inode with the device, what tells files of this moment apart
 * @param device of the inode
 * @param lengthBytes of the file
 * @param modified when it was last written
 */
record Seen(Path path, long inode, long device, long lengthBytes, FileTime modified) {
  private static final String WANTED = "unix:ino,dev,size,lastModifiedTime,isRegularFile";

  /** Looks, through symbolic links; null when there is no regular file now. */
  static @Nullable Seen look(Path path) {
    try {
      Map<String, Object> found = Files.readAttributes(path, WANTED);
      if (!Boolean.TRUE.equals(found.get("isRegularFile"))) {
        return null;
      }
      return new Seen(
          path,
          number(found, "ino"),
          number(found, "dev"),
          number(found, "size"),
          (FileTime) Objects.requireNonNull(found.get("lastModifiedTime")));
    } catch (IOException e) {
      // Not there, or not to be looked at: it may come.
      return null;
    }
  }

  /** What was asked for is there. */
  private static long number(Map<String, Object> found, String name) {
    return ((Number) Objects.requireNonNull(found.get(name))).longValue();
  }

  /** Whether it is the same file, wherever it lies now. */
  boolean isSameFile(long otherInode, long otherDevice) {
    return inode == otherInode && device == otherDevice;
  }
}
