package io.hostpipe.runtime;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Dialed links whose pipes have ended in good order, kept for the next pipe to the same peer.
 *
 * <p>It holds idle links only: nobody waits here, and a pipe that finds none dials, with its own
 * patience. The link that was used last is lent first, so that those above the need grow old and
 * are closed. A link is looked at before it is lent: has the peer closed it, has anything come,
 * and, when it rested for longer than a heartbeat, does the peer answer?
 *
 * <p>Thread rule: any thread. The lock is never held across I/O.
 */
final class LinkPool {
  /** One for the process. */
  static final LinkPool SHARED = new LinkPool();

  /** How long the peer of a link that rested may take to answer. */
  private static final long ANSWER_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

  private static final int FRAME_BYTES = 64;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Object, ArrayDeque<Idle>> peers = new HashMap<>();
  private @Nullable Future<?> sweep;
  private long sweepNanos = Long.MAX_VALUE;
  private long nonce;

  /**
   * Takes a link that nobody uses, newest last; closes it when there are so many already.
   *
   * @param peer the {@link Dialer#peerKey}
   */
  void give(Object peer, Link link, int countMax, Duration idle) {
    long now = Ticker.now();
    lock.lock();
    try {
      ArrayDeque<Idle> links = peers.computeIfAbsent(peer, key -> new ArrayDeque<>());
      if (links.size() < countMax) {
        links.addLast(new Idle(link, now, now + idle.toNanos()));
        sweepAt(now + idle.toNanos());
        return;
      }
    } finally {
      lock.unlock();
    }
    link.close();
  }

  /** A link to this peer that works; null when there is none. May wait for the peer's answer. */
  @Nullable Link take(Object peer, Duration heartbeat, BlockPool pool) {
    for (Idle idle = newest(peer); idle != null; idle = newest(peer)) {
      boolean rested = Ticker.now() - idle.sinceNanos > heartbeat.toNanos();
      if (idle.link.isQuiet() && (!rested || answers(idle.link, heartbeat, pool))) {
        return idle.link;
      }
      idle.link.close();
    }
    return null;
  }

  /** How many links are kept for this peer. */
  int idleCount(Object peer) {
    lock.lock();
    try {
      ArrayDeque<Idle> links = peers.get(peer);
      return links == null ? 0 : links.size();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Idle newest(Object peer) {
    lock.lock();
    try {
      ArrayDeque<Idle> links = peers.get(peer);
      return links == null ? null : links.pollLast();
    } finally {
      lock.unlock();
    }
  }

  private boolean answers(Link link, Duration heartbeat, BlockPool pool) {
    Frame.Ping ping = new Frame.Ping(nextNonce());
    long limitNanos = Math.min(heartbeat.toNanos(), ANSWER_NANOS_MAX);
    Future<?> end = Ticker.SHARED.alarm(Ticker.now() + limitNanos, link::close);
    FrameAssembler assembler = new FrameAssembler(BlockLease.memoryOf(pool));
    try {
      ByteBuffer bytes = ByteBuffer.allocate(FRAME_BYTES);
      FrameCodec.encode(ping, bytes);
      link.write(new ByteBuffer[] {bytes.flip()}, 1);
      Frame answer = null;
      while (answer == null) {
        if (link.read(assembler.targets()) < 0) {
          return false;
        }
        answer = assembler.poll();
      }
      if (answer instanceof Frame.Data data) {
        data.lease().release();
      }
      return answer instanceof Frame.Pong pong
          && pong.nonce() == ping.nonce()
          && !assembler.holdsBytes()
          && end.cancel(false);
    } catch (IOException | ProtocolException e) {
      return false;
    } finally {
      end.cancel(false);
      assembler.close();
    }
  }

  private long nextNonce() {
    lock.lock();
    try {
      return ++nonce;
    } finally {
      lock.unlock();
    }
  }

  /** Closes those whose time is over. */
  private void sweep() {
    List<Link> old = new ArrayList<>();
    long now = Ticker.now();
    long next = Long.MAX_VALUE;
    lock.lock();
    try {
      for (Iterator<ArrayDeque<Idle>> each = peers.values().iterator(); each.hasNext(); ) {
        ArrayDeque<Idle> links = each.next();
        for (Iterator<Idle> idle = links.iterator(); idle.hasNext(); ) {
          Idle one = idle.next();
          if (one.untilNanos <= now) {
            old.add(one.link);
            idle.remove();
          } else {
            next = Math.min(next, one.untilNanos);
          }
        }
        if (links.isEmpty()) {
          each.remove();
        }
      }
      sweepNanos = Long.MAX_VALUE;
      sweepAt(next);
    } finally {
      lock.unlock();
    }
    old.forEach(Link::close);
  }

  /** At this time at the latest, if there is any. Locked. */
  private void sweepAt(long nanos) {
    if (nanos < sweepNanos) {
      Future<?> later = sweep;
      if (later != null) {
        later.cancel(false);
      }
      sweepNanos = nanos;
      sweep = Ticker.SHARED.alarm(nanos, this::sweep);
    }
  }

  /** A link at rest. */
  private record Idle(Link link, long sinceNanos, long untilNanos) {}
}
