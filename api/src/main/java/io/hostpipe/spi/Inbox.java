package io.hostpipe.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Messages that one connection of a broker brought and nobody has read yet, bounded in bytes: the
 * library's thread waits when it is full, and so does the server.
 *
 * <p>Neither side takes a lock for a message, only to wait, and to wake one that waits: whoever
 * waits says so first, and looks once more before it does.
 *
 * <p>Thread rule: any thread; messages come out in order where one thread puts and one takes.
 *
 * @param <M> a message of the library
 */
public final class Inbox<M> {
  private static final long BYTES_MAX = 16L << 20;

  /** Who asks a server for messages may ask for as much again below this. */
  private static final long ROOM_BYTES = BYTES_MAX / 2;

  private final Queue<M> messages = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytes = new AtomicLong();
  private final ToLongFunction<M> lengthBytes;
  private volatile @Nullable Runnable onRoom;

  /** Of those who wait; nothing else is under it. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();

  /** How many threads wait, for a message or for room. */
  private final AtomicInteger waiting = new AtomicInteger();

  private volatile boolean ended;
  private volatile boolean closed;

  /**
   * An empty one.
   *
   * @param lengthBytes what a message takes in memory, about
   */
  public Inbox(ToLongFunction<M> lengthBytes) {
    this.lengthBytes = lengthBytes;
  }

  /**
   * For who asks a server for messages, and only when there is room.
   *
   * @param told called whenever {@link #hasRoom} comes to hold, on the thread that takes
   */
  public void onRoom(Runnable told) {
    onRoom = told;
  }

  /** Whether no more than half of it is in use. */
  public boolean hasRoom() {
    return bytes.get() <= ROOM_BYTES;
  }

  /** What is here, about. */
  public long heldBytes() {
    return bytes.get();
  }

  /** Blocks while it is full; drops the message once nobody reads any more. */
  public void put(M message) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while a message was brought");
    }
    if (isFull()) {
      awaitRoom();
    }
    if (ended) {
      return;
    }
    bytes.addAndGet(lengthBytes.applyAsLong(message));
    messages.add(message);
    if (waiting.get() > 0) {
      wake();
    }
  }

  /** The next one if there is one. Never blocks. */
  public @Nullable M poll() {
    M message = closed ? null : messages.poll();
    if (message != null) {
      long length = lengthBytes.applyAsLong(message);
      long rest = bytes.addAndGet(-length);
      if (waiting.get() > 0 && hasMuchRoom()) {
        wake();
      }
      Runnable told = onRoom;
      if (told != null && rest <= ROOM_BYTES && rest + length > ROOM_BYTES) {
        told.run();
      }
    }
    return message;
  }

  /**
   * The next one.
   *
   * @return null when none came in time, or none will: {@link #ended} tells which
   */
  public @Nullable M poll(long timeoutNanos) throws InterruptedException {
    M message = poll();
    if (message == null && timeoutNanos > 0) {
      awaitMessage(timeoutNanos);
      message = poll();
    }
    return message;
  }

  /** Whether no more comes and all was taken. */
  public boolean ended() {
    return ended && (closed || messages.isEmpty());
  }

  /** No more comes: the connection is gone. What is here can still be read. */
  public void end() {
    ended = true;
    wake();
  }

  /** As {@link #end}, and hands out what nobody has read. */
  public List<M> close() {
    closed = true;
    end();
    List<M> unread = new ArrayList<>();
    for (M each = messages.poll(); each != null; each = messages.poll()) {
      bytes.addAndGet(-lengthBytes.applyAsLong(each));
      unread.add(each);
    }
    return unread;
  }

  private boolean isFull() {
    return bytes.get() >= BYTES_MAX;
  }

  /** Whoever is woken for each message that is taken waits again behind the next one. */
  private boolean hasMuchRoom() {
    return bytes.get() < BYTES_MAX - BYTES_MAX / 4;
  }

  private void awaitRoom() throws InterruptedException {
    lock.lockInterruptibly();
    waiting.incrementAndGet();
    try {
      while (isFull() && !ended) {
        changed.await();
      }
    } finally {
      waiting.decrementAndGet();
      lock.unlock();
    }
  }

  private void awaitMessage(long timeoutNanos) throws InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    waiting.incrementAndGet();
    try {
      while (messages.isEmpty() && !ended && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
    } finally {
      waiting.decrementAndGet();
      lock.unlock();
    }
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
