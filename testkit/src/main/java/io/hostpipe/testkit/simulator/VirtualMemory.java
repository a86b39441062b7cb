package io.hostpipe.testkit.simulator;

import io.hostpipe.session.CreditBudget;
import io.hostpipe.session.Lease;
import io.hostpipe.session.Memory;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The memory of one process: counted, and spoilt as soon as it is given back, so that whoever looks
 * at it later sees other bytes. Also the budget for credit.
 */
final class VirtualMemory implements Memory, CreditBudget {
  private static final byte SPOILT = (byte) 0xDB;

  private final long budgetBytes;
  private long reservedBytes;
  private int outCount;

  VirtualMemory(long budgetBytes) {
    this.budgetBytes = budgetBytes;
  }

  @Override
  public Piece take(int leastBytes) {
    byte[] bytes = new byte[leastBytes];
    outCount++;
    return new Piece(ByteBuffer.wrap(bytes), new Counted(bytes));
  }

  @Override
  public boolean tryReserve(long bytes) {
    if (reservedBytes + bytes > budgetBytes) {
      return false;
    }
    reservedBytes += bytes;
    return true;
  }

  @Override
  public void release(long bytes) {
    reservedBytes -= bytes;
    if (reservedBytes < 0) {
      throw new Violation("the budget got back more than it lent");
    }
  }

  long reservedBytes() {
    return reservedBytes;
  }

  int outCount() {
    return outCount;
  }

  private final class Counted implements Lease {
    private final byte[] bytes;
    private int references = 1;

    Counted(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public void retain() {
      if (references <= 0) {
        throw new Violation("memory was retained after it was given back");
      }
      references++;
    }

    @Override
    public void release() {
      references--;
      if (references < 0) {
        throw new Violation("memory was given back twice");
      }
      if (references == 0) {
        outCount--;
        Arrays.fill(bytes, SPOILT);
      }
    }
  }
}
