package io.hostpipe.connector.tcp.raw;

import io.hostpipe.PipeException;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Answers the peer once for each message, or without framing for each read, after the sink has
 * committed it.
 *
 * <p>A peer that left without waiting for its answers is no fault: what it sent is committed. It is
 * told once. Thread rule: one thread reads, any commits; the lock is not held while an answer is
 * written, which one thread does at a time for all.
 */
final class RawReply {
  /** Answers that are written at once. */
  private static final int CHUNK_BYTES = 16 << 10;

  /** Reads that may be uncommitted at a time; a relay commits far earlier. */
  private static final int READS_MAX = 1 << 20;

  private final byte[] text;
  private final RawConnection connection;
  private final PipeEvents events;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Long> readEnds = new ArrayDeque<>();
  private boolean countsMessages;
  private long owedCount;
  private boolean writing;
  private boolean gone;

  RawReply(byte[] text, RawConnection connection, PipeEvents events) {
    this.text = text;
    this.connection = connection;
    this.events = events;
  }

  /** From here on messages are answered, and not reads. */
  void countMessages() {
    lock.lock();
    try {
      countsMessages = true;
    } finally {
      lock.unlock();
    }
  }

  /** So many messages more are committed. Blocks while the peer does not read answers. */
  void onMessages(long count) throws PipeException {
    lock.lock();
    try {
      owedCount += count;
    } finally {
      lock.unlock();
    }
    writeOwed();
  }

  /** A read ended there. */
  void onRead(long endPosition) {
    lock.lock();
    try {
      if (countsMessages) {
        return;
      }
      if (readEnds.size() >= READS_MAX) {
        throw new IllegalStateException("more than " + READS_MAX + " reads without a commit");
      }
      readEnds.add(endPosition);
    } finally {
      lock.unlock();
    }
  }

  /** Everything before the position is committed. Blocks while the peer does not read answers. */
  void onCommitted(long position) throws PipeException {
    lock.lock();
    try {
      while (!readEnds.isEmpty() && readEnds.element() <= position) {
        readEnds.remove();
        owedCount++;
      }
    } finally {
      lock.unlock();
    }
    writeOwed();
  }

  private void writeOwed() throws PipeException {
    boolean mine = false;
    boolean failed = true;
    try {
      for (int count = begin(mine); count > 0; count = begin(true)) {
        mine = true;
        ByteBuffer bytes = ByteBuffer.allocate(count * text.length);
        for (int index = 0; index < count; index++) {
          bytes.put(text);
        }
        write(bytes.flip());
      }
      failed = false;
    } finally {
      if (mine && failed) {
        leave();
      }
    }
  }

  /** How many answers to write now: none when another thread is at it and takes them along. */
  private int begin(boolean mine) {
    lock.lock();
    try {
      if (writing && !mine) {
        return 0;
      }
      int count = gone ? 0 : (int) Math.min(owedCount, Math.max(1, CHUNK_BYTES / text.length));
      owedCount -= count;
      writing = count > 0;
      return count;
    } finally {
      lock.unlock();
    }
  }

  private void write(ByteBuffer bytes) throws PipeException {
    try {
      connection.write(bytes);
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      leave();
      connection.checkFailure();
      events.warning(connection.where() + ": the peer left without waiting for all of its replies");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw connection.closedHere();
    }
  }

  private void leave() {
    lock.lock();
    try {
      gone = true;
      writing = false;
    } finally {
      lock.unlock();
    }
  }
}
