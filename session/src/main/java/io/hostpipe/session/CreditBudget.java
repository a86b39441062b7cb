package io.hostpipe.session;

/** What all sessions of a process may promise to buffer together; passed in by the host. */
public interface CreditBudget {
  /** A budget without an end, for tests and lone sessions. */
  CreditBudget UNLIMITED =
      new CreditBudget() {
        @Override
        public boolean tryReserve(long bytes) {
          return true;
        }

        @Override
        public void release(long bytes) {}
      };

  /** Takes so many bytes out of the budget, or nothing. */
  boolean tryReserve(long bytes);

  /** Gives bytes back. */
  void release(long bytes);
}
