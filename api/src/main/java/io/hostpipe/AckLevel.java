package io.hostpipe;

/** What an acknowledgement means. Never silently weakened. */
public enum AckLevel {
  /** The peer process has it in memory. */
  RECEIVED,
  /** It survives a power loss at the peer. */
  DURABLE,
  /** The far sink has committed it. The default. */
  APPLIED
}
