package io.hostpipe.session;

import java.nio.ByteBuffer;

/** Memory that knows how much of it is out, and notices when a piece is given back twice. */
final class CountedMemory implements Memory {
  private int outCount;
  private long takenBytes;

  @Override
  public Piece take(int leastBytes) {
    takenBytes += leastBytes;
    return new Piece(ByteBuffer.allocate(leastBytes), lease());
  }

  /** A lease of its own, counted like a piece. */
  Lease lease() {
    outCount++;
    return new Counted();
  }

  int outCount() {
    return outCount;
  }

  long takenBytes() {
    return takenBytes;
  }

  private final class Counted implements Lease {
    private int references = 1;

    @Override
    public void retain() {
      if (references <= 0) {
        throw new IllegalStateException("retained after it was given back");
      }
      references++;
    }

    @Override
    public void release() {
      if (--references < 0) {
        throw new IllegalStateException("given back twice");
      }
      if (references == 0) {
        outCount--;
      }
    }
  }
}
