package io.hostpipe.runtime.flow;

import java.util.concurrent.locks.Condition;

/** Time that passes only when somebody waits. */
public final class VirtualWaiting implements Waiting {
  private long nowNanos = 1_000;

  @Override
  public long nowNanos() {
    return nowNanos;
  }

  @Override
  public void await(Condition woken, long nanos) {
    nowNanos += nanos;
  }

  /** Lets time pass. */
  void pass(long nanos) {
    nowNanos += nanos;
  }
}
