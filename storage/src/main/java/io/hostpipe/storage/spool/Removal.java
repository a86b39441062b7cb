package io.hostpipe.storage.spool;

import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.file.Path;

/** Takes a stream's files out of a folder, in an order that a crash does not make a damage of. */
final class Removal {
  private Removal() {}

  /** Removes them; they may be damaged, and the removal may have been begun before. */
  static void of(Store store, StreamFiles files) throws IOException {
    Path slotPath = store.slotPath(files.key());
    Slot slot = files.slot();
    boolean hasSlot = store.disk.exists(slotPath);
    if (slot != null) {
      try (DiskFile file = store.disk.open(slotPath)) {
        Slot.settle(file);
        if (!slot.forgotten()) {
          slot.forget().write(file, 1 - files.slotPlace());
          Errors.sync(file);
        }
      }
    }
    for (StreamFiles.Part each : files.parts()) {
      Path idle = store.pool.newName();
      store.disk.move(each.path(), idle);
      store.pool.giveBack(idle, each.lengthBytes());
    }
    store.syncNames();
    if (hasSlot) {
      store.disk.delete(slotPath);
      store.syncNames();
    }
  }
}
