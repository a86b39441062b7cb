package io.hostpipe.connector.memory;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A log of this process: any number of streams, each kept whole and with its own positions.
 *
 * <p>What is read back from a stream has positions of its own, counted over what was kept: a
 * refused message has a place in the stream that was written and none in the one that is read.
 * Thread rule: any thread.
 */
final class MemoryLog {
  /** The most streams of one log. */
  static final int STREAMS_MAX = 65_536;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<StreamId, Kept> streams = new LinkedHashMap<>();

  /** The stream of that id for writing; made when it is not there. */
  Kept writable(StreamId stream, Encoding encoding) throws PipeException {
    lock.lock();
    try {
      Kept kept = streams.get(stream);
      if (kept == null) {
        if (streams.size() >= STREAMS_MAX) {
          throw new PipeException.Refused(
              Status.RESOURCE_EXHAUSTED, "a log in memory has at most " + STREAMS_MAX + " streams");
        }
        kept = new Kept(stream, encoding);
        streams.put(stream, kept);
      }
      kept.check(encoding);
      return kept;
    } finally {
      lock.unlock();
    }
  }

  /** The stream of that id, or the only one. */
  Kept readable(@Nullable StreamId stream, Encoding encoding) throws PipeException {
    lock.lock();
    try {
      Kept kept = null;
      if (stream != null) {
        kept = streams.get(stream);
      } else if (streams.size() == 1) {
        kept = streams.values().iterator().next();
      }
      if (kept == null) {
        throw new PipeException.Config(
            Status.NOT_FOUND,
            (stream == null ? "say which stream, with stream=ID" : "no stream " + stream)
                + "; there are "
                + streams.keySet());
      }
      kept.check(encoding);
      return kept;
    } finally {
      lock.unlock();
    }
  }

  /** One stream of a log. Thread rule: any thread. */
  static final class Kept {
    private final StreamId stream;
    private final Encoding encoding;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Piece> pieces = new ArrayList<>();
    private long endPosition;
    private Resume held = Resume.START;
    private boolean writing;
    private boolean finished;

    private Kept(StreamId stream, Encoding encoding) {
      this.stream = stream;
      this.encoding = encoding;
    }

    StreamId stream() {
      return stream;
    }

    Encoding encoding() {
      return encoding;
    }

    private void check(Encoding wanted) throws PipeException {
      if (wanted != encoding) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            "the stream " + stream + " holds " + encoding + ", not " + wanted);
      }
    }

    /** Begins to write, where it stands. */
    Resume beginWriting() throws PipeException {
      lock.lock();
      try {
        if (writing) {
          throw new PipeException.Refused(
              Status.ALREADY_EXISTS, "the stream " + stream + " is being written already");
        }
        writing = true;
        return held;
      } finally {
        lock.unlock();
      }
    }

    /** Keeps these bytes and, in the same step, how far their stream has got. */
    void append(ByteBuffer bytes, @Nullable Cursor cursor, Resume now) {
      lock.lock();
      try {
        if (bytes.hasRemaining()) {
          pieces.add(new Piece(endPosition, bytes.asReadOnlyBuffer(), cursor));
          endPosition += bytes.remaining();
        }
        held = now;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /** No more comes: readers find the end. */
    void finish() {
      lock.lock();
      try {
        finished = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    void endWriting() {
      lock.lock();
      try {
        writing = false;
      } finally {
        lock.unlock();
      }
    }

    void wakeReaders() {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    long endPosition() {
      lock.lock();
      try {
        return endPosition;
      } finally {
        lock.unlock();
      }
    }

    /** Of what is kept before the position. */
    Digest digestAt(long position) {
      lock.lock();
      try {
        Digester digester = new Digester(Digest.EMPTY);
        for (Piece piece : pieces) {
          long lengthBytes = Math.min(piece.lengthBytes(), position - piece.position);
          if (lengthBytes <= 0) {
            break;
          }
          digester.update(piece.bytes.slice(piece.bytes.position(), (int) lengthBytes));
        }
        return digester.digest();
      } finally {
        lock.unlock();
      }
    }

    /**
     * What is kept from there on, one piece of it.
     *
     * @param wanted asked before each wait; false ends the call
     * @return null when the stream ends there, nothing came in time, or it is no longer wanted
     */
    @Nullable Piece await(
        long position, long timeoutNanos, java.util.function.BooleanSupplier wanted)
        throws InterruptedException {
      long restNanos = timeoutNanos;
      lock.lockInterruptibly();
      try {
        while (position >= endPosition) {
          if (finished || restNanos <= 0 || !wanted.getAsBoolean()) {
            return null;
          }
          restNanos = changed.awaitNanos(restNanos);
        }
        return pieceAt(position);
      } finally {
        lock.unlock();
      }
    }

    boolean endsAt(long position) {
      lock.lock();
      try {
        return finished && position >= endPosition;
      } finally {
        lock.unlock();
      }
    }

    private Piece pieceAt(long position) {
      int low = 0;
      int high = pieces.size() - 1;
      while (low < high) {
        int middle = (low + high + 1) >>> 1;
        if (pieces.get(middle).position <= position) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      return pieces.get(low);
    }
  }

  /**
   * What one batch left behind.
   *
   * @param position of its first byte, counted over what is kept
   * @param bytes read-only; only looked at by absolute index
   * @param cursor what the writer gave for its end
   */
  record Piece(long position, ByteBuffer bytes, @Nullable Cursor cursor) {
    int lengthBytes() {
      return bytes.remaining();
    }
  }
}
