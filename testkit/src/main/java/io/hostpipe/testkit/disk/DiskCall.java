package io.hostpipe.testkit.disk;

/** The kinds of calls that a {@link SimulatedDisk} counts and can let fail. */
public enum DiskCall {
  OPEN(true),
  OPEN_TO_READ(false),
  EXISTS(false),
  LIST(false),
  LENGTH(false),
  READ(false),
  WRITE(true),
  TRUNCATE(true),
  SYNC(true),
  CREATE_FOLDERS(true),
  MOVE(true),
  DELETE(true),
  SYNC_FOLDER(true),
  USABLE_BYTES(false);

  /** Whether a crash before it differs from a crash after it. */
  final boolean changes;

  DiskCall(boolean changes) {
    this.changes = changes;
  }
}
