package io.hostpipe.testkit.simulator;

/** What may go wrong in a run. */
enum Fault {
  /** A link breaks, each side hears of it at another time, what is in flight is lost. */
  CUT,
  /** A link carries nothing one way, and nobody is told; later what was held may still come. */
  HOLD_ONE_WAY,
  /** The same in both ways. */
  HOLD_BOTH_WAYS,
  /** No new link is made for a while. */
  PARTITION,
  /** A dialer leaves its link, which the other side believes alive, and dials anew. */
  REDIAL,
  /** A process is killed; its kernel says so to the peer. */
  KILL,
  /** A host loses power: nobody says anything. */
  POWER_LOSS,
  /** A process is stopped for a while, and goes on. */
  SUSPEND,
  /** A bit of a frame is flipped. */
  FLIP,
  /** Somebody else comes to the port. */
  STRANGER,
  /** A sink stops committing for a while. */
  STALL,
  /** A second process of the sender comes up while the first one lives. */
  RIVAL,
  /** A person gives up. */
  ABORT,
}
