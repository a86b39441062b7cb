package io.hostpipe.storage.spool;

/**
 * The limits of a spool.
 *
 * @param bytesMax all of its segments together; whoever writes beyond it waits until something was
 *     released
 * @param segmentBytes how long a stream's segments get, a power of two; its first ones are shorter
 * @param headroomBytes what is left free on the file system for others
 * @param syncsBefore whether a reader gets only what survives a loss of power, instead of all that
 *     survives the end of the process
 * @param unsyncedBytesMax what all streams together may have written and not synced
 * @param streamUnsyncedBytesMax what one stream may have written and not synced
 * @param tailBytesMax what is kept in memory for the readers of all streams
 * @param holder who uses the folder, for others that want it: a command, without secrets
 */
public record SpoolOptions(
    long bytesMax,
    long segmentBytes,
    long headroomBytes,
    boolean syncsBefore,
    long unsyncedBytesMax,
    long streamUnsyncedBytesMax,
    long tailBytesMax,
    String holder) {
  /** The shortest segment. */
  public static final long SEGMENT_BYTES_MIN = 16 << 10;

  /** The longest segment. */
  public static final long SEGMENT_BYTES_MAX = 1L << 30;

  private static final long SEGMENT_BYTES = 64L << 20;

  /** As much as the file system has, but for two segments. */
  public static final SpoolOptions DEFAULT =
      new SpoolOptions(
          Long.MAX_VALUE,
          SEGMENT_BYTES,
          2 * SEGMENT_BYTES,
          false,
          32 << 20,
          16 << 20,
          16 << 20,
          "hostpipe");

  public SpoolOptions {
    if (Long.bitCount(segmentBytes) != 1
        || segmentBytes < SEGMENT_BYTES_MIN
        || segmentBytes > SEGMENT_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a segment has a power of two of bytes from "
              + SEGMENT_BYTES_MIN
              + " to "
              + SEGMENT_BYTES_MAX
              + ", not "
              + segmentBytes);
    }
    if (bytesMax < 4 * SEGMENT_BYTES_MIN) {
      throw new IllegalArgumentException(
          "a spool has at least " + 4 * SEGMENT_BYTES_MIN + " bytes, not " + bytesMax);
    }
  }

  /** The same with another limit, and segments of which at least eight fit into it. */
  public SpoolOptions withBytesMax(long other) {
    long eighth = Long.highestOneBit(Math.max(other / 8, SEGMENT_BYTES_MIN));
    return new SpoolOptions(
        other,
        Math.min(segmentBytes, eighth),
        headroomBytes,
        syncsBefore,
        unsyncedBytesMax,
        streamUnsyncedBytesMax,
        tailBytesMax,
        holder);
  }

  /** The same with longer or shorter segments, and two of them as headroom. */
  public SpoolOptions withSegmentBytes(long other) {
    return new SpoolOptions(
        bytesMax,
        other,
        2 * other,
        syncsBefore,
        unsyncedBytesMax,
        streamUnsyncedBytesMax,
        tailBytesMax,
        holder);
  }

  /** The same with so much left free on the file system. */
  public SpoolOptions withHeadroomBytes(long other) {
    return new SpoolOptions(
        bytesMax,
        segmentBytes,
        other,
        syncsBefore,
        unsyncedBytesMax,
        streamUnsyncedBytesMax,
        tailBytesMax,
        holder);
  }

  /** The same, where readers wait for the sync or do not. */
  public SpoolOptions withSyncsBefore(boolean other) {
    return new SpoolOptions(
        bytesMax,
        segmentBytes,
        headroomBytes,
        other,
        unsyncedBytesMax,
        streamUnsyncedBytesMax,
        tailBytesMax,
        holder);
  }

  /** The same for another command. */
  public SpoolOptions withHolder(String other) {
    return new SpoolOptions(
        bytesMax,
        segmentBytes,
        headroomBytes,
        syncsBefore,
        unsyncedBytesMax,
        streamUnsyncedBytesMax,
        tailBytesMax,
        other);
  }
}
