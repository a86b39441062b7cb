package io.hostpipe.storage.spool;

import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;

/** A disk beside which something happens just before each sync of a file. */
final class WatchedDisk extends ForwardingDisk {
  private final Runnable beforeSync;

  WatchedDisk(Disk disk, Runnable beforeSync) {
    super(disk);
    this.beforeSync = beforeSync;
  }

  @Override
  DiskFile opened(DiskFile file) {
    return new ForwardingFile(file) {
      @Override
      public void sync() throws IOException {
        beforeSync.run();
        super.sync();
      }
    };
  }
}
