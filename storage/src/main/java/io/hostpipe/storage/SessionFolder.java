package io.hostpipe.storage;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of this host that are known by name: which stream each of them is on.
 *
 * <p>A session is what a command line names, and outlives its processes. Its first stream has its
 * name; when that has ended and the command is started again, a new stream begins, {@code NAME#2},
 * whose positions are its own. A file for each session is replaced as a whole whenever that
 * changes, and is lasting before anybody hears of the stream. Thread rule: any thread; sessions of
 * different processes do not meet, each holds the lock of its own.
 */
public final class SessionFolder {
  private static final String SUFFIX = ".session";

  private final Disk disk;
  private final Path folder;

  /** The sessions in this folder, which is made when the first one is. */
  public SessionFolder(Disk disk, Path folder) {
    this.disk = disk;
    this.folder = folder;
  }

  /**
   * Opens a session, which no other process may have open then; makes it where it is missing.
   *
   * @param key the session's name, or what stands for one
   * @param from the address of its source, without secrets
   * @param to those of its sinks
   * @param firstStream the id of its first stream, if it is a new one
   * @throws PipeException Refused when another process has it, or it was made for other addresses
   */
  public Session open(String key, String from, String to, String firstStream) throws IOException {
    disk.createFolders(folder);
    Path file = fileOf(key);
    Lock lock = Lock.take(lockOf(file), "the session '" + key + "'");
    try {
      SessionState known = SessionState.read(disk, file);
      SessionState state = known;
      if (state == null) {
        state = new SessionState(key, from, to, firstStream, 1, StreamEnd.AHEAD, false);
      } else if (state.end().told()
          || (state.end().reached() && !(state.from().equals(from) && state.to().equals(to)))) {
        state = state.next(from, to);
      } else if (!state.from().equals(from) || !state.to().equals(to)) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            "the session '"
                + key
                + "' is from "
                + state.from()
                + " to "
                + state.to()
                + "; take another name, or forget it with 'hostpipe session reset "
                + key
                + "'");
      }
      if (state.equals(known)) {
        // Nothing is written: a full disk is no reason not to go on, which may well empty it.
        disk.syncFolder(folder); // the process that gave it this name may not have come to that
      } else {
        state.write(disk, file);
      }
      return new Session(this, file, lock, state);
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  /** All sessions, by name. */
  public List<Listed> list() throws IOException {
    List<Listed> all = new ArrayList<>();
    if (disk.exists(folder)) {
      for (Path file : disk.list(folder)) {
        SessionState state =
            Objects.toString(file.getFileName()).endsWith(SUFFIX)
                ? SessionState.read(disk, file)
                : null;
        if (state != null) {
          Path lock = lockOf(file);
          all.add(new Listed(state, Lock.isTaken(lock) ? Lock.holder(lock) : null));
        }
      }
    }
    return all;
  }

  /**
   * Forgets how far a session has got: it begins a new stream when it is started again.
   *
   * @return the stream it was on
   * @throws PipeException Config with NOT_FOUND when there is none, Refused while it is in use
   */
  public StreamId reset(String key) throws IOException {
    try (Session session = openExisting(key)) {
      StreamId stream = session.stream();
      session.state = session.state.with(StreamEnd.TOLD);
      session.state.write(disk, session.file);
      return stream;
    }
  }

  /**
   * The next process of the session takes its stream over from one that a peer may take for alive.
   *
   * @throws PipeException Config with NOT_FOUND when there is none, Refused while it is in use
   */
  public void takeOver(String key) throws IOException {
    try (Session session = openExisting(key)) {
      session.state = session.state.takingOver(true);
      session.state.write(disk, session.file);
    }
  }

  private Session openExisting(String key) throws IOException {
    Path file = fileOf(key);
    SessionState state = disk.exists(file) ? SessionState.read(disk, file) : null;
    if (state == null) {
      throw new PipeException.Config(
          Status.NOT_FOUND,
          "there is no session '" + key + "' in " + folder + "; 'hostpipe session ls' lists them");
    }
    return new Session(this, file, Lock.take(lockOf(file), "the session '" + key + "'"), state);
  }

  private Path fileOf(String key) {
    return folder.resolve(FileNames.of(key) + SUFFIX);
  }

  private static Path lockOf(Path file) {
    return file.resolveSibling(file.getFileName() + ".lock");
  }

  /**
   * A session and who has it open.
   *
   * @param holder the process that has it open; null when none has
   */
  public record Listed(SessionState state, @Nullable String holder) {}

  /** A session that this process has open. Thread rule: one thread at a time. */
  public static final class Session implements AutoCloseable {
    private final SessionFolder home;
    private final Path file;
    private final Lock lock;
    private SessionState state;

    Session(SessionFolder home, Path file, Lock lock, SessionState state) {
      this.home = home;
      this.file = file;
      this.lock = lock;
      this.state = state;
    }

    /** The id of the stream that it is on. */
    public StreamId stream() {
      return state.stream();
    }

    /** Whether its stream is to be taken from a writer that may still live. */
    public boolean takesOver() {
      return state.takesOver();
    }

    /**
     * The end of its stream when a process before this one reached it and was killed before it had
     * said so; null when its stream goes on.
     */
    public @Nullable StreamEnd untold() {
      return state.end().reached() && !state.end().told() ? state.end() : null;
    }

    /**
     * Its stream has ended, and every end of the pipe knows.
     *
     * @param exitCode what its process will exit with
     * @param source by what the source is known again; empty when by nothing
     */
    public void finished(int exitCode, String source) throws IOException {
      become(state.with(StreamEnd.untold(exitCode, source)));
    }

    /** Whoever started the process heard of the end: the next start begins another stream. */
    public void told() throws IOException {
      if (untold() != null) {
        become(state.with(StreamEnd.TOLD));
      }
    }

    /** Begins another stream, though nobody heard of the end of this one. */
    public void next() throws IOException {
      become(state.next(state.from(), state.to()));
    }

    private void become(SessionState fresh) throws IOException {
      fresh.write(home.disk, file);
      state = fresh;
    }

    @Override
    public void close() {
      lock.close();
    }
  }
}
