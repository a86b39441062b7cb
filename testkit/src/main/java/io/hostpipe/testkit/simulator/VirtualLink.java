package io.hostpipe.testkit.simulator;

import org.jspecify.annotations.Nullable;

/** Two lanes between two processes. */
final class VirtualLink {
  final long number;
  final Lane toAcceptor;
  final Lane toDialer;
  @Nullable LinkEnd dialer;
  @Nullable LinkEnd acceptor;

  VirtualLink(long number, Lane toAcceptor, Lane toDialer) {
    this.number = number;
    this.toAcceptor = toAcceptor;
    this.toDialer = toDialer;
  }

  boolean isBroken() {
    return toAcceptor.isLost() || toDialer.isLost();
  }

  /** Something was done to it that explains any silence. */
  void mayDie() {
    LinkEnd one = dialer;
    LinkEnd other = acceptor;
    if (one != null && other != null) {
      one.mayDie = true;
      other.mayDie = true;
    }
  }
}
