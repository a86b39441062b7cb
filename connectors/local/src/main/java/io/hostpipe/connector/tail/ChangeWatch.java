package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Waits for changes in the folders of a file, with the system's help where it gives any.
 *
 * <p>Thread rule: one thread waits, any thread closes, which ends its wait.
 */
final class ChangeWatch implements AutoCloseable {
  private static final WatchEvent.Kind<?>[] KINDS = {
    StandardWatchEventKinds.ENTRY_CREATE,
    StandardWatchEventKinds.ENTRY_MODIFY,
    StandardWatchEventKinds.ENTRY_DELETE
  };

  private final Path path;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();
  private final Map<Path, WatchKey> keys = new HashMap<>();
  private final @Nullable WatchService watcher;
  private volatile boolean closed;

  ChangeWatch(Path path) {
    this.path = path;
    this.watcher = newWatcher(path);
    register();
  }

  /** Whether the system tells of changes; when not, only the time limit ends a wait. */
  boolean isTold() {
    return !keys.isEmpty();
  }

  /** Waits this long, or until closed. */
  void pause(long nanos) throws InterruptedException {
    long restNanos = nanos;
    lock.lockInterruptibly();
    try {
      while (!closed && restNanos > 0) {
        restNanos = woken.awaitNanos(restNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until something has changed since the last call, at most this long. */
  void await(long nanos) throws InterruptedException {
    WatchService told = watcher;
    if (told == null || closed) {
      pause(nanos);
      return;
    }
    register();
    try {
      WatchKey key = told.poll(nanos, TimeUnit.NANOSECONDS);
      while (key != null) {
        key.pollEvents();
        if (!key.reset()) {
          keys.values().remove(key);
        }
        key = told.poll();
      }
    } catch (ClosedWatchServiceException e) {
      // Closed: the caller will see.
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      woken.signalAll();
    } finally {
      lock.unlock();
    }
    WatchService told = watcher;
    if (told != null) {
      try {
        told.close();
      } catch (IOException e) {
        // Nothing is lost with it.
      }
    }
  }

  /** Watches the folder of the path, and that of the file behind a symbolic link. */
  private void register() {
    register(path.toAbsolutePath().getParent());
    try {
      register(path.toRealPath().getParent());
    } catch (IOException e) {
      // The file is not there now; its folder tells when it comes.
    }
  }

  private void register(@Nullable Path folder) {
    WatchService told = watcher;
    if (told == null || folder == null || keys.containsKey(folder)) {
      return;
    }
    try {
      keys.put(folder, folder.register(told, KINDS));
    } catch (IOException | ClosedWatchServiceException e) {
      // No such folder yet, or the system watches no more of them: then time alone ends a wait.
    }
  }

  private static @Nullable WatchService newWatcher(Path path) {
    try {
      return path.getFileSystem().newWatchService();
    } catch (IOException | UnsupportedOperationException e) {
      // The system's limit of watchers is reached, or it has none.
      return null;
    }
  }
}
