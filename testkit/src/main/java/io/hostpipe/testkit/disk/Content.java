package io.hostpipe.testkit.disk;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What a file holds: as its users see it, and as the device has it, with the changes between the
 * two. Thread rule: under the lock of its disk.
 *
 * <p>A device writes whole sectors, each at a moment of its own: so a change keeps the sectors as
 * they were after it, and a loss of power finds each in one of the states that it had since the
 * last sync. The length is one of those that the file had meanwhile. Sectors that the length
 * includes and that never came are zero.
 */
final class Content {
  /** What a device writes whole or not at all. */
  static final int SECTOR_BYTES = 512;

  private Bytes seen;
  private Bytes lasting;
  private final List<Change> unsynced = new ArrayList<>();

  Content() {
    this(new Bytes(), new Bytes());
  }

  private Content(Bytes seen, Bytes lasting) {
    this.seen = seen;
    this.lasting = lasting;
  }

  /** Another one with the same bytes and the same changes. */
  Content copy() {
    Content copy = new Content(seen.copy(), lasting.copy());
    copy.unsynced.addAll(unsynced);
    return copy;
  }

  long lengthBytes() {
    return seen.length;
  }

  int read(ByteBuffer into, long offset) {
    int lengthBytes = (int) Math.max(0, Math.min(into.remaining(), seen.length - offset));
    if (lengthBytes > 0) {
      into.put(seen.bytes, (int) offset, lengthBytes);
    }
    return lengthBytes;
  }

  void write(ByteBuffer from, int lengthBytes, long offset) {
    if (lengthBytes == 0) {
      return;
    }
    int end = Math.toIntExact(offset + lengthBytes);
    seen.resize(Math.max(end, seen.length));
    from.get(seen.bytes, (int) offset, lengthBytes);
    int first = (int) offset / SECTOR_BYTES * SECTOR_BYTES;
    int last = (end + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    // Behind the file's end a buffer has zeros, so whole sectors can be taken.
    unsynced.add(new Change(first, Arrays.copyOfRange(seen.bytes, first, last), seen.length));
  }

  void truncate(long lengthBytes) {
    if (lengthBytes < seen.length) {
      seen.resize(Math.toIntExact(lengthBytes));
      unsynced.add(new Change(0, new byte[0], seen.length));
    }
  }

  void sync() {
    // Not a copy of what is seen: what a failed sync lost stays lost.
    unsynced.forEach(change -> change.applyTo(lasting));
    unsynced.clear();
  }

  /**
   * The device failed: some of it is lasting, and the system takes all of it for clean, so that a
   * second sync does nothing and succeeds.
   */
  void failSync(RandomGenerator random) {
    lasting = survivor(random);
    unsynced.clear();
  }

  /** What a loss of power leaves. */
  Content afterPowerLoss(RandomGenerator random) {
    Bytes left = survivor(random);
    return new Content(left, left.copy());
  }

  /** What a loss of power surely leaves: nothing that was not synced. */
  byte[] lasting() {
    return Arrays.copyOf(lasting.bytes, lasting.length);
  }

  byte[] seen() {
    return Arrays.copyOf(seen.bytes, seen.length);
  }

  /** The bit decays, on the device too. */
  void flip(long offset, int bit) {
    int at = Math.toIntExact(offset);
    if (at >= seen.length) {
      throw new IllegalArgumentException("the file has " + seen.length + " bytes, not " + offset);
    }
    seen.bytes[at] ^= (byte) (1 << bit);
    if (at < lasting.length) {
      lasting.bytes[at] ^= (byte) (1 << bit);
    }
  }

  private Bytes survivor(RandomGenerator random) {
    Bytes left = lasting.copy();
    switch (random.nextInt(4)) {
      case 0 -> {
        // Nothing of it came to the device.
      }
      case 1 -> unsynced.forEach(change -> change.applyTo(left));
      case 2 -> applyPrefix(left, random);
      default -> applyAny(left, random);
    }
    return left;
  }

  /** The changes up to one, and of that one the first sectors. */
  private void applyPrefix(Bytes left, RandomGenerator random) {
    int whole = random.nextInt(unsynced.size() + 1);
    unsynced.subList(0, whole).forEach(change -> change.applyTo(left));
    if (whole < unsynced.size()) {
      Change torn = unsynced.get(whole);
      int sectors = random.nextInt(torn.sectorCount() + 1);
      if (sectors > 0) {
        left.resize(Math.max(left.length, Math.min(torn.lengthAfter, torn.end(sectors))));
        for (int sector = 0; sector < sectors; sector++) {
          torn.applySector(left, sector);
        }
      }
    }
  }

  /** Each sector, and the length, in one of the states that it had. */
  private void applyAny(Bytes left, RandomGenerator random) {
    int lengthOf = random.nextInt(unsynced.size() + 1);
    int length = lengthOf == 0 ? left.length : unsynced.get(lengthOf - 1).lengthAfter;
    int chance = random.nextInt(1, 100);
    int longest = left.length;
    for (Change change : unsynced) {
      longest = Math.max(longest, change.lengthAfter);
    }
    left.resize(longest);
    for (int i = 0; i < unsynced.size(); i++) {
      Change change = unsynced.get(i);
      if (change.isCut() && i < lengthOf) {
        // What lay behind a cut that is lasting does not come back.
        left.resize(change.lengthAfter);
        left.resize(longest);
      }
      for (int sector = 0; sector < change.sectorCount(); sector++) {
        if (random.nextInt(100) < chance) {
          change.applySector(left, sector);
        }
      }
    }
    left.resize(length);
  }

  /** One write or cut. */
  private static final class Change {
    /** Of the first sector. */
    final int offset;

    /** As they were after it; none for a cut. */
    final byte[] sectors;

    /** Of the file. */
    final int lengthAfter;

    Change(int offset, byte[] sectors, int lengthAfter) {
      this.offset = offset;
      this.sectors = sectors;
      this.lengthAfter = lengthAfter;
    }

    boolean isCut() {
      return sectors.length == 0;
    }

    int sectorCount() {
      return sectors.length / SECTOR_BYTES;
    }

    int end(int sectorCount) {
      return offset + sectorCount * SECTOR_BYTES;
    }

    void applyTo(Bytes to) {
      to.resize(lengthAfter);
      for (int sector = 0; sector < sectorCount(); sector++) {
        applySector(to, sector);
      }
    }

    void applySector(Bytes to, int sector) {
      int from = sector * SECTOR_BYTES;
      int at = offset + from;
      int count = Math.min(SECTOR_BYTES, to.length - at);
      if (count > 0) {
        System.arraycopy(sectors, from, to.bytes, at, count);
      }
    }
  }

  /** Bytes of a length that changes; the array behind them has zeros to its end. */
  private static final class Bytes {
    byte[] bytes = new byte[SECTOR_BYTES];
    int length;

    Bytes copy() {
      Bytes copy = new Bytes();
      copy.bytes = bytes.clone();
      copy.length = length;
      return copy;
    }

    void resize(int newLength) {
      int sectors = (newLength + SECTOR_BYTES - 1) / SECTOR_BYTES + 1;
      if (sectors * SECTOR_BYTES > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(sectors * SECTOR_BYTES, 2 * bytes.length));
      }
      if (newLength < length) {
        Arrays.fill(bytes, newLength, length, (byte) 0);
      }
      length = newLength;
    }
  }
}
