package io.hostpipe.testkit.simulator;

/**
 * What a sender's spool has of its stream: from where it was released to where it was written. What
 * was written outlives the process; what was synced outlives a loss of power, too.
 */
final class SenderSpool {
  private long released;
  private long written;
  private long synced;
  private boolean finished;
  private boolean finishedSynced;

  SenderSpool(Content content) {
    released = content.base();
    written = released;
    synced = released;
  }

  /** Below it nothing can be sent again. */
  long released() {
    return released;
  }

  long written() {
    return written;
  }

  long synced() {
    return synced;
  }

  /** Whether it has the end of the stream. */
  boolean finished() {
    return finished;
  }

  /** Whether the end would survive a loss of power: only then may anybody hear of it. */
  boolean finishedForGood() {
    return finishedSynced;
  }

  void write(long end) {
    written = end;
  }

  void finish() {
    finished = true;
  }

  /** So far it was synced; whether with the end. */
  void sync(long position, boolean withEnd) {
    synced = Math.max(synced, position);
    finishedSynced |= withEnd;
  }

  /** The receiver has everything before it at the level that was asked for. */
  void release(long position) {
    released = Math.max(released, Math.min(position, written));
  }

  /** The process is gone; whoever comes next syncs what it finds. */
  void onKilled(boolean powerLost) {
    if (powerLost) {
      written = Math.max(synced, released);
      finished = finishedSynced;
    }
    synced = written;
    finishedSynced = finished;
  }
}
