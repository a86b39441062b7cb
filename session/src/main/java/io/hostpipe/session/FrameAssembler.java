package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Puts the bytes of one link together into frames.
 *
 * <p>Small frames are taken out of a little scratch buffer that every link owns. As soon as the
 * length of a larger frame is known and allowed, memory for exactly that frame is taken, and the
 * rest of it is read straight to its place, together with the beginning of the next one: so an idle
 * link holds {@value #SCRATCH_BYTES} bytes and bulk data is never copied here.
 *
 * <p>Use: read into {@link #targets} (scattering, in order), then call {@link #poll} until it
 * answers null. Thread rule: one thread at a time.
 */
public final class FrameAssembler {
  static final int SCRATCH_BYTES = 2 << 10;

  private final Memory memory;
  private final CRC32C crc = new CRC32C();
  private final ByteBuffer scratch = ByteBuffer.allocate(SCRATCH_BYTES);
  private final ByteBuffer[] scratchOnly = {scratch};
  private int scratchHead;
  private Memory.@Nullable Piece large;
  private ByteBuffer[] targets = scratchOnly;
  private int frameBytesMax = FrameCodec.CONTROL_BYTES_MAX;
  private int dataBytesMax = FrameCodec.FRAME_BYTES_MAX;

  /** Takes the memory of large frames from here. */
  public FrameAssembler(Memory memory) {
    this.memory = memory;
  }

  /** Allows frames of data; before, only short control frames are read. */
  public void allowData() {
    frameBytesMax = dataBytesMax;
  }

  /**
   * No payload will be larger than this, since the peer is never given more credit: who says
   * otherwise is not waited for, and gets no memory. Before {@link #allowData}.
   */
  public void limitPayload(long payloadBytesMax) {
    long frameMax = payloadBytesMax + FrameCodec.DATA_HEAD_BYTES_MAX + FrameCodec.TRAILER_BYTES;
    dataBytesMax = (int) Math.min(FrameCodec.FRAME_BYTES_MAX, frameMax);
  }

  /** Where the next bytes belong, in order. At least one byte of room. */
  public ByteBuffer[] targets() {
    return targets;
  }

  /**
   * The next whole frame; null when more bytes are needed. A DATA frame's lease is the caller's.
   *
   * @throws ProtocolException when the bytes are no allowed frame: the link is of no further use
   */
  public @Nullable Frame poll() throws ProtocolException {
    Memory.Piece piece = large;
    if (piece != null) {
      if (piece.buffer().hasRemaining()) {
        return null;
      }
      large = null;
      targets = scratchOnly;
      return decode(piece.buffer().flip(), piece.lease());
    }
    int availableBytes = scratch.position() - scratchHead;
    if (availableBytes < FrameCodec.HEAD_BYTES) {
      compact();
      return null;
    }
    int lengthBytes = checkedLength();
    if (availableBytes >= lengthBytes) {
      return pollSmall(lengthBytes);
    }
    if (lengthBytes > SCRATCH_BYTES) {
      beginLarge(lengthBytes);
    } else {
      compact();
    }
    return null;
  }

  /** Whether bytes were read that make no whole frame yet, or were not asked for. */
  public boolean holdsBytes() {
    return large != null || scratch.position() > scratchHead;
  }

  /** Another pipe begins on the link: only short frames again. What was read is kept. */
  public void restart() {
    frameBytesMax = FrameCodec.CONTROL_BYTES_MAX;
  }

  /** Releases what a broken link left unfinished. */
  public void close() {
    Memory.Piece piece = large;
    large = null;
    targets = scratchOnly;
    if (piece != null) {
      piece.lease().release();
    }
  }

  private int checkedLength() throws ProtocolException {
    long lengthBytes = 4 + (scratch.getInt(scratchHead) & 0xFFFF_FFFFL);
    int type = scratch.get(scratchHead + 4) & 0xFF;
    long limitBytes = type == FrameCodec.DATA ? frameBytesMax : FrameCodec.CONTROL_BYTES_MAX;
    if (lengthBytes < FrameCodec.FRAME_BYTES_MIN || lengthBytes > limitBytes) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT,
          "a frame of " + lengthBytes + " bytes, allowed are up to " + limitBytes);
    }
    if (!FrameCodec.isHeadWhole(scratch, scratchHead, crc)) {
      throw new ProtocolException(Code.ABORTED, "the head of a frame was damaged on the way");
    }
    return (int) lengthBytes;
  }

  private Frame pollSmall(int lengthBytes) throws ProtocolException {
    ByteBuffer whole = scratch.slice(scratchHead, lengthBytes);
    scratchHead += lengthBytes;
    if (whole.get(4) != FrameCodec.DATA) {
      return FrameCodec.decode(whole, Lease.UNPOOLED);
    }
    Memory.Piece piece = memory.take(lengthBytes);
    return decode(piece.buffer().put(whole).flip(), piece.lease());
  }

  private void beginLarge(int lengthBytes) {
    Memory.Piece piece = memory.take(lengthBytes);
    ByteBuffer buffer = piece.buffer().limit(lengthBytes);
    buffer.put(scratch.slice(scratchHead, scratch.position() - scratchHead));
    scratch.clear();
    scratchHead = 0;
    large = piece;
    targets = new ByteBuffer[] {buffer, scratch};
  }

  private void compact() {
    if (scratchHead > 0) {
      scratch.flip().position(scratchHead).compact();
      scratchHead = 0;
    }
  }

  private static Frame decode(ByteBuffer whole, Lease lease) throws ProtocolException {
    boolean passed = false;
    try {
      Frame frame = FrameCodec.decode(whole, lease);
      passed = frame instanceof Frame.Data;
      return frame;
    } finally {
      if (!passed) {
        lease.release();
      }
    }
  }
}
