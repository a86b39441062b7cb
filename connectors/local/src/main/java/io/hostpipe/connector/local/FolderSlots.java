package io.hostpipe.connector.local;

import io.hostpipe.StreamId;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import io.hostpipe.storage.KeptFile;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.Slot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a folder remembers of the files in it: for each one of slots, in a folder of their own in
 * it. Thread rule: any thread, one at a time for each name.
 */
final class FolderSlots {
  private static final String FOLDER = ".hostpipe";
  private static final String SUFFIX = ".slots";

  private final Disk disk = RealDisk.INSTANCE;
  private final Path folder;
  private final Path slots;

  private FolderSlots(Path folder) {
    this.folder = folder;
    this.slots = folder.resolve(FOLDER);
  }

  /** The slots of this folder's files; those of files that are gone are removed. */
  static FolderSlots open(Path folder) throws IOException {
    FolderSlots all = new FolderSlots(folder);
    all.disk.createFolders(all.slots);
    for (String name : all.names()) {
      if (all.dataOf(name) == null) {
        Files.deleteIfExists(all.of(name));
      }
    }
    return all;
  }

  /** The file with the slots of the file of this name. */
  Path of(String name) {
    return slots.resolve(name + SUFFIX);
  }

  /**
   * What is known of a stream whose file is not being written by this process.
   *
   * @param data its file, under one of its names
   * @return null when nothing is known, or the file is not there
   */
  @Nullable Slot find(StreamId stream, String name, Path data) throws IOException {
    try (KeptFile kept = look(name, data)) {
      if (kept == null) {
        return null;
      }
      Slot slot = kept.slot(stream);
      if (slot != null && kept.damage() != null) {
        throw kept.damage();
      }
      return slot;
    }
  }

  /** All streams of which something is known. */
  List<StreamId> streams() throws IOException {
    List<StreamId> all = new ArrayList<>();
    for (String name : names()) {
      if (dataOf(name) != null) {
        all.addAll(KeptFile.streams(disk, of(name)));
      }
    }
    return all;
  }

  private @Nullable KeptFile look(String name, Path data) throws IOException {
    LocalFile file = LocalFile.find(data);
    if (file == null || !Files.exists(of(name))) {
      return null;
    }
    try (DiskFile in = disk.openToRead(data)) {
      return KeptFile.open(disk, of(name), in, file.identity(), false);
    }
  }

  private List<String> names() throws IOException {
    return disk.list(slots).stream()
        .map(path -> path.getFileName().toString())
        .filter(name -> name.endsWith(SUFFIX))
        .map(name -> name.substring(0, name.length() - SUFFIX.length()))
        .toList();
  }

  private @Nullable Path dataOf(String name) {
    Path part = folder.resolve(name + FolderTarget.PART);
    Path whole = folder.resolve(name);
    return Files.exists(part) ? part : Files.exists(whole) ? whole : null;
  }
}
