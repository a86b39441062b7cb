package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.connector.local.FileTarget.Existing;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.DiskErrors;
import io.hostpipe.storage.KeptFile;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A regular file that remembers beside it, through crashes, what it has of its streams: of one
 * after another, or of many at once, each batch whole.
 *
 * <p>A write goes to the file on the writer's own thread, while it has the turn; it waits for no
 * sync, unless {@link KeptFile#UNSYNCED_BYTES_MAX} are written and not synced. As long as something
 * is not, one thread more makes lasting whatever was written so far, again and again, and the
 * streams' commits follow it. Behind a round that had much, the next one waits a moment for as
 * much, since a sync of a file that grows costs the same time for a little as for a lot. A full
 * disk is waited for: nothing of the batch that found no room counts, and it is written when there
 * is some. A failure of the device ends every stream, and nothing is written or synced any more.
 *
 * <p>Thread rule: any thread. The turn is held while the file is written: that it takes one batch
 * at a time is what it is for. It is not held while the file is synced.
 */
final class KeptTarget implements Target {
  private static final long ROOM_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** After a round of so many bytes the next one waits for {@link #ROUND_BYTES} of its own. */
  private static final long BULKY_ROUND_BYTES = 512 << 10;

  private static final long ROUND_BYTES = 2 << 20;
  private static final long ROUND_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(8);
  private static final String SLOTS_THREAD = "hostpipe-slots";
  private static final long SYNC_LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Ground ground;
  private final KeptFile kept;
  private final Admission admission;
  private final boolean many;
  private final BlockPool pool;
  private final PipeEvents events;

  /** Who has it may write; guards all below. */
  private final ReentrantLock turn = new ReentrantLock(true);

  /** Something became lasting, or failed, or was closed. */
  private final Condition news = turn.newCondition();

  /** Something was written, or there will be nothing more. */
  private final Condition work = turn.newCondition();

  private final Map<StreamId, KeptSink> open = new HashMap<>();
  private boolean written;
  private boolean syncing;
  private boolean waitsForRoom;
  private long syncedNumber;
  private long syncedBytes;
  private long lastRoundBytes;

  /** How many wait until all that is written is lasting. */
  private int hurryCount;

  private boolean closed;
  private volatile @Nullable PipeException failure;

  /**
   * A target over a file that was looked at and not changed.
   *
   * @param ground it owns both from here on, also when this throws
   */
  KeptTarget(Ground ground, KeptFile kept, Existing existing, PipeContext context)
      throws PipeException {
    this.ground = ground;
    this.kept = kept;
    this.many = context.manyStreams();
    this.admission = new Admission(kept, ground.where(), existing, many);
    this.pool = context.pool();
    this.events = context.events();
    try {
      begin();
    } catch (IOException e) {
      letGo();
      throw e instanceof PipeException known ? known : IoErrors.opening(Path.of(where()), e);
    }
  }

  /**
   * Opens and locks a file, creating it and its slots where they are missing.
   *
   * @param slots the file of its slots
   */
  static KeptTarget open(Path path, Path slots, Existing existing, PipeContext context)
      throws PipeException {
    LockedFile file = LockedFile.open(path, true);
    KeptFile kept;
    try {
      kept =
          KeptFile.open(
              RealDisk.INSTANCE, slots, file.data(), file.file().identity(), file.created());
    } catch (IOException e) {
      file.close();
      throw e instanceof PipeException known ? known : IoErrors.opening(slots, e);
    }
    return new KeptTarget(file, kept, existing, context);
  }

  @Override
  public boolean manyAtOnce() {
    return many;
  }

  @Override
  public boolean mixes() {
    return many;
  }

  @Override
  public @Nullable PipeException failure() {
    return failure;
  }

  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    checkSound();
    Slot slot = kept.slot(stream);
    PipeException damage = kept.damage();
    if (slot != null && damage != null) {
      throw damage;
    }
    return slot == null ? null : slot.held();
  }

  @Override
  public List<StreamId> heldStreams() throws PipeException {
    checkSound();
    return kept.streams();
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    LocalConnector.checkRaw(encoding, where());
    turn.lockInterruptibly();
    try {
      checkSound();
      if (closed) {
        throw IoErrors.closed(where(), 0);
      }
      KeptSink other = many ? open.get(stream) : open.values().stream().findFirst().orElse(null);
      if (other != null) {
        throw new PipeException.Refused(
            Status.ALREADY_EXISTS,
            where() + " is being written by the stream " + other.stream() + "; one at a time");
      }
      admit(stream);
      checkWhole();
      var _ = kept.join(stream);
      written = true;
      Slot lasting = kept.slot(stream);
      KeptSink sink = new KeptSink(this, stream, lasting == null ? 0 : lasting.held().position());
      open.put(stream, sink);
      if (kept.changeNumber() > syncedNumber) {
        sync(); // of what was written through another sink before
      }
      return sink;
    } catch (IOException e) {
      throw e instanceof PipeException known ? known : IoErrors.opening(Path.of(where()), e);
    } finally {
      turn.unlock();
    }
  }

  /** Closes the sinks; what they have written is made lasting first. Blocks for that. */
  @Override
  public void close() {
    List<KeptSink> sinks;
    turn.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      sinks = List.copyOf(open.values());
      news.signalAll();
    } finally {
      turn.unlock();
    }
    sinks.forEach(KeptSink::close);
    turn.lock();
    try {
      sync();
      while (syncing) {
        news.awaitUninterruptibly();
      }
    } finally {
      turn.unlock();
    }
    letGo();
  }

  String where() {
    return ground.where();
  }

  BlockPool pool() {
    return pool;
  }

  Resume resume(KeptSink sink) throws PipeException {
    turn.lock();
    try {
      return kept.join(sink.stream());
    } finally {
      turn.unlock();
    }
  }

  void fence(KeptSink sink, long epoch) throws PipeException {
    turn.lock();
    try {
      checkUsable(sink);
      if (kept.fence(sink.stream(), epoch)) {
        awaitLasting(sink, news::awaitUninterruptibly);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("an uninterruptible wait was interrupted", e);
    } finally {
      turn.unlock();
    }
  }

  /** Writes a batch as a whole; it stays the caller's. */
  long write(KeptSink sink, Batch batch) throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      checkUsable(sink);
      long position = kept.position(sink.stream());
      if (batch.position() > position) {
        throw new IllegalArgumentException(
            "a batch at position "
                + batch.position()
                + " leaves a gap: "
                + where()
                + " is at "
                + position);
      }
      ByteBuffer bytes = batch.bytes();
      int ownedBytes = (int) Math.min(position - batch.position(), bytes.remaining());
      bytes.position(bytes.position() + ownedBytes);
      if (bytes.hasRemaining()) {
        admission.check(sink.stream());
        append(sink, bytes, batch.cursor());
        sync();
      }
      return position + bytes.remaining();
    } finally {
      turn.unlock();
    }
  }

  /** The stream ends; blocks until that is lasting. */
  void finish(KeptSink sink) throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      checkUsable(sink);
      kept.finish(sink.stream());
      awaitLasting(sink, news::await);
      checkWhole();
    } finally {
      turn.unlock();
    }
  }

  /** Blocks until all that was written so far is lasting. */
  void settle(KeptSink sink) throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      checkUsable(sink);
      awaitLasting(sink, news::await);
    } finally {
      turn.unlock();
    }
  }

  void released(KeptSink sink) {
    turn.lock();
    try {
      open.remove(sink.stream(), sink);
      news.signalAll();
    } finally {
      turn.unlock();
    }
  }

  /** Takes the file, or refuses it, before anybody is asked for a stream. */
  private void begin() throws IOException {
    admission.checkFile(ground.lengthBytes());
    if (kept.damage() != null) {
      return;
    }
    String note = kept.note();
    if (note != null) {
      events.warning(note);
    }
    OwnThread.run(SLOTS_THREAD, kept.isKnown() ? kept::goOn : () -> kept.begin(true));
    syncedBytes = kept.lengthBytes();
  }

  /** Lets a stream in, or says why not. With the turn. */
  private void admit(StreamId stream) throws IOException {
    if (!written && admission.emptiesFor(stream)) {
      OwnThread.run(SLOTS_THREAD, () -> kept.begin(false));
      syncedBytes = 0;
    } else if (!admission.hasAllOf(stream)) {
      admission.check(stream);
    }
  }

  /** Writes as soon as there is room, and not more than may be unsynced. With the turn. */
  private void append(KeptSink sink, ByteBuffer bytes, @Nullable Cursor behind)
      throws PipeException, InterruptedException {
    while (true) {
      checkUsable(sink);
      if (kept.lengthBytes() - syncedBytes >= KeptFile.UNSYNCED_BYTES_MAX) {
        news.await();
        continue;
      }
      try {
        kept.append(sink.stream(), bytes, behind);
        foundRoom();
        return;
      } catch (PipeException e) {
        fail(e);
        throw e;
      } catch (ClosedChannelException e) {
        // By an interrupt of this very thread; the next writer opens the file again.
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while writing to " + where());
        }
        throw IoErrors.closed(where(), kept.position(sink.stream()));
      } catch (IOException e) {
        if (!DiskErrors.isFull(e)) {
          throw IoErrors.writing(where(), kept.position(sink.stream()), e);
        }
        missRoom(e);
        var _ = news.awaitNanos(ROOM_LOOK_NANOS);
      }
    }
  }

  private void missRoom(IOException why) {
    if (!waitsForRoom) {
      waitsForRoom = true;
      events.warning(
          where()
              + " is full ("
              + DiskErrors.reason(why)
              + "); it waits for room and goes on then");
    }
  }

  private void foundRoom() {
    if (waitsForRoom) {
      waitsForRoom = false;
      events.warning(where() + " has room again and goes on");
    }
  }

  /** Sees to it that what was written becomes lasting. With the turn. */
  private void sync() {
    if (syncing) {
      work.signal();
    } else if (failure == null) {
      syncing = true;
      var _ = Thread.ofPlatform().daemon(true).name("hostpipe-sync").start(this::syncAll);
    }
  }

  private interface Wait {
    void forNews() throws InterruptedException;
  }

  private void awaitLasting(KeptSink sink, Wait wait) throws PipeException, InterruptedException {
    long wanted = kept.changeNumber();
    hurryCount++;
    try {
      if (syncedNumber < wanted) {
        sync();
      }
      while (syncedNumber < wanted) {
        checkUsable(sink);
        wait.forNews();
      }
    } finally {
      hurryCount--;
    }
  }

  /** The one thread that syncs; it ends when there was nothing to do for a while. */
  private void syncAll() {
    try {
      for (KeptFile.Commit next = nextCommit(); next != null; next = nextCommit()) {
        if (!makeLasting(next)) {
          break;
        }
      }
    } catch (RuntimeException | Error e) {
      fail(new PipeException.Closed(Status.INTERNAL, where() + " failed while it was synced", e));
      throw e;
    } finally {
      turn.lock();
      try {
        syncing = false;
        news.signalAll();
      } finally {
        turn.unlock();
      }
    }
  }

  private KeptFile.@Nullable Commit nextCommit() {
    turn.lock();
    try {
      awaitCompany();
      long restNanos = SYNC_LINGER_NANOS;
      while (failure == null) {
        KeptFile.Commit commit = kept.commit();
        if (commit != null || closed || restNanos <= 0) {
          return commit;
        }
        restNanos = work.awaitNanos(restNanos);
      }
    } catch (IOException e) {
      fail(known(e));
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    } finally {
      turn.unlock();
    }
    return null;
  }

  /** Where much came lately, more is on its way. With the turn. */
  private void awaitCompany() throws InterruptedException {
    long restNanos = lastRoundBytes < BULKY_ROUND_BYTES ? 0 : ROUND_NANOS_MAX;
    while (restNanos > 0 && hurryCount == 0 && !closed && failure == null) {
      if (kept.lengthBytes() - syncedBytes >= ROUND_BYTES) {
        return;
      }
      restNanos = work.awaitNanos(restNanos);
    }
  }

  /** Whether it is lasting; if not, all is over, or the target was closed on a full disk. */
  private boolean makeLasting(KeptFile.Commit commit) {
    try {
      while (true) {
        try {
          kept.sync(commit);
          break;
        } catch (IOException e) {
          if (!DiskErrors.isFull(e) || !awaitRoom(e)) {
            throw e;
          }
        }
      }
    } catch (IOException e) {
      fail(known(e));
      return false;
    }
    publish(commit);
    return true;
  }

  private boolean awaitRoom(IOException why) {
    turn.lock();
    try {
      missRoom(why);
      long restNanos = ROOM_LOOK_NANOS;
      while (!closed && restNanos > 0) {
        restNanos = news.awaitNanos(restNanos);
      }
      return !closed;
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    } finally {
      turn.unlock();
    }
  }

  private void publish(KeptFile.Commit commit) {
    Map<KeptSink, Long> told = new HashMap<>();
    turn.lock();
    try {
      syncedNumber = commit.changeNumber();
      lastRoundBytes = commit.lengthBytes() - syncedBytes;
      syncedBytes = commit.lengthBytes();
      for (Slot slot : commit.slots()) {
        KeptSink sink = open.get(slot.stream());
        if (sink != null) {
          told.put(sink, slot.held().position());
        }
      }
      news.signalAll();
    } finally {
      turn.unlock();
    }
    told.forEach(KeptSink::advance);
  }

  private void fail(PipeException why) {
    List<KeptSink> sinks;
    turn.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = why;
      sinks = List.copyOf(open.values());
      news.signalAll();
    } finally {
      turn.unlock();
    }
    sinks.forEach(sink -> sink.fail(why));
  }

  private PipeException known(IOException error) {
    return error instanceof PipeException is ? is : IoErrors.writing(where(), 0, error);
  }

  private void checkSound() throws PipeException {
    PipeException why = failure;
    if (why != null) {
      throw why;
    }
  }

  private void checkUsable(KeptSink sink) throws PipeException {
    checkSound();
    sink.checkOpen();
  }

  /** Somebody else may have written it, or put another file in its place. With the turn. */
  private void checkWhole() throws PipeException {
    try {
      kept.checkLength();
      if (!ground.isStillThere()) {
        throw new PipeException.DataLoss(
            where() + " was removed or replaced while it was being written");
      }
    } catch (IOException e) {
      PipeException why = known(e);
      fail(why);
      throw why;
    }
  }

  private void letGo() {
    kept.close();
    if (kept.isEmpty() && ground.removeIfUnused()) {
      forgetQuietly();
    }
    ground.close();
  }

  private void forgetQuietly() {
    try {
      kept.forget();
    } catch (IOException e) {
      // Slots of a file that is not there stay; they are known to be of another one.
    }
  }
}
