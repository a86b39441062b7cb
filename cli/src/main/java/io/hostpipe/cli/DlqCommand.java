package io.hostpipe.cli;

import io.hostpipe.DeadLetter;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code hostpipe dlq}: what was put aside, why, and what becomes of it: it is delivered after all,
 * or dropped.
 */
final class DlqCommand {
  static final List<String> WORDS = List.of("ls", "show", "replay", "drop");

  /** So much of a payload is shown. */
  private static final int SHOWN_BYTES_MAX = 64 << 10;

  private static final int HEX_LINE_BYTES = 32;

  private final Invocation invocation;
  private final Console console;
  private final End end;
  private final Letterbox box;

  private DlqCommand(Invocation invocation, Console console, End end, Letterbox box) {
    this.invocation = invocation;
    this.console = console;
    this.end = end;
    this.box = box;
  }

  static ExitCode run(Invocation invocation, Catalog catalog, Console console)
      throws PipeException, InterruptedException {
    List<String> words = new ArrayList<>(invocation.words());
    String word = words.isEmpty() ? "" : words.removeFirst();
    if (!WORDS.contains(word)) {
      throw SessionCommand.unknown(invocation, word, WORDS);
    }
    SortedSet<Long> numbers = takeNumbers(words);
    if (words.isEmpty()) {
      throw new PipeException.Config(
          "'" + word + "' wants the address of dead letters: " + invocation.command().usage());
    }
    List<End> ends = End.parse(words, catalog, console);
    if (ends.size() > 1) {
      throw new PipeException.Config(
          "'" + word + "' takes one address; where messages go is said with --to ADDR");
    }
    DlqFlags flags = invocation.flags().dlq();
    flags.check(word, numbers, invocation.command().usage());
    End end = ends.getFirst();
    PipeContext context =
        PipeContext.messages(Hostpipe.pool())
            .withRetry(invocation.flags().retry())
            .withEvents(
                new LinkWatch(
                    console, invocation.flags().quiet(), invocation.flags().verbosity() > 0));
    try (Letterbox box = end.connector().letterbox(end.address(), context)) {
      DlqCommand command = new DlqCommand(invocation, console, end, box);
      return switch (word) {
        case "ls" -> command.list();
        case "show" -> command.show(numbers.first());
        case "replay" ->
            new Replay(box, end, context, invocation.flags(), catalog, console)
                .run(flags.all() ? null : numbers);
        default -> command.drop(flags.all() ? null : numbers);
      };
    }
  }

  private ExitCode list() throws PipeException, InterruptedException {
    Table table =
        new Table(
            "NUMBER", "TIME", "STREAM", "POSITION", "ATTEMPTS", "BYTES", "DESTINATION", "CAUSE");
    box.forEach((number, payload, headers) -> {
      DeadLetter about = DeadLetter.of(headers);
      String bytes = Quantity.bytesText(payload.remaining());
      if (about == null) {
        table.row("" + number, "-", "-", "-", "-", bytes, "-", "no dead letter of Hostpipe");
      } else {
        table.row(
            "" + number,
            about.time().toString(),
            about.stream(),
            "" + about.endPosition(),
            "" + about.why().attempts(),
            bytes,
            about.address(),
            about.why().status() + ": " + about.why().reason());
      }
      return true;
    });
    if (table.isEmpty()) {
      console.say("there are no messages at " + end);
    } else {
      console.answer(table.toString());
    }
    return ExitCode.OK;
  }

  private ExitCode show(long wanted) throws PipeException, InterruptedException {
    boolean[] found = {false};
    box.forEach((number, payload, headers) -> {
      if (number == wanted) {
        found[0] = true;
        console.answer(text(headers) + "\n" + text(payload) + "\n");
      }
      return !found[0];
    });
    if (!found[0]) {
      throw missing(wanted, end);
    }
    return ExitCode.OK;
  }

  /** A message that nobody finds. */
  static PipeException missing(long number, End end) {
    return new PipeException.Config(
        Status.NOT_FOUND,
        "there is no message "
            + number
            + " at "
            + end
            + "; 'hostpipe dlq ls "
            + end
            + "' lists those there are");
  }

  private ExitCode drop(@Nullable SortedSet<Long> wanted)
      throws PipeException, InterruptedException {
    List<Long> found = new ArrayList<>();
    box.forEach((number, payload, headers) -> {
      if (wanted == null || wanted.contains(number)) {
        found.add(number);
      }
      return wanted == null || found.size() < wanted.size();
    });
    for (long number : wanted == null ? List.<Long>of() : wanted) {
      if (!found.contains(number)) {
        throw missing(number, end);
      }
    }
    if (!found.isEmpty()
        && !invocation.flags().dlq().yes()
        && !agreed("drop " + count(found.size()) + " of " + end + " for good?")) {
      console.say("nothing was dropped");
      return ExitCode.OK;
    }
    box.removeAll(found);
    console.say(
        count(found.size()) + " of " + end + (found.size() == 1 ? " was" : " were") + " dropped");
    return ExitCode.OK;
  }

  @SuppressWarnings("SystemConsoleNull") // it is null where no terminal can be read from
  private static boolean agreed(String question) throws PipeException {
    java.io.Console terminal = System.console();
    if (terminal == null || !terminal.isTerminal()) {
      throw new PipeException.Config(question + " Nobody can be asked here: say so with --yes");
    }
    String answer = terminal.readLine("%s [y/N] ", question);
    return answer != null && answer.strip().equalsIgnoreCase("y");
  }

  static String count(long count) {
    return count == 1 ? "1 message" : Quantity.groupedText(count) + " messages";
  }

  private static String text(Headers headers) {
    StringBuilder text = new StringBuilder(256);
    headers.forEach((name, value) ->
        text.append(Console.printable(name + ": " + text(ByteBuffer.wrap(value)))).append('\n'));
    return text.toString();
  }

  /** As it is where a terminal can show it, else in hexadecimal. */
  private static String text(ByteBuffer bytes) {
    ByteBuffer shown = bytes.duplicate();
    shown.limit(shown.position() + Math.min(shown.remaining(), SHOWN_BYTES_MAX));
    String rest =
        shown.remaining() < bytes.remaining()
            ? "\n… and " + Quantity.bytesText(bytes.remaining() - shown.remaining()) + " more"
            : "";
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(shown.duplicate()).toString();
      if (text.codePoints().allMatch(DlqCommand::isShown)) {
        return text + rest;
      }
    } catch (CharacterCodingException e) {
      // It is no text.
    }
    StringBuilder hex = new StringBuilder(2 * shown.remaining());
    byte[] line = new byte[HEX_LINE_BYTES];
    while (shown.hasRemaining()) {
      int lengthBytes = Math.min(line.length, shown.remaining());
      shown.get(line, 0, lengthBytes);
      hex.append(hex.isEmpty() ? "" : "\n")
          .append(HexFormat.ofDelimiter(" ").formatHex(line, 0, lengthBytes));
    }
    return hex + rest;
  }

  private static boolean isShown(int character) {
    return character == '\n'
        || character == '\t'
        || (!Character.isISOControl(character) && Character.getType(character) != Character.FORMAT);
  }

  private static SortedSet<Long> takeNumbers(List<String> words) throws PipeException {
    SortedSet<Long> numbers = new TreeSet<>();
    for (String each : List.copyOf(words)) {
      if (!each.isEmpty()
          && each.chars().allMatch(c -> c >= '0' && c <= '9')
          && each.length() <= 18) {
        numbers.add(Long.parseLong(each));
        words.remove(each);
      }
    }
    return numbers;
  }
}
