package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.SessionFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What of a command's pipe outlives its process: its session, and its spool.
 *
 * <p>The session's state is in the spool's folder, else in the user's. Thread rule: one thread.
 */
final class Lasting implements AutoCloseable {
  private static final String FOLDER = "sessions";

  private final Path folder;
  private final SessionFolder.@Nullable Session session;
  private final boolean takesOver;

  private Lasting(Path folder, SessionFolder.@Nullable Session session, boolean takesOver) {
    this.folder = folder;
    this.session = session;
    this.takesOver = takesOver;
  }

  /**
   * Opens what the flags ask for.
   *
   * @throws PipeException Refused when another process has it open
   */
  static Lasting open(PipePlan plan, LastingFlags flags) throws PipeException {
    Path folder = folder(flags.spool());
    if (!flags.any()) {
      return new Lasting(folder, null, false);
    }
    if (flags.spool() != null) {
      throw new PipeException.Refused(
          Status.UNIMPLEMENTED, "--spool is not offered by this version yet; --session is");
    }
    String from = plan.source().place();
    String to = plan.sinks().stream().map(End::place).collect(Collectors.joining(", "));
    String name = flags.session();
    String key = name == null ? from + " -> " + to : name;
    try {
      SessionFolder.Session session =
          new SessionFolder(RealDisk.INSTANCE, folder)
              .open(key, from, to, name == null ? UUID.randomUUID().toString() : name);
      return new Lasting(folder, session, flags.takesOver() || session.takesOver());
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Config(
          "the session '" + key + "' cannot be kept in " + folder + ": " + e);
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

  /** The stream has ended, and every end of the pipe knows. */
  void finished() throws PipeException {
    if (session != null) {
      try {
        session.finished();
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

  @Override
  public void close() {
    if (session != null) {
      session.close();
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
