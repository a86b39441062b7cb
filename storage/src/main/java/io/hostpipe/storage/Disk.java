package io.hostpipe.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Files and folders, as one sees them who wants to survive a crash.
 *
 * <p>What was written and not synced may be lost, in part, and in any order: a file's bytes by
 * {@link DiskFile#sync}, a name in a folder by {@link #syncFolder}. Everything that has to be right
 * after a crash goes through here, so that a simulated disk can lose it. Thread rule: any thread.
 */
public interface Disk {
  /**
   * Opens a file for reading and writing, creating it where it is missing.
   *
   * @throws java.nio.file.NoSuchFileException when its folder is missing
   */
  DiskFile open(Path file) throws IOException;

  /**
   * Opens a file that is there, for reading only.
   *
   * @throws java.nio.file.NoSuchFileException when it is not
   */
  DiskFile openToRead(Path file) throws IOException;

  /** Whether something has this name. */
  boolean exists(Path path) throws IOException;

  /** The files and folders in this one, sorted by name. */
  List<Path> list(Path folder) throws IOException;

  /** Makes a folder, and those above it, where they are missing. */
  void createFolders(Path folder) throws IOException;

  /** Gives a file another name in the same file system, at once and over whatever had it. */
  void move(Path from, Path to) throws IOException;

  /** Removes a file or an empty folder. */
  void delete(Path path) throws IOException;

  /** Makes the names in this folder lasting: of files that were created, moved, removed. */
  void syncFolder(Path folder) throws IOException;

  /** How much more the file system that holds the folder takes, as far as it tells. */
  long usableBytes(Path folder) throws IOException;
}
