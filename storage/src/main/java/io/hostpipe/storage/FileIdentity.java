package io.hostpipe.storage;

/**
 * What tells a file from every other one on its file system, also from one that comes later: the
 * number of a removed file is given to the next one at once.
 *
 * @param number of the inode; 0 where there is none
 * @param birthNanos when it was made, since 1970; 0 where nobody knows
 */
public record FileIdentity(long number, long birthNanos) {
  /** Whether both can be of one file. */
  public boolean canBe(FileIdentity other) {
    return number == other.number
        && (birthNanos == 0 || other.birthNanos == 0 || birthNanos == other.birthNanos);
  }
}
