package io.hostpipe.cli;

import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.spool.SpoolFolder;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code hostpipe spool}: what waits in a spool's folder, whether it is sound, and what can be had
 * of it when it is not.
 */
final class SpoolCommand {
  static final List<String> WORDS = List.of("ls", "verify", "repair", "export");

  private static final String FROM = "from=";

  private final Path path;
  private final SpoolFolder folder;
  private final Console console;

  private SpoolCommand(Path path, Console console) {
    this.path = path;
    this.folder = new SpoolFolder(RealDisk.INSTANCE, path);
    this.console = console;
  }

  static ExitCode run(Invocation invocation, Console console) throws PipeException {
    List<String> words = new ArrayList<>(invocation.words());
    String word = words.isEmpty() ? "" : words.removeFirst();
    if (!WORDS.contains(word)) {
      throw SessionCommand.unknown(invocation, word, WORDS);
    }
    if (words.isEmpty()) {
      throw new PipeException.Config(
          "'" + word + "' wants the folder of a spool: " + invocation.command().usage());
    }
    SpoolCommand command = new SpoolCommand(folder(words.removeFirst()), console);
    long from = word.equals("export") ? takeFrom(words) : -1;
    boolean takesStream = word.equals("repair") || word.equals("export");
    if (words.size() > (takesStream ? 1 : 0)) {
      throw new PipeException.Config(
          "'" + words.getLast() + "' is too much here: " + invocation.command().usage());
    }
    StreamId stream = words.isEmpty() ? null : command.stream(words.getFirst());
    return switch (word) {
      case "ls" -> command.list();
      case "verify" -> command.verify();
      case "repair" -> command.repair(stream);
      default -> command.export(stream == null ? command.onlyStream() : stream, from);
    };
  }

  private ExitCode list() throws PipeException {
    SpoolFolder.Listing listing = folder.list();
    Table table = new Table("STREAM", "STATE", "POSITIONS", "UNDELIVERED", "ON DISK");
    for (SpoolFolder.Listed each : listing.streams()) {
      table.row(
          each.stream().value(),
          state(each),
          each.released() + ".." + each.end(),
          Quantity.bytesText((double) (each.end() - each.released())),
          Quantity.bytesText((double) each.diskBytes()));
    }
    if (table.isEmpty()) {
      console.say("there are no streams in " + path);
    } else {
      console.answer(table.toString());
    }
    if (listing.holder() != null) {
      console.say(path + " is in use by " + listing.holder());
    }
    if (listing.idleBytes() > 0) {
      console.say(
          "files of "
              + Quantity.bytesText((double) listing.idleBytes())
              + " wait there to be used again");
    }
    for (SpoolFolder.Listed each : listing.streams()) {
      if (each.damage() != null) {
        console.say(each.damage());
      }
    }
    sayUnknown(listing);
    return ExitCode.OK;
  }

  private static String state(SpoolFolder.Listed listed) {
    if (listed.damage() != null) {
      return "damaged";
    }
    if (!listed.finished()) {
      return "open";
    }
    return listed.released() < listed.end() ? "ended" : "delivered";
  }

  private ExitCode verify() throws PipeException {
    List<SpoolFolder.Damage> damages = folder.verify();
    SpoolFolder.Listing listing = folder.list();
    sayUnknown(listing);
    if (damages.isEmpty()) {
      console.answer("sound: " + count(listing.streams().size(), "stream") + "\n");
      return ExitCode.OK;
    }
    for (SpoolFolder.Damage each : damages) {
      console.answer(Console.printable(text(each)) + "\n");
    }
    console.say(
        count(damages.size(), "damage")
            + " in "
            + path
            + "; 'hostpipe spool export' gives what is sound before and behind, 'hostpipe spool"
            + " repair' cuts a stream off at its first damage, and neither source nor far side is"
            + " asked by that");
    return ExitCode.DATA_LOSS;
  }

  private static String text(SpoolFolder.Damage damage) {
    return "stream "
        + damage.stream()
        + ": damaged at position "
        + damage.from()
        + (damage.to() > damage.from() ? ", up to " + damage.to() : "")
        + ": "
        + damage.what()
        + " ("
        + damage.file()
        + ", offset "
        + damage.offset()
        + ")";
  }

  private ExitCode repair(@Nullable StreamId only) throws PipeException {
    boolean any = false;
    for (SpoolFolder.Listed each : folder.list().streams()) {
      if (only == null || each.stream().equals(only)) {
        SpoolFolder.Hole hole = folder.repair(each.stream());
        if (hole != null) {
          any = true;
          tell(hole);
        }
      }
    }
    if (!any) {
      console.say("nothing is damaged, and nothing was changed");
    }
    return ExitCode.OK;
  }

  private void tell(SpoolFolder.Hole hole) throws PipeException {
    console.answer(
        Console.printable(
                "stream "
                    + hole.stream()
                    + ": taken out: ["
                    + hole.from()
                    + ", "
                    + hole.to()
                    + "); it ends at position "
                    + hole.from()
                    + " now; kept aside: "
                    + hole.kept().stream().map(Path::toString).collect(Collectors.joining(", ")))
            + "\n");
    console.say(
        "a source that can give those bytes again fills them in at the next start; without one"
            + " they are lost, and a far side that has more of the stream is told so");
  }

  private ExitCode export(StreamId stream, long from) throws PipeException {
    try (StandardOutput out = new StandardOutput()) {
      long end = folder.export(stream, from, out, Hostpipe.pool());
      console.say("stream " + stream + ": written up to position " + end);
    }
    return ExitCode.OK;
  }

  private StreamId onlyStream() throws PipeException {
    List<SpoolFolder.Listed> streams = folder.list().streams();
    if (streams.size() != 1) {
      throw new PipeException.Config(
          Status.NOT_FOUND,
          "there are "
              + count(streams.size(), "stream")
              + " in "
              + path
              + "; name the one to export ('hostpipe spool ls "
              + path
              + "' lists them)");
    }
    return streams.getFirst().stream();
  }

  private StreamId stream(String name) throws PipeException {
    for (SpoolFolder.Listed each : folder.list().streams()) {
      if (each.stream().value().equals(name)) {
        return each.stream();
      }
    }
    throw new PipeException.Config(
        Status.NOT_FOUND,
        path + " has no stream '" + name + "'; 'hostpipe spool ls " + path + "' lists them");
  }

  private static long takeFrom(List<String> words) throws PipeException {
    String last = words.isEmpty() ? "" : words.getLast();
    if (!last.startsWith(FROM)) {
      return -1;
    }
    words.removeLast();
    try {
      return Long.parseUnsignedLong(last.substring(FROM.length()));
    } catch (NumberFormatException e) {
      throw new PipeException.Config("from= wants a position, not '" + last + "'");
    }
  }

  private static Path folder(String word) throws PipeException {
    try {
      return Path.of(word);
    } catch (InvalidPathException e) {
      throw new PipeException.Config("'" + word + "' is no folder");
    }
  }

  private void sayUnknown(SpoolFolder.Listing listing) {
    for (Path each : listing.unknown()) {
      console.say(each + " does not say which stream it belongs to: its head is damaged");
    }
  }

  private static String count(int count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  /** Standard output as it is, whose failure is not the spool's. Thread rule: one thread. */
  private static final class StandardOutput implements WritableByteChannel {
    private final FileChannel channel = new FileOutputStream(FileDescriptor.out).getChannel();

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      try {
        return channel.write(bytes);
      } catch (IOException e) {
        throw new PipeException.Closed(
            Status.ABORTED, "standard output cannot be written: " + e.getMessage(), e);
      }
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    /** Nothing: others say something there, too. */
    @Override
    public void close() {}
  }
}
