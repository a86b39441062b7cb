package io.hostpipe;

/** What a pair of ends promises, from the strongest to the weakest. */
public enum Guarantee {
  /**
   * In order, nothing lost, nothing twice; also when either process is killed and started again.
   */
  ONCE,
  /**
   * In order, nothing lost, nothing twice through broken links, as long as both processes live;
   * when one is killed, what is uncertain is said.
   */
  ONCE_WHILE_RUNNING,
  /** Nothing lost; after a break some may come twice. */
  AT_LEAST_ONCE,
  /** Nothing twice; after a break some may be lost. */
  AT_MOST_ONCE;

  /** Whether this is at least as strong. */
  public boolean covers(Guarantee asked) {
    return compareTo(asked) <= 0;
  }
}
