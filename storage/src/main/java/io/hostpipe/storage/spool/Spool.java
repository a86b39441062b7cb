package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.Holdings;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.Lock;
import io.hostpipe.storage.RealDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A folder in which streams wait on disk: many at a time, each with its own log.
 *
 * <p>One thread writes, for all of them, in rounds: it takes what is queued, writes it, syncs each
 * file that it wrote to once, and tells all sinks. What comes meanwhile makes up the next round. So
 * a sync is shared by as many batches as came during the last one. The thread belongs to the spool,
 * because an interrupt would close its files.
 *
 * <p>When there is no room, on the file system or within the spool's own limit, what is queued
 * stays queued, writers wait in their sinks, and the spool looks again when something was released
 * and a few times a second. When the device fails, nothing is written or synced any more, and
 * everybody hears so.
 *
 * <p>Thread rule: any thread. The lock is not held across I/O.
 */
public final class Spool implements Holdings, AutoCloseable {
  /** The lock's name in the folder. */
  static final String LOCK = "spool.lock";

  private static final long FULL_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock: the memory of all tails. */
  long tailBytes;

  private final Condition work = lock.newCondition();
  private final Condition room = lock.newCondition();
  private final Store store;
  private final BlockPool pool;
  private final @Nullable Lock folderLock;
  private final @Nullable Thread writer;

  // Guarded by the lock.
  private final Map<StreamId, SpoolStream> streams = new HashMap<>();
  private final Map<StreamId, StreamFiles> found = new HashMap<>();
  private final LinkedHashSet<SpoolStream> wanting = new LinkedHashSet<>();
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private long unsyncedBytes;
  private volatile @Nullable PipeException failure;
  private boolean closing;

  // The writer's.
  private final Set<String> keys = new HashSet<>();
  private final Rounds rounds;

  private Spool(
      Store store, BlockPool pool, PipeEvents events, @Nullable Lock folderLock, boolean threaded)
      throws IOException {
    this.store = store;
    this.pool = pool;
    this.rounds = new Rounds(this, events);
    this.folderLock = folderLock;
    find();
    this.writer =
        threaded ? Thread.ofPlatform().name("spool").daemon().unstarted(this::work) : null;
  }

  /**
   * Opens a folder, making it where it is missing.
   *
   * @param events who is told when the spool is full, and when it goes on
   * @throws PipeException Refused with ALREADY_EXISTS when somebody uses it
   */
  public static Spool open(
      Disk disk, Path folder, SpoolOptions options, BlockPool pool, PipeEvents events)
      throws PipeException {
    SplittableRandom random = new SplittableRandom();
    Spool spool = open(disk, folder, options, pool, events, random::nextLong, true);
    if (spool.writer != null) {
      spool.writer.start();
    }
    return spool;
  }

  /**
   * As above; without a thread the caller takes every step by {@link #round}.
   *
   * @param salts what records are bound to: no two the same
   */
  static Spool open(
      Disk disk,
      Path folder,
      SpoolOptions options,
      BlockPool pool,
      PipeEvents events,
      LongSupplier salts,
      boolean threaded)
      throws PipeException {
    Lock taken = null;
    try {
      Store.createFolders(disk, folder);
      taken =
          disk instanceof RealDisk
              ? Lock.take(folder.resolve(LOCK), "the spool " + folder, options.holder())
              : null;
      return new Spool(new Store(disk, folder, options, salts), pool, events, taken, threaded);
    } catch (IOException e) {
      if (taken != null) {
        taken.close();
      }
      throw Errors.unusable(folder, e);
    }
  }

  /** The folder. */
  public Path folder() {
    return store.folder;
  }

  /**
   * A stream, as far as it is here; a new one otherwise. Reads its files at first.
   *
   * @throws PipeException DataLoss when they are damaged; Refused when it is of the other encoding
   */
  public SpoolStream open(StreamId stream, Encoding encoding) throws PipeException {
    SpoolStream opened = onWriter(() -> load(stream, encoding));
    if (opened == null) {
      throw new IllegalStateException("a stream was neither found nor made");
    }
    if (opened.encoding() != encoding) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "the spool "
              + folder()
              + " holds the stream "
              + stream
              + " as "
              + opened.encoding()
              + ", not as "
              + encoding
              + "; give both sides the same --frame as before, or another --session");
    }
    return opened;
  }

  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    SpoolStream loaded = onWriter(() -> load(stream, null));
    if (loaded == null) {
      return null;
    }
    Place place = loaded.synced();
    return place.position() == 0 && place.epoch() == 0 && !place.finished()
        ? null
        : place.toResume();
  }

  @Override
  public List<StreamId> heldStreams() throws PipeException {
    lock.lock();
    try {
      check();
      Set<StreamId> all = new HashSet<>(found.keySet());
      all.addAll(streams.keySet());
      List<StreamId> sorted = new ArrayList<>(all);
      sorted.sort((one, other) -> one.value().compareTo(other.value()));
      return sorted;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Removes a stream with all that there is of it.
   *
   * @throws PipeException Refused while it is used
   */
  public void forget(StreamId stream) throws PipeException {
    this.<Object>onWriter(() -> {
      SpoolStream loaded;
      StreamFiles files;
      lock.lock();
      try {
        loaded = streams.get(stream);
        if (loaded != null && loaded.isOpen()) {
          throw loaded.inUse("used");
        }
        streams.remove(stream);
        files = found.remove(stream);
        if (loaded != null) {
          // What is queued goes with it: a later round would write it under the same names.
          wanting.remove(loaded);
          loaded.drop();
        }
      } finally {
        lock.unlock();
      }
      if (loaded != null) {
        loaded.dropWriting();
        changing(loaded.log()::forget);
        keys.remove(loaded.log().key());
        rounds.forget(loaded);
      } else if (files != null) {
        changing(() -> Removal.of(store, files));
        keys.remove(files.key());
      }
      return null;
    });
  }

  /** How many bytes its files have together. */
  public long diskBytes() throws PipeException {
    Long bytes = onWriter(store.pool::usedBytes);
    return bytes == null ? 0 : bytes;
  }

  /**
   * Writes what is queued, as far as there is room, and lets go of the folder. What sinks were told
   * as committed is synced anyway. Idempotent.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closing) {
        return;
      }
      closing = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
    if (writer == null) {
      end();
    } else {
      boolean interrupted = false;
      while (true) {
        try {
          writer.join();
          break;
        } catch (InterruptedException e) {
          interrupted = true; // it has to be over before somebody else may write here
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  SpoolOptions options() {
    return store.options;
  }

  Store store() {
    return store;
  }

  BlockPool pool() {
    return pool;
  }

  // With the lock held.

  void check() throws PipeException {
    checkSound();
    if (closing) {
      throw new PipeException.Closed(Status.CANCELLED, "the spool " + folder() + " was closed");
    }
  }

  boolean isOverLimit(long moreBytes) {
    return unsyncedBytes > 0 && unsyncedBytes + moreBytes > store.options.unsyncedBytesMax();
  }

  Condition room() {
    return room;
  }

  void queued(SpoolStream stream, long memoryBytes) {
    unsyncedBytes += memoryBytes;
    wants(stream);
  }

  void wants(SpoolStream stream) {
    if (wanting.add(stream)) {
      work.signal();
    }
  }

  void synced(long memoryBytes) {
    unsyncedBytes -= memoryBytes;
    room.signal();
  }

  // The writer.

  private void work() {
    while (awaitWork()) {
      round();
    }
    end();
  }

  /** Waits until something is to be done; false when the spool is closed and all is. */
  private boolean awaitWork() {
    lock.lock();
    try {
      while (wanting.isEmpty() && tasks.isEmpty()) {
        if (closing) {
          return false;
        }
        if (rounds.wantsHint()) {
          return true;
        }
        if (!rounds.isStarving()) {
          work.awaitUninterruptibly();
        } else if (!wakes(FULL_LOOK_NANOS)) {
          wanting.addAll(rounds.starving());
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** With the lock held: waits for work, for at most this long; whether there is some. */
  private boolean wakes(long nanos) {
    long restNanos = nanos;
    while (wanting.isEmpty() && tasks.isEmpty() && !closing) {
      if (restNanos <= 0) {
        return false;
      }
      try {
        restNanos = work.awaitNanos(restNanos);
      } catch (InterruptedException e) {
        // Nobody has a reason to interrupt this thread, and it has none to stop.
      }
    }
    return true;
  }

  /** Those that found no room look again. */
  void lookAgain() {
    lock.lock();
    try {
      wanting.addAll(rounds.starving());
    } finally {
      lock.unlock();
    }
  }

  /** Does once what is to be done: writes, syncs, tells, lets go; hints when there is nothing. */
  void round() {
    List<Runnable> asked = new ArrayList<>();
    List<SpoolStream> mine = new ArrayList<>();
    boolean sound;
    lock.lock();
    try {
      sound = failure == null;
      asked.addAll(tasks);
      tasks.clear();
      if (sound) {
        mine.addAll(wanting);
        mine.forEach(SpoolStream::takeQueued);
      }
      wanting.clear();
    } finally {
      lock.unlock();
    }
    asked.forEach(Runnable::run);
    try {
      if (!sound) {
        rounds.stop();
      } else if (mine.isEmpty() && asked.isEmpty()) {
        rounds.hint();
      } else {
        rounds.move(mine);
      }
    } catch (IOException | RuntimeException | Error e) {
      poison(e);
    }
  }

  private void end() {
    lock.lock();
    try {
      streams.values().forEach(SpoolStream::takeQueued);
    } finally {
      lock.unlock();
    }
    try {
      if (failure == null) {
        rounds.move(List.copyOf(streams.values()));
        rounds.hint();
      }
    } catch (IOException | RuntimeException | Error e) {
      poison(e);
    }
    PipeException over =
        new PipeException.Closed(Status.CANCELLED, "the spool " + folder() + " was closed");
    fail(over);
    List<Runnable> asked = new ArrayList<>();
    lock.lock();
    try {
      streams.values().forEach(SpoolStream::drop);
      asked.addAll(tasks);
      tasks.clear();
    } finally {
      lock.unlock();
    }
    asked.forEach(Runnable::run);
    streams.values().forEach(SpoolStream::dropWriting);
    if (folderLock != null) {
      folderLock.close();
    }
  }

  /** The device, or this program, is not to be trusted any more. */
  private void poison(Throwable cause) {
    IOException error =
        cause instanceof IOException known ? known : new IOException(cause.toString(), cause);
    fail(error instanceof PipeException known ? known : Errors.poisoned(folder(), error));
  }

  private void fail(PipeException why) {
    List<Commits> all = new ArrayList<>();
    lock.lock();
    try {
      failure = failure == null ? why : failure;
      for (SpoolStream each : streams.values()) {
        Commits commits = each.failing();
        if (commits != null) {
          all.add(commits);
        }
      }
      room.signalAll();
    } finally {
      lock.unlock();
    }
    all.forEach(each -> each.fail(why));
  }

  /** What the writer is asked to do. */
  private interface Task<T> {
    @Nullable T run() throws IOException;
  }

  private interface Change {
    void run() throws IOException;
  }

  /** What is done by half leaves a folder that only a new start understands. */
  private void changing(Change change) throws IOException {
    try {
      change.run();
    } catch (IOException e) {
      poison(e);
      throw e;
    }
  }

  private void checkSound() throws PipeException {
    PipeException found = failure;
    if (found != null) {
      throw found;
    }
  }

  private <T> @Nullable T onWriter(Task<T> task) throws PipeException {
    CompletableFuture<@Nullable T> result = new CompletableFuture<>();
    Runnable asked =
        () -> {
          try {
            checkSound();
            result.complete(task.run());
          } catch (IOException e) {
            result.completeExceptionally(Errors.unusable(folder(), e));
          } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
          }
        };
    boolean mine = writer == null;
    lock.lock();
    try {
      check();
      if (!mine) {
        tasks.add(asked);
        work.signal();
      }
    } finally {
      lock.unlock();
    }
    if (mine) {
      asked.run();
    }
    try {
      return result.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case PipeException known -> throw known;
        case RuntimeException broken -> throw broken;
        case Error broken -> throw broken;
        case null, default -> throw e;
      }
    }
  }

  /** Looks at what lies in the folder. */
  private void find() throws IOException {
    StreamFiles.Listing listing = StreamFiles.list(store.disk, store.folder);
    for (StreamFiles each : listing.streams().values()) {
      each.parts().forEach(part -> store.pool.found(part.lengthBytes()));
      keys.add(each.key());
      found.put(each.stream(), each);
    }
    for (Map.Entry<Path, Long> each : listing.idle().entrySet()) {
      store.pool.foundIdle(each.getKey(), each.getValue());
    }
    // Names that were made and not synced before the end of the last process.
    store.syncNames();
    for (StreamFiles each : listing.streams().values()) {
      if (each.slot() != null && each.slot().forgotten()) {
        Removal.of(store, each);
        found.remove(each.stream());
        keys.remove(each.key());
      }
    }
  }

  private @Nullable SpoolStream load(StreamId stream, @Nullable Encoding encoding)
      throws IOException {
    SpoolStream loaded;
    StreamFiles files;
    lock.lock();
    try {
      loaded = streams.get(stream);
      files = found.get(stream);
    } finally {
      lock.unlock();
    }
    if (loaded != null) {
      return loaded;
    }
    SegmentLog log;
    if (files != null) {
      log = new SegmentLog(store, Recovery.recover(store, files));
    } else if (encoding == null) {
      return null;
    } else {
      log = new SegmentLog(store, newKey(stream), stream, encoding);
    }
    lock.lock();
    try {
      SpoolStream opened = new SpoolStream(this, log, lock.newCondition());
      streams.put(stream, opened);
      found.remove(stream);
      return opened;
    } finally {
      lock.unlock();
    }
  }

  private String newKey(StreamId stream) {
    int attempt = 0;
    String key = Store.key(stream, attempt);
    while (!keys.add(key)) {
      key = Store.key(stream, ++attempt);
    }
    return key;
  }
}
