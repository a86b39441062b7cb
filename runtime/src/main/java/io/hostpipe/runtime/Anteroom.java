package io.hostpipe.runtime;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The links whose peers have not been let in yet: so many in all, and so many of one host.
 *
 * <p>When it is full, the one that has stood there longest makes room: an honest peer is through in
 * a moment, so those who stand there are those who have no intention to get in. A host that fills
 * its share pushes out its own.
 *
 * <p>Thread rule: any thread.
 */
final class Anteroom {
  private final int countMax;
  private final int hostCountMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<Link, String> inside = new LinkedHashMap<>();
  private final Map<String, LinkedHashSet<Link>> hosts = new HashMap<>();

  Anteroom(int countMax, int hostCountMax) {
    this.countMax = countMax;
    this.hostCountMax = hostCountMax;
  }

  /** Takes a link in; the one that had to make room for it, which is the caller's to close. */
  @Nullable Link enter(Link link) {
    String host = Reception.hostOf(link);
    lock.lock();
    try {
      LinkedHashSet<Link> own = hosts.computeIfAbsent(host, key -> new LinkedHashSet<>());
      Link oldest = null;
      if (own.size() >= hostCountMax) {
        oldest = own.getFirst();
      } else if (inside.size() >= countMax) {
        oldest = inside.firstEntry().getKey();
      }
      if (oldest != null) {
        remove(oldest);
      }
      hosts.computeIfAbsent(host, key -> new LinkedHashSet<>()).add(link);
      inside.put(link, host);
      return oldest;
    } finally {
      lock.unlock();
    }
  }

  /** The link was let in, or has gone; whether it was still here. */
  boolean leave(Link link) {
    lock.lock();
    try {
      return remove(link);
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

  private boolean remove(Link link) {
    String host = inside.remove(link);
    if (host == null) {
      return false;
    }
    LinkedHashSet<Link> own = hosts.get(host);
    if (own != null) {
      own.remove(link);
      if (own.isEmpty()) {
        hosts.remove(host);
      }
    }
    return true;
  }
}
