package io.hostpipe.cli;

import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.DiskErrors;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.SessionFolder;
import io.hostpipe.storage.StreamEnd;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What of a command's pipe outlives its process: its session, where its stream begins, and its
 * spool.
 *
 * <p>The session's state is in the spool's folder, else in the user's. Thread rule: one thread.
 */
final class Lasting implements AutoCloseable {
  private static final String FOLDER = "sessions";

  /** Is there while a process has the spool, and stays when that is killed. */
  private static final String MARK = "running";

  private final Path folder;
  private final SessionFolder.@Nullable Session session;
  private final boolean takesOver;
  private final @Nullable Spool spool;
  private final Doubts doubts;

  /** By what the session's source is known again; empty when by nothing. */
  private final String source;

  private boolean told;
  private boolean closed;

  private Lasting(
      Path folder,
      SessionFolder.@Nullable Session session,
      boolean takesOver,
      @Nullable Spool spool,
      String source,
      PipeEvents events)
      throws PipeException {
    this.folder = folder;
    this.session = session;
    this.takesOver = takesOver;
    this.spool = spool;
    this.source = source;
    this.doubts = new Doubts(spool != null && isMarked(spool), events);
  }

  /**
   * Opens what the flags ask for.
   *
   * @throws PipeException Refused when another process has it open
   */
  static Lasting open(PipePlan plan, LastingFlags flags, PipeEvents events) throws PipeException {
    Path folder = folder(flags.spool());
    if (!flags.any()) {
      return new Lasting(folder, null, false, null, "", events);
    }
    String from = plan.source().place();
    String to = plan.sinks().stream().map(End::place).collect(Collectors.joining(", "));
    String name = flags.session();
    String key = name == null ? from + " -> " + to : name;
    Path queue = flags.spool();
    Spool spool =
        queue == null || keepsByItself(plan)
            ? null
            : Spool.open(RealDisk.INSTANCE, queue, options(flags, key), Hostpipe.pool(), events);
    if (plan.source().isLink()) {
      // The stream was named where it begins.
      return new Lasting(folder, null, flags.takesOver(), spool, "", events);
    }
    try {
      SessionFolder.Session session =
          new SessionFolder(RealDisk.INSTANCE, folder)
              .open(key, from, to, name == null ? UUID.randomUUID().toString() : name);
      return of(session, plan, flags, folder, spool, events);
    } catch (IOException e) {
      if (spool != null) {
        spool.close();
      }
      throw unusable("the session '" + key + "' cannot be kept in " + folder, e);
    }
  }

  private static Lasting of(
      SessionFolder.Session session,
      PipePlan plan,
      LastingFlags flags,
      Path folder,
      @Nullable Spool spool,
      PipeEvents events)
      throws IOException {
    try {
      String source = KnownAgain.sign(plan.source());
      StreamEnd untold = session.untold();
      if (untold != null && !KnownAgain.gives(untold, source, plan, session.stream())) {
        session.next();
      }
      boolean takesOver = flags.takesOver() || session.takesOver();
      return new Lasting(folder, session, takesOver, spool, source, events);
    } catch (IOException e) {
      session.close();
      throw e;
    }
  }

  /**
   * Whether the bytes are on a disk of this host already when they have arrived, and can be had
   * again until then: a spool between would only write them twice.
   */
  private static boolean keepsByItself(PipePlan plan) {
    boolean comesAgain = plan.source().isLink() || plan.source().capabilities().replayable();
    return comesAgain
        && plan.sinks().stream().allMatch(each -> !each.isLink() && each.capabilities().durable());
  }

  private static SpoolOptions options(LastingFlags flags, String holder) {
    SpoolOptions options =
        SpoolOptions.DEFAULT.withSyncsBefore(flags.syncsBefore()).withHolder(holder);
    return flags.spoolBytesMax() == Long.MAX_VALUE
        ? options
        : options.withBytesMax(flags.spoolBytesMax());
  }

  /** Where streams wait on disk; null where they do not. */
  @Nullable Spool spool() {
    return spool;
  }

  /** What is not known of streams that go on. */
  Doubts doubts() {
    return doubts;
  }

  /** Whether the last process left its mark; leaves that of this one. */
  private static boolean isMarked(Spool spool) throws PipeException {
    Path mark = spool.folder().resolve(MARK);
    try {
      boolean marked = RealDisk.INSTANCE.exists(mark);
      RealDisk.INSTANCE.open(mark).close();
      RealDisk.INSTANCE.syncFolder(spool.folder());
      return marked;
    } catch (IOException e) {
      throw unusable("the spool " + spool.folder() + " cannot be used", e);
    }
  }

  private static PipeException unusable(String what, IOException error) {
    if (error instanceof PipeException known) {
      return known;
    }
    boolean full = DiskErrors.isOutOfRoom(error);
    return new PipeException.Refused(
        full ? Status.RESOURCE_EXHAUSTED : Status.FAILED_PRECONDITION,
        what
            + ": "
            + DiskErrors.reason(error)
            + (full ? ". Make room, then start the same command again" : ""),
        error);
  }

  private static void unmark(Spool spool) {
    try {
      RealDisk.INSTANCE.delete(spool.folder().resolve(MARK));
    } catch (IOException e) {
      // The next process takes this one for killed, and says more than it has to.
    }
  }

  /** The id of the stream that the session is on; null where there is none. */
  @Nullable StreamId stream() {
    return session == null ? null : session.stream();
  }

  /** Whether the stream is taken from whoever sends it. */
  boolean takesOver() {
    return takesOver;
  }

  /**
   * The end that the stream came to in a process before this one, which was ended before it said
   * so: nothing is left to do but to say it. Null where the stream goes on.
   */
  @Nullable StreamEnd untold() {
    return session == null ? null : session.untold();
  }

  /**
   * The stream has ended, and every end of the pipe knows.
   *
   * @param code what the process will exit with
   */
  void finished(ExitCode code) throws PipeException {
    if (session != null) {
      try {
        session.finished(code.number(), source);
      } catch (IOException e) {
        throw new PipeException.Closed(
            Status.INTERNAL,
            "everything was delivered, and that could not be noted in "
                + folder
                + ": "
                + e.getMessage()
                + "; the same command would find nothing left to send",
            e);
      }
    }
  }

  /** It was said how the pipe ended; noted last of all, when this is closed. */
  void told() {
    told = true;
  }

  /** Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (spool != null) {
      spool.close();
      unmark(spool);
    }
    if (session != null) {
      noteTold(session);
      session.close();
    }
  }

  private void noteTold(SessionFolder.Session open) {
    try {
      if (told) {
        open.told();
      }
    } catch (IOException e) {
      // The next start of the command says once more that all was delivered.
    }
  }

  /** Where the state of sessions is kept: in the spool, else where the user's programs keep it. */
  static Path folder(@Nullable Path spool) {
    if (spool != null) {
      return spool.resolve(FOLDER);
    }
    String state = System.getenv("XDG_STATE_HOME");
    Path home =
        state == null || state.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".local", "state")
            : Path.of(state);
    return home.resolve("hostpipe").resolve(FOLDER);
  }
}
