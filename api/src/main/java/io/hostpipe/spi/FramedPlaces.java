package io.hostpipe.spi;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The places of one stream that are both a border of records and a position of the framed bytes:
 * the last committed one, and those behind it that were written.
 *
 * <p>The last committed place is where the stream goes on, because only there it is known which
 * message the bytes belong to. They are kept in memory, and each goes with its bytes as their
 * cursor, so a sink that keeps cursors finds its place again in another process. Bounded by what
 * the inner sink leaves uncommitted. Thread rule: any thread.
 */
final class FramedPlaces {
  private static final byte KIND = 'F';
  private static final int HEAD_BYTES = 1 + Integer.BYTES + 3 * Long.BYTES;

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Place> places = new ArrayDeque<>();
  private long refusedPosition;

  /**
   * One place.
   *
   * @param records what the sink holds there, counted in records
   * @param innerPosition the same, counted in framed bytes
   */
  record Place(Resume records, long innerPosition) {
    static final Place START = new Place(Resume.START, 0);

    /** As it travels with the bytes; without the source's cursor where there is no room for it. */
    Cursor cursor(Framing framing) {
      Cursor cursor = records.cursor();
      byte[] own = cursor == null ? new byte[0] : cursor.bytes();
      if (HEAD_BYTES + own.length > Cursor.LENGTH_BYTES_MAX) {
        own = new byte[0];
      }
      Digest digest = records.digest();
      return Cursor.of(
          ByteBuffer.allocate(HEAD_BYTES + own.length)
              .put(KIND)
              .putInt(FramedCursor.nameOf(framing))
              .putLong(records.position())
              .putLong(digest == null ? 0 : digest.toLong())
              .putLong(records.cursorPosition())
              .put(own)
              .array());
    }

    static Place of(Cursor cursor, long innerPosition, Framing framing, StreamId stream)
        throws PipeException {
      ByteBuffer in = ByteBuffer.wrap(cursor.bytes());
      try {
        if (in.get() == KIND && in.getInt() == FramedCursor.nameOf(framing)) {
          long position = in.getLong();
          Digest digest = Digest.fromLong(in.getLong());
          long cursorPosition = in.getLong();
          byte[] own = new byte[in.remaining()];
          in.get(own);
          Cursor inside = own.length == 0 ? null : Cursor.of(own);
          return new Place(new Resume(position, inside, digest, cursorPosition), innerPosition);
        }
      } catch (BufferUnderflowException | IllegalArgumentException e) {
        // Told below.
      }
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "what the sink holds of "
              + stream
              + " was not written as '"
              + framing
              + "'; give the framing that it was written with, or begin anew with an empty sink");
    }
  }

  /** Where a stream goes on of which the inner sink holds this, in records. */
  static Resume held(Resume inner, Framing framing, StreamId stream) throws PipeException {
    Cursor cursor = inner.cursor();
    Resume records =
        cursor == null
            ? Resume.START
            : Place.of(cursor, inner.cursorPosition(), framing, stream).records;
    return new Resume(
        records.position(),
        records.cursor(),
        records.digest(),
        records.cursorPosition(),
        inner.epoch());
  }

  /** Where the stream goes on: the last place at which the sink has all bytes. */
  Place startAt(Resume inner, Framing framing, StreamId stream) throws PipeException {
    Cursor cursor = inner.cursor();
    Place kept = cursor == null ? null : Place.of(cursor, inner.cursorPosition(), framing, stream);
    lock.lock();
    try {
      while (!places.isEmpty() && places.getLast().innerPosition > inner.position()) {
        places.removeLast();
      }
      Place known = places.peekLast();
      if (known == null || (kept != null && kept.innerPosition > known.innerPosition)) {
        known = kept;
      }
      if (known == null) {
        // The same messages again make the same bytes, of which the sink has the first ones.
        known = Place.START;
      }
      places.clear();
      places.add(known);
      return known;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes up to this place are being written. */
  void add(Place place) {
    lock.lock();
    try {
      places.add(place);
    } finally {
      lock.unlock();
    }
  }

  /** The same for a sink that commits nothing before its end: places on the way are of no use. */
  void addForEnd(Place place) {
    lock.lock();
    try {
      if (places.size() > 1) {
        places.removeLast();
      }
      places.add(place);
    } finally {
      lock.unlock();
    }
  }

  /** The place that the last one takes after a write that failed half-way. */
  void replaceLast(Place place) {
    lock.lock();
    try {
      places.removeLast();
      places.add(place);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The sink has committed so many framed bytes.
   *
   * @return the position in records of the last place there
   */
  long committed(long innerPosition) {
    lock.lock();
    try {
      Place last = places.remove();
      for (Place next = places.peek();
          next != null && next.innerPosition <= innerPosition;
          next = places.peek()) {
        last = places.remove();
      }
      places.addFirst(last);
      return last.records.position();
    } finally {
      lock.unlock();
    }
  }

  /** The framed bytes that have to be committed for this position; -1 when nobody knows yet. */
  long innerPositionOf(long position) {
    lock.lock();
    try {
      for (Place each : places) {
        if (each.records.position() >= position) {
          return each.innerPosition;
        }
      }
      return -1;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the refusal of the message that ends there was not told before. */
  boolean refusesAnew(long endPosition) {
    lock.lock();
    try {
      if (endPosition <= refusedPosition) {
        return false;
      }
      refusedPosition = endPosition;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** The place with the highest position. */
  Place last() {
    lock.lock();
    try {
      @Nullable Place last = places.peekLast();
      return last == null ? Place.START : last;
    } finally {
      lock.unlock();
    }
  }
}
