package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What one gathering write puts on a link: control frames and DATA frames in order.
 *
 * <p>Filled by {@link Session#poll}, written by the host outside of the session's lock, then {@link
 * #clear}ed; the payloads are held by leases until then. Reusable. Thread rule: one thread at a
 * time.
 */
public final class Transmit {
  /** The most payload bytes of one write. */
  static final int PAYLOAD_BYTES_MAX = 1 << 20;

  /** The most DATA frames of one write. */
  static final int DATA_COUNT_MAX = 64;

  private static final int SCRATCH_BYTES =
      16 * FrameCodec.CONTROL_BYTES_MAX
          + DATA_COUNT_MAX * (FrameCodec.DATA_HEAD_BYTES_MIN + FrameCodec.TRAILER_BYTES)
          + 2 * FrameCodec.CURSOR_BYTES_MAX * DATA_COUNT_MAX;

  private final ByteBuffer scratch;
  private final ByteBuffer[] buffers = new ByteBuffer[2 * DATA_COUNT_MAX + 1];
  private final Lease[] leases = new Lease[DATA_COUNT_MAX];
  private final CRC32C crc = new CRC32C();
  private int bufferCount;
  private int leaseCount;
  private int scratchStart;
  private long payloadBytes;
  private long connection;

  /** With scratch memory of its own, direct so that the kernel reads it in place. */
  public Transmit() {
    this.scratch = ByteBuffer.allocateDirect(SCRATCH_BYTES);
  }

  /** The connection that it was filled for. */
  public long connection() {
    return connection;
  }

  /** What to write, from index 0 to {@link #bufferCount}. */
  public ByteBuffer[] buffers() {
    return buffers;
  }

  /** How many buffers there are. */
  public int bufferCount() {
    return bufferCount;
  }

  /** Whether there is nothing to write. */
  public boolean isEmpty() {
    return bufferCount == 0;
  }

  /** Lets go of what was written, or will not be. */
  public void clear() {
    for (int index = 0; index < leaseCount; index++) {
      leases[index].release();
    }
    leaseCount = 0;
    bufferCount = 0;
    scratch.clear();
    scratchStart = 0;
    payloadBytes = 0;
  }

  void begin(long linkConnection) {
    connection = linkConnection;
  }

  boolean hasRoomForControl() {
    return scratch.remaining() >= FrameCodec.CONTROL_BYTES_MAX;
  }

  boolean hasRoomForData() {
    return leaseCount < DATA_COUNT_MAX
        && payloadBytes < PAYLOAD_BYTES_MAX
        && scratch.remaining() >= FrameCodec.DATA_HEAD_BYTES_MAX + FrameCodec.CONTROL_BYTES_MAX;
  }

  long roomBytes() {
    return PAYLOAD_BYTES_MAX - payloadBytes;
  }

  void control(Frame frame) {
    FrameCodec.encode(frame, scratch);
  }

  /**
   * Adds one DATA frame; the payload is this transmit's to move, the lease is retained.
   *
   * @param payloadCrc the CRC-32C of the payload
   */
  void data(
      long position, byte @Nullable [] cursor, ByteBuffer payload, int payloadCrc, Lease lease) {
    int headStart = scratch.position();
    int payloadLengthBytes = payload.remaining();
    FrameCodec.encodeDataHead(position, cursor, payloadLengthBytes, scratch, crc);
    int headCrc = FrameCodec.crc32c(scratch.duplicate().flip().position(headStart), crc);
    flushScratch();
    buffers[bufferCount++] = payload;
    lease.retain();
    leases[leaseCount++] = lease;
    payloadBytes += payloadLengthBytes;
    scratch.putInt(FrameCodec.dataTrailer(headCrc, payloadCrc));
  }

  void finish() {
    flushScratch();
  }

  private void flushScratch() {
    if (scratch.position() > scratchStart) {
      buffers[bufferCount++] = scratch.slice(scratchStart, scratch.position() - scratchStart);
      scratchStart = scratch.position();
    }
  }
}
