package io.hostpipe.cli;

import io.hostpipe.PipeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/**
 * One command line, taken apart: which command, its words, the flags.
 *
 * @param command what to do
 * @param words what is neither flag nor the command's own word, in order
 * @param flags everything that began with a dash
 */
record Invocation(CommandName command, List<String> words, Flags flags) {
  /**
   * Reads a command line.
   *
   * @throws PipeException Config that names the word it stumbled over and the nearest known one
   */
  static Invocation parse(String... args) throws PipeException {
    int dashes = Arrays.asList(args).indexOf("--");
    String[] own = Arrays.copyOf(args, dashes < 0 ? args.length : dashes);
    if (own.length > 0 && (own[0].equals("help") || own[0].equals("version"))) {
      own[0] = "--" + own[0]; // what people try first
    }
    for (String arg : own) {
      refuseLongNameBehindOneDash(arg);
    }
    CommandLine line = parseFlags(own);
    List<String> words = new ArrayList<>(line.getArgList());
    CommandName command = command(words, line);
    if (command.word() != null && !words.isEmpty()) {
      words.removeFirst();
    }
    Flags flags = Flags.of(line);
    if (!flags.asksForHelp()) {
      refuseFlagsOfOthers(command, line);
      if (dashes >= 0) {
        throw new PipeException.Config("nothing stands behind '--' in: " + command.usage());
      }
    }
    return new Invocation(command, List.copyOf(words), flags);
  }

  private static CommandLine parseFlags(String[] args) throws PipeException {
    Options options = new Options();
    for (Flag flag : Flag.values()) {
      options.addOption(
          Option.builder(flag.letter()).longOpt(flag.word()).hasArg(flag.form() != null).get());
    }
    try {
      return DefaultParser.builder()
          .setAllowPartialMatching(false)
          .setStripLeadingAndTrailingQuotes(false)
          .get()
          .parse(options, args);
    } catch (MissingArgumentException e) {
      String word = e.getOption().getLongOpt();
      Flag flag = flag(word);
      throw new PipeException.Config(
          "'--" + word + "' wants a value: " + flag.usage() + choices(flag));
    } catch (UnrecognizedOptionException e) {
      throw unknownFlag(e.getOption());
    } catch (ParseException e) {
      throw new PipeException.Config("the flags cannot be read: " + e.getMessage());
    }
  }

  /** The parser takes {@code -ack} for {@code --ack}; here one dash stands before letters only. */
  private static void refuseLongNameBehindOneDash(String arg) throws PipeException {
    if (arg.length() < 3 || arg.charAt(0) != '-' || arg.charAt(1) == '-') {
      return;
    }
    for (int index = 1; index < arg.length(); index++) {
      if (!isLetterOfAFlag(arg.charAt(index))) {
        throw unknownFlag(arg);
      }
    }
  }

  private static boolean isLetterOfAFlag(char c) {
    for (Flag flag : Flag.values()) {
      if (String.valueOf(c).equals(flag.letter())) {
        return true;
      }
    }
    return false;
  }

  private static PipeException unknownFlag(String token) {
    int equals = token.indexOf('=');
    String shown = equals < 0 ? token : token.substring(0, equals);
    String name = shown.startsWith("--") ? shown.substring(2) : shown.substring(1);
    for (Flag flag : Flag.values()) {
      if (flag.word().equals(name) && shown.startsWith("--")) {
        return new PipeException.Config("'" + shown + "' takes no value");
      }
    }
    String nearest = Nearest.of(name, Flag.words());
    return new PipeException.Config(
        "unknown flag '"
            + shown
            + "'"
            + (nearest == null ? "" : "; did you mean '--" + nearest + "'?")
            + " ('hostpipe --help' lists them)");
  }

  private static CommandName command(List<String> words, CommandLine line) throws PipeException {
    if (words.isEmpty()) {
      if (line.hasOption(Flag.HELP.word()) || line.hasOption(Flag.VERSION.word())) {
        return CommandName.PIPE;
      }
      throw new PipeException.Config(
          "say from where to where: "
              + CommandName.PIPE.usage()
              + " ('hostpipe --help' tells more)");
    }
    String first = words.getFirst();
    CommandName command = CommandName.ofWord(first);
    if (command != null) {
      return command;
    }
    if (AddressWords.looksLikeOne(first) || line.hasOption(Flag.HELP.word())) {
      return CommandName.PIPE;
    }
    List<String> known = new ArrayList<>();
    for (CommandName each : CommandName.values()) {
      if (each.word() != null) {
        known.add(each.word());
      }
    }
    throw new PipeException.Config(
        AddressWords.shown(first)
            + " is neither a command nor an address"
            + Nearest.hint(first, known)
            + AddressWords.hint(first)
            + " ('hostpipe --help' tells more)");
  }

  private static void refuseFlagsOfOthers(CommandName command, CommandLine line)
      throws PipeException {
    for (Option option : line.getOptions()) {
      if (!flag(option.getLongOpt()).appliesTo(command)) {
        throw new PipeException.Config(
            "'--" + option.getLongOpt() + "' means nothing to: " + command.usage());
      }
    }
  }

  private static Flag flag(String word) {
    for (Flag flag : Flag.values()) {
      if (flag.word().equals(word)) {
        return flag;
      }
    }
    throw new IllegalStateException("no flag " + word);
  }

  private static String choices(Flag flag) {
    return flag.choices().isEmpty() ? "" : ", one of " + String.join(", ", flag.choices());
  }
}
