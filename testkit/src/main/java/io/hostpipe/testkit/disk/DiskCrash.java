package io.hostpipe.testkit.disk;

/**
 * The end of the process that a test simulates: thrown by a {@link SimulatedDisk} at the planned
 * crash, and by every call after it, so that no handler on the way down can touch the disk again.
 * An error, so that code which handles exceptions does not take it for one.
 */
public final class DiskCrash extends Error {
  private static final long serialVersionUID = 1;

  DiskCrash(String message) {
    super(message);
  }
}
