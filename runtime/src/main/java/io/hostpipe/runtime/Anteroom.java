package io.hostpipe.runtime;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Those who came and have not been let in yet, links or connections: so many in all, and so many of
 * one host.
 *
 * <p>When it is full, the one that has stood there longest makes room: an honest peer is through in
 * a moment, so those who stand there are those who have no intention to get in. A host that fills
 * its share pushes out its own.
 *
 * <p>Thread rule: any thread.
 *
 * @param <V> who stands there
 */
public final class Anteroom<V> {
  private final int countMax;
  private final int hostCountMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<V, String> inside = new LinkedHashMap<>();
  private final Map<String, LinkedHashSet<V>> hosts = new HashMap<>();

  /**
   * For so many.
   *
   * @param countMax of all hosts
   * @param hostCountMax of each
   */
  public Anteroom(int countMax, int hostCountMax) {
    this.countMax = countMax;
    this.hostCountMax = hostCountMax;
  }

  /** Takes one in; the one that had to make room for it, which is the caller's to close. */
  public @Nullable V enter(V visitor, String host) {
    lock.lock();
    try {
      LinkedHashSet<V> own = hosts.computeIfAbsent(host, key -> new LinkedHashSet<>());
      V oldest = null;
      if (own.size() >= hostCountMax) {
        oldest = own.getFirst();
      } else if (inside.size() >= countMax) {
        oldest = inside.firstEntry().getKey();
      }
      if (oldest != null) {
        remove(oldest);
      }
      hosts.computeIfAbsent(host, key -> new LinkedHashSet<>()).add(visitor);
      inside.put(visitor, host);
      return oldest;
    } finally {
      lock.unlock();
    }
  }

  /** One was let in, or has gone; whether it was still here. */
  public boolean leave(V visitor) {
    lock.lock();
    try {
      return remove(visitor);
    } finally {
      lock.unlock();
    }
  }

  /** How many stand there. */
  int count() {
    lock.lock();
    try {
      return inside.size();
    } finally {
      lock.unlock();
    }
  }

  private boolean remove(V visitor) {
    String host = inside.remove(visitor);
    if (host == null) {
      return false;
    }
    LinkedHashSet<V> own = hosts.get(host);
    if (own != null) {
      own.remove(visitor);
      if (own.isEmpty()) {
        hosts.remove(host);
      }
    }
    return true;
  }
}
