package io.hostpipe.spi;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What several addresses of one pipe have in common: connectors that are given the same one make
 * one session of them, which goes on over the next carrier when one stays down.
 *
 * <p>Whoever opens the first address leaves here what the next ones join, and what that is is
 * between those who know sessions. Thread rule: any thread; the addresses are opened one after
 * another.
 */
public final class Carriers {
  private final AtomicReference<@Nullable Object> session = new AtomicReference<>();

  /** What the first address has made; null for who is the first. */
  public @Nullable Object session() {
    return session.get();
  }

  /** Leaves what the next ones join. */
  public void began(Object made) {
    session.set(made);
  }
}
