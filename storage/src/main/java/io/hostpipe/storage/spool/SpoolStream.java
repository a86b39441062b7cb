package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Commits;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * One stream in a spool: a sink for who fills it, a source for who empties it.
 *
 * <p>Thread rule: any thread. The spool's lock guards all that changes here, but for what the
 * writer alone touches.
 */
public final class SpoolStream {
  private final Spool spool;

  /** The writer's; others ask it for its segments only. */
  private final SegmentLog log;

  private final Condition changed;
  private final ArrayDeque<Entry> queued = new ArrayDeque<>();
  private final ArrayDeque<Entry> tail = new ArrayDeque<>();
  private Place end;
  private Place written;
  private Place synced;
  private long released;

  /** Whether its end was confirmed, too, by all that it went to. */
  private boolean endReleased;

  private long unsyncedBytes;
  private @Nullable SpoolSink sink;

  /** Why its last writer went before its end; null when it did not. */
  private @Nullable String abandonedFor;

  private @Nullable SpoolSource source;

  /** The writer's: taken from the queue and not written yet. */
  private final List<Entry> writing = new ArrayList<>();

  /** The writer's: written and not synced. */
  private long unsyncedWrittenBytes;

  /** The writer's: something moved since the last hint. */
  private boolean hintDue;

  SpoolStream(Spool spool, SegmentLog log, Condition changed) {
    this.spool = spool;
    this.log = log;
    this.changed = changed;
    this.end = log.end();
    this.written = end;
    this.synced = end;
    this.released = log.released();
    // The last segment, which has the end, goes when that is confirmed.
    this.endReleased = end.finished() && log.segments().isEmpty();
  }

  /** Its id. */
  public StreamId stream() {
    return log.stream();
  }

  /** Whether it holds bytes or messages. */
  public Encoding encoding() {
    return log.encoding();
  }

  /**
   * How it stands.
   *
   * @param heldFrom a source can go back to here
   * @param released nobody needs what lies before it
   * @param written a reader can get all before it
   * @param synced all before it survives a loss of power
   * @param finished whether the stream's end is written
   * @param diskBytes of its segments
   */
  public record Stats(
      long heldFrom, long released, long written, long synced, boolean finished, long diskBytes) {}

  /** How it stands now. */
  public Stats stats() {
    spool.lock.lock();
    try {
      List<Segment> segments = log.segments();
      long diskBytes = segments.stream().mapToLong(Segment::lengthBytes).sum();
      return new Stats(
          heldFrom(),
          released,
          written.position(),
          synced.position(),
          written.finished(),
          diskBytes);
    } finally {
      spool.lock.unlock();
    }
  }

  /** How far it has the stream, and would have it after a loss of power. */
  public Resume held() {
    return synced().toResume();
  }

  /** Whether its end is here and survives a loss of power: nothing needs to be read any more. */
  public boolean finished() {
    return synced().finished();
  }

  /** Whether all that it went to has confirmed its end, and nothing of it is needed any more. */
  public boolean delivered() {
    spool.lock.lock();
    try {
      return endReleased;
    } finally {
      spool.lock.unlock();
    }
  }

  /**
   * Its sink: what it commits is synced. One at a time.
   *
   * @throws PipeException Refused when there is one already
   */
  public Sink sink() throws PipeException {
    spool.lock.lock();
    try {
      spool.check();
      if (sink != null) {
        throw inUse("written");
      }
      SpoolSink opened = new SpoolSink(spool, this, new Commits(synced.position()));
      sink = opened;
      abandonedFor = null;
      return opened;
    } finally {
      spool.lock.unlock();
    }
  }

  /**
   * Its source, from the first position that is held. One at a time. It waits for what is still to
   * be written, and its commits release. When its sink is closed before the end, it yields what
   * there is and then fails with ABORTED.
   *
   * @param refills whether positions behind the end will be written again: a seek there waits for
   *     that, and is a loss of data otherwise
   * @throws PipeException Refused when there is one already
   */
  public Source source(boolean refills) throws PipeException {
    spool.lock.lock();
    try {
      spool.check();
      if (source != null) {
        throw inUse("read");
      }
      SpoolSource opened = new SpoolSource(spool, this, refills, heldFrom());
      source = opened;
      return opened;
    } finally {
      spool.lock.unlock();
    }
  }

  PipeException inUse(String what) {
    return new PipeException.Refused(
        Status.ALREADY_EXISTS,
        "the stream " + stream() + " in the spool " + spool.folder() + " is being " + what);
  }

  // What follows is called with the lock held, unless it says otherwise.

  Condition changed() {
    return changed;
  }

  Place end() {
    return end;
  }

  Place written() {
    return written;
  }

  /** Without the lock. */
  Place synced() {
    spool.lock.lock();
    try {
      return synced;
    } finally {
      spool.lock.unlock();
    }
  }

  Place syncedNow() {
    return synced;
  }

  /** How far a reader may go. */
  Place readable() {
    return spool.options().syncsBefore() ? synced : written;
  }

  long heldFrom() {
    List<Segment> segments = log.segments();
    return segments.isEmpty() ? written.position() : segments.getFirst().base();
  }

  List<Segment> segments() {
    return log.segments();
  }

  /** The entries behind what a reader had, for it to take. */
  ArrayDeque<Entry> tail() {
    return tail;
  }

  /** Why nothing will follow, until somebody writes it again; null when something may. */
  @Nullable String abandonedFor() {
    return abandonedFor;
  }

  /** Whether somebody uses it. */
  boolean isOpen() {
    return sink != null || source != null;
  }

  boolean isOverLimit(long moreBytes) {
    return unsyncedBytes > 0
        && unsyncedBytes + moreBytes > spool.options().streamUnsyncedBytesMax();
  }

  void enqueue(Entry entry) {
    end = entry.behind();
    queued.add(entry);
    unsyncedBytes += entry.memoryBytes();
    spool.queued(this, entry.memoryBytes());
  }

  void release(long position) {
    long newReleased = Math.min(position, written.position());
    if (newReleased > released) {
      released = newReleased;
    }
    List<Segment> segments = log.segments();
    if (segments.size() > 1 && segments.get(1).base() <= released) {
      spool.wants(this);
    }
  }

  /** As {@link #release}; the stream ended there, and that was confirmed. */
  void releaseEnd(long position) {
    release(position);
    if (written.finished() && released == written.position()) {
      endReleased = true;
      spool.wants(this);
    }
  }

  void sinkClosed(SpoolSink closed, String why) {
    if (sink == closed) {
      sink = null;
      abandonedFor = end.finished() ? null : why;
    }
    changed.signalAll();
  }

  void sourceClosed(SpoolSource closed) {
    if (source == closed) {
      source = null;
      dropTail(0);
    }
    changed.signalAll();
  }

  /** Takes out the entry that the tail begins with. */
  Entry removeFirst() {
    Entry first = tail.remove();
    spool.tailBytes -= first.memoryBytes();
    return first;
  }

  private void dropTail(long bytesMax) {
    while (!tail.isEmpty() && spool.tailBytes > bytesMax) {
      removeFirst().release();
    }
  }

  /** Everybody who waits hears of the failure. */
  @Nullable Commits failing() {
    changed.signalAll();
    return sink == null ? null : sink.commits();
  }

  /** Gives up what was queued. */
  void drop() {
    queued.forEach(Entry::release);
    queued.clear();
    dropTail(Long.MIN_VALUE);
    spool.synced(unsyncedBytes);
    unsyncedBytes = 0;
  }

  void takeQueued() {
    writing.addAll(queued);
    queued.clear();
  }

  // What follows is the writer's, without the lock.

  SegmentLog log() {
    return log;
  }

  /** Writes what was taken from the queue; whether there was room for all of it. */
  boolean write() throws IOException {
    takeReleased();
    if (writing.isEmpty()) {
      return true;
    }
    int count = log.append(writing);
    hintDue |= count > 0;
    List<Entry> done = writing.subList(0, count);
    spool.lock.lock();
    try {
      written = log.end();
      for (Entry each : done) {
        unsyncedWrittenBytes += each.memoryBytes();
        if (source != null && each.kind() == RecordHeader.Kind.DATA) {
          tail.add(each);
          spool.tailBytes += each.memoryBytes();
        } else {
          each.release();
        }
      }
      dropTail(spool.options().tailBytesMax());
      changed.signalAll();
    } finally {
      spool.lock.unlock();
    }
    done.clear();
    return writing.isEmpty();
  }

  /** Makes lasting what was written, and tells it. */
  void sync() throws IOException {
    log.sync();
    Commits commits;
    spool.lock.lock();
    try {
      synced = log.synced();
      unsyncedBytes -= unsyncedWrittenBytes;
      spool.synced(unsyncedWrittenBytes);
      unsyncedWrittenBytes = 0;
      changed.signalAll();
      commits = sink == null ? null : sink.commits();
    } finally {
      spool.lock.unlock();
    }
    if (commits != null) {
      commits.advance(log.synced().position());
    }
  }

  /** Lets go of segments that nobody needs; whether files became free. */
  boolean letGo() throws IOException {
    takeReleased();
    return log.release();
  }

  private void takeReleased() {
    long upTo;
    boolean over;
    spool.lock.lock();
    try {
      upTo = released;
      over = endReleased;
    } finally {
      spool.lock.unlock();
    }
    hintDue |= upTo > log.released();
    log.released(upTo, over);
  }

  void hint() throws IOException {
    if (hintDue) {
      log.hint();
      hintDue = false;
    }
  }

  /** The spool is over. */
  void dropWriting() {
    writing.forEach(Entry::release);
    writing.clear();
    log.close();
  }
}
