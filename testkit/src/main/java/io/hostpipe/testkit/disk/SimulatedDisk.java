package io.hostpipe.testkit.disk;

import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that loses what a real one may lose, as a seed chooses.
 *
 * <p>Three ends of a process can be had. {@link #afterKill} is what a killed process leaves: all
 * that it wrote, since the system has it. {@link #afterPowerLoss} is what a host without power
 * leaves: of what was not synced any part, torn at sectors of 512 bytes and in any order, and of
 * the names that were not synced any as well. Both give another disk and leave this one as it is,
 * so that many losses can be looked at from one point of one run. {@link #crashBefore} ends a run
 * before any chosen call, by a {@link DiskCrash} in that call and in all after it; of a write that
 * is hit, a first part may have happened.
 *
 * <p>Calls can be made to fail, once or for a while ({@link #fail}), the disk can be small ({@link
 * #limitTo}) or not to be written ({@link #makeReadOnly}). After a failed sync the next one
 * succeeds and has lost what the failed one was for.
 *
 * <p>The folder {@link #ROOT} is there from the start, and lasting. Thread rule: any thread; which
 * call is the n-th is certain only while one thread calls.
 */
public final class SimulatedDisk implements Disk {
  /** The folder that a new disk has. */
  public static final Path ROOT = Path.of("/disk");

  private final ReentrantLock lock = new ReentrantLock();
  private final Names names;
  private final RandomGenerator random;
  private final Calls calls = new Calls();
  private long limitBytes = Long.MAX_VALUE;
  private boolean readOnly;

  /** An empty disk whose choices come from this seed. */
  public SimulatedDisk(long seed) {
    this(seed, new Names());
    names.change(folders(ROOT));
    names.syncAll();
  }

  private SimulatedDisk(long seed, Names names) {
    this.random = new SplittableRandom(seed);
    this.names = names;
  }

  // What a test plans.

  /** Lets the n-th call of this kind fail, counted from 1 and from the disk's beginning. */
  public SimulatedDisk fail(DiskCall kind, long call, DiskFault fault) {
    return fail(kind, call, 1, fault);
  }

  /**
   * Lets calls of this kind fail.
   *
   * @param kind null for calls of all kinds, counted together
   * @param firstCall counted from 1 and from the disk's beginning
   * @param callCount how many of them, one after the other
   */
  public SimulatedDisk fail(
      @Nullable DiskCall kind, long firstCall, long callCount, DiskFault fault) {
    return locked(() -> {
      calls.plan(kind, firstCall, callCount, fault);
      return this;
    });
  }

  /** Ends the process at the n-th call that changes something, counted from 1. */
  public SimulatedDisk crashBefore(long change) {
    return locked(() -> {
      calls.crashBefore(change);
      return this;
    });
  }

  /** The most bytes that all files may have together. */
  public SimulatedDisk limitTo(long bytes) {
    return locked(() -> {
      limitBytes = bytes;
      return this;
    });
  }

  /** Nothing may be changed from here on, or may again. */
  public SimulatedDisk makeReadOnly(boolean now) {
    return locked(() -> {
      readOnly = now;
      return this;
    });
  }

  // What a test asks.

  /** How many calls there were. */
  public long calls() {
    return locked(calls::count);
  }

  /** How many calls there were that change something: the points at which a crash differs. */
  public long changes() {
    return locked(calls::changeCount);
  }

  /** How many calls of this kind there were. */
  public long calls(DiskCall kind) {
    return locked(() -> calls.count(kind));
  }

  /** Whether the planned crash has come. */
  public boolean crashed() {
    return locked(calls::crashed);
  }

  /** The last calls, oldest first, for the message of a failed test. */
  public List<String> history() {
    return locked(calls::history);
  }

  /** What a file has, as its users see it; null when it is not there. */
  public byte @Nullable [] content(Path file) {
    return locked(() -> {
      Content content = contentOf(names.find(file));
      return content == null ? null : content.seen();
    });
  }

  /** What a file has for sure after a loss of power at this moment; null when it may be missing. */
  public byte @Nullable [] lastingContent(Path file) {
    return locked(() -> {
      Content content = contentOf(names.lasting(file));
      return content == null ? null : content.lasting();
    });
  }

  /** Turns one bit of a file over, as a decaying device does. */
  public void flip(Path file, long offset, int bit) {
    locked(() -> {
      Objects.requireNonNull(contentOf(names.find(file)), "no such file").flip(offset, bit);
      return null;
    });
  }

  /** Syncs all files and names: what a test lays down before it begins. */
  public void settle() {
    locked(() -> {
      names.files().forEach(Content::sync);
      names.syncAll();
      return null;
    });
  }

  /** The disk that a killed process leaves to the next one. */
  public SimulatedDisk afterKill() {
    return locked(() -> next(names.copy(), random.nextLong()));
  }

  /** A disk that a loss of power at this moment may leave. */
  public SimulatedDisk afterPowerLoss(long seed) {
    return locked(() -> next(names.afterPowerLoss(new SplittableRandom(seed)), seed));
  }

  private SimulatedDisk next(Names left, long seed) {
    SimulatedDisk next = new SimulatedDisk(seed, left);
    next.limitBytes = limitBytes;
    next.readOnly = readOnly;
    return next;
  }

  // The disk.

  @Override
  public DiskFile open(Path file) throws IOException {
    return call(
        DiskCall.OPEN,
        file.toString(),
        () -> {
          checkWritable(file);
          Names.Entry entry = names.find(file);
          if (entry == null) {
            checkFolder(file);
            entry = new Names.Entry(new Content());
            names.change(Map.of(file, entry));
          }
          return new Open(file, contentOfFile(file, entry), true);
        });
  }

  @Override
  public DiskFile openToRead(Path file) throws IOException {
    return call(
        DiskCall.OPEN_TO_READ,
        file.toString(),
        () -> new Open(file, contentOfFile(file, names.find(file)), false));
  }

  @Override
  public boolean exists(Path path) throws IOException {
    return call(DiskCall.EXISTS, path.toString(), () -> names.find(path) != null);
  }

  @Override
  public List<Path> list(Path folder) throws IOException {
    return call(
        DiskCall.LIST,
        folder.toString(),
        () -> {
          checkIsFolder(folder);
          return names.in(folder);
        });
  }

  @Override
  public void createFolders(Path folder) throws IOException {
    change(
        DiskCall.CREATE_FOLDERS,
        folder.toString(),
        () -> {
          Map<Path, Names.@Nullable Entry> missing = folders(folder);
          missing.keySet().removeIf(path -> names.find(path) != null);
          if (!missing.isEmpty()) {
            checkWritable(folder);
            // One at a time: a loss of power may leave those above and not those below.
            missing.keySet().stream()
                .sorted()
                .forEach(path -> names.change(Map.of(path, Names.Entry.FOLDER)));
          }
          checkIsFolder(folder);
        });
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    change(
        DiskCall.MOVE,
        from + " to " + to,
        () -> {
          checkWritable(from);
          Names.Entry entry = names.find(from);
          if (entry == null) {
            throw new NoSuchFileException(from.toString());
          }
          checkFolder(to);
          contentOfFile(from, entry);
          if (!from.equals(to)) {
            Map<Path, Names.@Nullable Entry> change = new HashMap<>();
            change.put(from, null);
            change.put(to, entry);
            names.change(change);
          }
        });
  }

  @Override
  public void delete(Path path) throws IOException {
    change(
        DiskCall.DELETE,
        path.toString(),
        () -> {
          checkWritable(path);
          if (names.find(path) == null) {
            throw new NoSuchFileException(path.toString());
          }
          if (!names.in(path).isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
          }
          Map<Path, Names.@Nullable Entry> change = new HashMap<>();
          change.put(path, null);
          names.change(change);
        });
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    change(
        DiskCall.SYNC_FOLDER,
        folder.toString(),
        () -> {
          checkIsFolder(folder);
          names.sync(folder);
        });
  }

  @Override
  public long usableBytes(Path folder) throws IOException {
    return call(
        DiskCall.USABLE_BYTES,
        folder.toString(),
        () -> {
          checkIsFolder(folder);
          return limitBytes - usedBytes();
        });
  }

  private long usedBytes() {
    long used = 0;
    for (Content file : names.files()) {
      used += file.lengthBytes();
    }
    return used;
  }

  private void checkWritable(Path path) throws IOException {
    if (readOnly) {
      throw new FileSystemException(path.toString(), null, "Read-only file system");
    }
  }

  private void checkFolder(Path file) throws IOException {
    Path folder = file.getParent();
    if (folder == null || names.find(folder) == null) {
      throw new NoSuchFileException(file.toString());
    }
  }

  private void checkIsFolder(Path folder) throws IOException {
    Names.Entry entry = names.find(folder);
    if (entry == null) {
      throw new NoSuchFileException(folder.toString());
    }
    if (entry.content() != null) {
      throw new NotDirectoryException(folder.toString());
    }
  }

  private static @Nullable Content contentOf(Names.@Nullable Entry entry) {
    return entry == null ? null : entry.content();
  }

  private static Content contentOfFile(Path path, Names.@Nullable Entry entry) throws IOException {
    if (entry == null) {
      throw new NoSuchFileException(path.toString());
    }
    Content content = entry.content();
    if (content == null) {
      throw new FileSystemException(path.toString(), null, "Is a directory");
    }
    return content;
  }

  private static Map<Path, Names.@Nullable Entry> folders(Path folder) {
    Map<Path, Names.@Nullable Entry> all = new HashMap<>();
    for (Path each = folder; each != null && each.getNameCount() > 0; each = each.getParent()) {
      all.put(each, Names.Entry.FOLDER);
    }
    return all;
  }

  // How calls are counted, and fail.

  private <T extends @Nullable Object> T call(DiskCall kind, String what, Action<T> action)
      throws IOException {
    return call(kind, what, () -> {}, action);
  }

  private void change(DiskCall kind, String what, Step step) throws IOException {
    change(kind, what, () -> {}, step);
  }

  private void change(DiskCall kind, String what, Runnable half, Step step) throws IOException {
    var _ =
        call(
            kind,
            what,
            half,
            () -> {
              step.run();
              return kind;
            });
  }

  /**
   * Does what is asked, unless it is to fail.
   *
   * @param half what a call that fails does nevertheless
   */
  private <T extends @Nullable Object> T call(
      DiskCall kind, String what, Runnable half, Action<T> action) throws IOException {
    lock.lock();
    try {
      if (calls.crashesAt(kind, what)) {
        if (kind == DiskCall.WRITE) {
          half.run();
        }
        throw new DiskCrash("the process ends here: " + what);
      }
      DiskFault fault = calls.fault(kind);
      if (fault != null) {
        half.run();
        throw fault.exception();
      }
      return action.run();
    } finally {
      lock.unlock();
    }
  }

  private <T extends @Nullable Object> T locked(Supplier<T> answer) {
    lock.lock();
    try {
      return answer.get();
    } finally {
      lock.unlock();
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  private interface Action<T extends @Nullable Object> {
    T run() throws IOException;
  }

  /** An open file. */
  private final class Open implements DiskFile {
    private final Path path;
    private final Content content;
    private final boolean writable;
    private volatile boolean closed;

    Open(Path path, Content content, boolean writable) {
      this.path = path;
      this.content = content;
      this.writable = writable;
    }

    @Override
    public Path path() {
      return path;
    }

    @Override
    public int read(ByteBuffer into, long offset) throws IOException {
      checkOpen();
      return call(
          DiskCall.READ,
          path + " at " + offset + ", " + into.remaining() + " bytes",
          () -> content.read(into, offset));
    }

    @Override
    public void write(ByteBuffer[] buffers, int bufferCount, long offset) throws IOException {
      checkMayWrite();
      ByteBuffer all = joined(buffers, bufferCount);
      try {
        change(
            DiskCall.WRITE,
            path + " at " + offset + ", " + all.remaining() + " bytes",
            () -> content.write(all, random.nextInt(all.remaining() + 1), offset),
            () -> writeWhatFits(all, offset));
      } finally {
        // As with a real one: a write that failed may have taken a part.
        int taken = all.position();
        for (int i = 0; i < bufferCount; i++) {
          int part = Math.min(taken, buffers[i].remaining());
          buffers[i].position(buffers[i].position() + part);
          taken -= part;
        }
      }
    }

    private void writeWhatFits(ByteBuffer all, long offset) throws IOException {
      checkWritable(path);
      int lengthBytes = all.remaining();
      long growth = Math.max(0, offset + lengthBytes - content.lengthBytes());
      long room = Math.max(0, limitBytes - usedBytes());
      content.write(all, (int) Math.max(0, lengthBytes - Math.max(0, growth - room)), offset);
      if (growth > room) {
        throw DiskFault.FULL.exception();
      }
    }

    private static ByteBuffer joined(ByteBuffer[] buffers, int bufferCount) {
      int lengthBytes = 0;
      for (int i = 0; i < bufferCount; i++) {
        lengthBytes += buffers[i].remaining();
      }
      ByteBuffer all = ByteBuffer.allocate(lengthBytes);
      for (int i = 0; i < bufferCount; i++) {
        all.put(buffers[i].duplicate());
      }
      return all.flip();
    }

    @Override
    public long lengthBytes() throws IOException {
      checkOpen();
      return call(DiskCall.LENGTH, path.toString(), content::lengthBytes);
    }

    @Override
    public void truncate(long lengthBytes) throws IOException {
      checkMayWrite();
      change(
          DiskCall.TRUNCATE,
          path + " to " + lengthBytes,
          () -> {
            checkWritable(path);
            content.truncate(lengthBytes);
          });
    }

    @Override
    public void sync() throws IOException {
      checkOpen();
      change(DiskCall.SYNC, path.toString(), () -> content.failSync(random), content::sync);
    }

    @Override
    public void close() {
      closed = true;
    }

    private void checkOpen() throws IOException {
      if (closed) {
        throw new ClosedChannelException();
      }
    }

    private void checkMayWrite() throws IOException {
      checkOpen();
      if (!writable) {
        throw new NonWritableChannelException();
      }
    }
  }
}
