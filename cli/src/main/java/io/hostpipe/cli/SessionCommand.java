package io.hostpipe.cli;

import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.DiskErrors;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.SessionFolder;
import io.hostpipe.storage.SessionState;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolFolder;
import io.hostpipe.storage.spool.SpoolOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code hostpipe session}: what sessions this host knows, and how one is begun anew. */
final class SessionCommand {
  static final List<String> WORDS = List.of("ls", "reset", "takeover");

  private final Path folder;
  private final @Nullable Path spool;
  private final Console console;

  private SessionCommand(@Nullable Path spool, Console console) {
    this.folder = Lasting.folder(spool);
    this.spool = spool;
    this.console = console;
  }

  static ExitCode run(Invocation invocation, Console console) throws PipeException {
    List<String> words = invocation.words();
    SessionCommand command = new SessionCommand(invocation.flags().lasting().spool(), console);
    String word = words.isEmpty() ? "" : words.getFirst();
    try {
      switch (word) {
        case "ls" -> {
          checkCount(invocation, 1);
          command.list();
        }
        case "reset" -> command.reset(name(invocation));
        case "takeover" -> command.takeOver(name(invocation));
        default -> throw unknown(invocation, word, WORDS);
      }
      return ExitCode.OK;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Config(
          "the sessions in "
              + command.folder
              + " cannot be read or written: "
              + DiskErrors.reason(e));
    }
  }

  /** A word that asks for nothing. */
  static PipeException unknown(Invocation invocation, String word, List<String> known) {
    String usage = invocation.command().usage();
    return new PipeException.Config(
        word.isEmpty()
            ? "say what: " + usage
            : "'" + word + "' is none of its words" + Nearest.hint(word, known) + ": " + usage);
  }

  static void checkCount(Invocation invocation, int wanted) throws PipeException {
    if (invocation.words().size() != wanted) {
      throw new PipeException.Config(
          "'"
              + invocation.words().getFirst()
              + "' takes "
              + (wanted == 1 ? "nothing" : "one name")
              + " behind it: "
              + invocation.command().usage());
    }
  }

  private static String name(Invocation invocation) throws PipeException {
    checkCount(invocation, 2);
    return invocation.words().getLast();
  }

  private void list() throws IOException {
    Table table = new Table("SESSION", "STATE", "STREAM", "POSITIONS", "FROM", "TO");
    List<SpoolFolder.Listed> spooled = spooled();
    for (SessionFolder.Listed each : sessions().list()) {
      SessionState state = each.state();
      SpoolFolder.Listed found = find(spooled, state.stream());
      table.row(
          state.key(),
          stateOf(each),
          state.stream().value(),
          found == null ? "-" : found.released() + ".." + found.end(),
          state.from(),
          state.to());
    }
    if (table.isEmpty()) {
      console.say("there are no sessions in " + folder);
    } else {
      console.answer(table.toString());
    }
  }

  private static String stateOf(SessionFolder.Listed listed) {
    if (listed.holder() != null) {
      return "running by " + listed.holder();
    }
    if (listed.state().end().reached()) {
      return listed.state().end().told() ? "ended" : "ended, untold";
    }
    return listed.state().takesOver() ? "stopped, takes over" : "stopped";
  }

  private void reset(String name) throws IOException {
    Path queue = spool;
    if (queue == null || !Files.exists(queue)) {
      forgotten(name, sessions().reset(name));
      return;
    }
    // Opened first: while somebody uses it nothing is changed.
    try (Spool open =
        Spool.open(
            RealDisk.INSTANCE,
            queue,
            SpoolOptions.DEFAULT.withHolder("hostpipe session reset"),
            Hostpipe.pool(),
            PipeEvents.SILENT)) {
      List<SpoolFolder.Listed> spooled = spooled();
      StreamId stream = sessions().reset(name);
      SpoolFolder.Listed found = find(spooled, stream);
      if (found != null) {
        open.forget(stream);
        console.say(
            "dropped from "
                + queue
                + ": "
                + Quantity.groupedText(found.end() - found.released())
                + " bytes of the stream "
                + stream
                + " that were not known to be delivered, "
                + found.released()
                + ".."
                + found.end());
      }
      forgotten(name, stream);
    }
  }

  /** What the spool has, also while it is in use; nothing where there is none. */
  private List<SpoolFolder.Listed> spooled() throws PipeException {
    Path queue = spool;
    return queue == null || !Files.exists(queue)
        ? List.of()
        : new SpoolFolder(RealDisk.INSTANCE, queue).list().streams();
  }

  private static SpoolFolder.@Nullable Listed find(
      List<SpoolFolder.Listed> spooled, StreamId stream) {
    for (SpoolFolder.Listed each : spooled) {
      if (each.stream().equals(stream)) {
        return each;
      }
    }
    return null;
  }

  private void forgotten(String name, StreamId stream) {
    console.say(
        "the stream "
            + stream
            + " is forgotten here; the next start of the session '"
            + name
            + "' begins another one, at position 0");
  }

  private void takeOver(String name) throws IOException {
    sessions().takeOver(name);
    console.say(
        "the next start of the session '"
            + name
            + "' takes its stream from whoever the receiver holds for its sender");
  }

  private SessionFolder sessions() {
    return new SessionFolder(RealDisk.INSTANCE, folder);
  }
}
