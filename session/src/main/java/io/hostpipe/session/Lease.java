package io.hostpipe.session;

/**
 * The memory behind a buffer, counted by references; made by the host.
 *
 * <p>Whoever takes a lease releases it once. Thread rule: the host's.
 */
public interface Lease {
  /** Memory that nobody has to give back. */
  Lease UNPOOLED =
      new Lease() {
        @Override
        public void retain() {}

        @Override
        public void release() {}
      };

  /** Adds a reference. */
  void retain();

  /** Drops a reference. */
  void release();
}
