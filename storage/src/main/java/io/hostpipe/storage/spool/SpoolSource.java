package io.hostpipe.storage.spool;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Empties one stream of a spool: from memory what was written just now, else from the files.
 *
 * <p>Thread rule: as {@link Source} says.
 */
final class SpoolSource implements Source {
  private final Spool spool;
  private final SpoolStream stream;
  private final boolean refills;
  private final SegmentReader reader;

  /** The reader's thread's, but for the lock: where it is. */
  private long position;

  private boolean finished;

  /** Guarded by the spool's lock. */
  private boolean closed;

  /** Guarded by the spool's lock: the reader is at the files, and closes them itself. */
  private boolean atFiles;

  SpoolSource(Spool spool, SpoolStream stream, boolean refills, long position) {
    this.spool = spool;
    this.stream = stream;
    this.refills = refills;
    this.position = position;
    this.reader = new SegmentReader(spool.store().disk, spool.folder(), spool.pool());
  }

  @Override
  public StreamId stream() {
    return stream.stream();
  }

  @Override
  public Encoding encoding() {
    return stream.encoding();
  }

  @Override
  public long epoch() {
    spool.lock.lock();
    try {
      return stream.written().epoch();
    } finally {
      spool.lock.unlock();
    }
  }

  @Override
  public boolean replayable() {
    return true;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    long wanted = from.position();
    Digest digest = from.digest();
    Digest known = null;
    List<Segment> segments;
    spool.lock.lockInterruptibly();
    try {
      awaitWritten(wanted);
      if (wanted < stream.heldFrom()) {
        throw new PipeException.DataLoss(
            "the spool "
                + spool.folder()
                + " holds the stream "
                + stream()
                + " from position "
                + stream.heldFrom()
                + " on; what lies before was acknowledged, and the sink has it only up to "
                + wanted);
      }
      if (wanted == stream.written().position()) {
        known = stream.written().digest();
      }
      segments = stream.segments();
      position = wanted;
      finished = false;
    } finally {
      spool.lock.unlock();
    }
    if (digest == null) {
      return false;
    }
    Digest own = known == null ? digestAt(segments, wanted) : known;
    if (!own.equals(digest)) {
      throw new PipeException.DataLoss(
          "the spool "
              + spool.folder()
              + " has other bytes of the stream "
              + stream()
              + " before position "
              + wanted
              + " than the sink: here "
              + own
              + ", there "
              + digest);
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return read(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.toNanos());
  }

  @Override
  public boolean finished() {
    return finished;
  }

  /** Releases what lies before the position. */
  @Override
  public void commit(long committed) throws PipeException {
    spool.lock.lock();
    try {
      stream.release(committed);
    } finally {
      spool.lock.unlock();
    }
  }

  /** As {@link #commit(long)}, and the sinks have confirmed the end: nothing is needed any more. */
  @Override
  public void commit(long committed, @Nullable Digest digest) throws PipeException {
    spool.lock.lock();
    try {
      stream.releaseEnd(committed);
    } finally {
      spool.lock.unlock();
    }
  }

  /** Nothing: the message is in the hands of who refused it, and a commit will pass it. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    boolean mine;
    spool.lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      mine = !atFiles;
      stream.sourceClosed(this);
    } finally {
      spool.lock.unlock();
    }
    if (mine) {
      reader.close();
    }
  }

  /** With the lock held: waits where the stream is written again, and throws where it is not. */
  private void awaitWritten(long wanted) throws PipeException, InterruptedException {
    check();
    while (stream.readable().position() < wanted) {
      Place end = stream.end();
      if (end.position() < wanted && (!refills || end.finished())) {
        throw new PipeException.DataLoss(
            "the spool "
                + spool.folder()
                + " has the stream "
                + stream()
                + " up to position "
                + end.position()
                + ", and the sink holds it up to "
                + wanted
                + ": what lies between is not here any more");
      }
      stream.changed().await();
      check();
    }
  }

  /** With the lock held. */
  private void check() throws PipeException {
    spool.check();
    if (closed) {
      throw Errors.closed(spool.folder(), stream());
    }
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    long restNanos = timeoutNanos;
    List<Segment> segments;
    spool.lock.lockInterruptibly();
    try {
      while (true) {
        check();
        Place readable = stream.readable();
        if (position < readable.position()) {
          Batch batch = fromTail();
          if (batch != null) {
            return batch;
          }
          segments = stream.segments();
          break;
        }
        if (readable.finished()) {
          finished = true;
          return null;
        }
        String why = stream.abandonedFor();
        if (why != null && position == stream.end().position()) {
          throw new PipeException.Closed(
              Status.ABORTED,
              "the stream "
                  + stream()
                  + " in the spool "
                  + spool.folder()
                  + " stops at position "
                  + position
                  + ", before its end: "
                  + why);
        }
        if (restNanos <= 0) {
          return null;
        }
        if (timeoutNanos == Long.MAX_VALUE) {
          stream.changed().await();
        } else {
          restNanos = stream.changed().awaitNanos(restNanos);
        }
      }
    } finally {
      spool.lock.unlock();
    }
    SegmentReader.Read found = fromFiles(segments, position);
    try (Batch whole = found.toBatch(stream(), encoding())) {
      return next(whole);
    }
  }

  /** With the lock held: what memory has at the position; null when it has none. */
  private @Nullable Batch fromTail() {
    ArrayDeque<Entry> tail = stream.tail();
    Entry first = tail.peek();
    while (first != null && first.behind().position() <= position) {
      stream.removeFirst().release();
      first = tail.peek();
    }
    Block block = first == null ? null : first.block();
    if (first == null || block == null || first.before().position() > position) {
      return null;
    }
    block.retain();
    try (Batch whole =
        SegmentReader.batch(
            stream(),
            encoding(),
            first.before().position(),
            first.bytes().duplicate(),
            block,
            first.cursor(),
            first.inside(),
            first.messageCount())) {
      Batch next = next(whole);
      if (position == first.behind().position()) {
        stream.removeFirst().release();
      }
      return next;
    }
  }

  /** The part of a record that comes next; moves the position behind it. */
  private Batch next(Batch whole) {
    long from = position;
    long to = whole.endPosition();
    boolean inside = false;
    if (from > whole.position() && encoding() == Encoding.RECORDS) {
      long border = whole.position();
      while (border < from) {
        border = whole.border(border, 1, 1);
      }
      // A sink that stopped inside a message is given the rest of that one by itself.
      inside = border > from;
      to = inside ? border : to;
    }
    position = to;
    Batch part = whole.part(from, to);
    if (!inside) {
      return part;
    }
    part.block().retain();
    try (part) {
      return Batch.restOfRecord(stream(), from, part.bytes(), part.block(), part.cursor());
    }
  }

  private Digest digestAt(List<Segment> segments, long wanted)
      throws PipeException, InterruptedException {
    for (Segment each : segments) {
      if (each.base() == wanted) {
        return each.header().base().digest();
      }
    }
    SegmentReader.Read found = fromFiles(segments, wanted);
    try {
      ByteBuffer before = found.bytes().duplicate();
      before.limit(before.position() + (int) (wanted - found.header().position()));
      return found.header().digestBefore().extend(before);
    } finally {
      found.block().release();
    }
  }

  private SegmentReader.Read fromFiles(List<Segment> segments, long wanted)
      throws PipeException, InterruptedException {
    spool.lock.lock();
    try {
      check();
      atFiles = true;
    } finally {
      spool.lock.unlock();
    }
    try {
      return reader.read(segments, wanted);
    } catch (ClosedByInterruptException e) {
      reader.close();
      Thread.interrupted();
      throw new InterruptedException("interrupted while reading from the spool");
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      reader.close();
      throw new PipeException.DataLoss(
          "the spool "
              + spool.folder()
              + " cannot be read at position "
              + wanted
              + " of the stream "
              + stream()
              + ": "
              + Errors.reason(e),
          e);
    } finally {
      leaveFiles();
    }
  }

  private void leaveFiles() {
    boolean last;
    spool.lock.lock();
    try {
      atFiles = false;
      last = closed;
    } finally {
      spool.lock.unlock();
    }
    if (last) {
      reader.close();
    }
  }
}
