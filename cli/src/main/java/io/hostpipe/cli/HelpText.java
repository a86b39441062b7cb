package io.hostpipe.cli;

import java.util.List;

/** The help, made from what drives the parsing. */
final class HelpText {
  private static final int LINE_WIDTH = 96;
  private static final int HELP_COLUMN = 26;

  private static final List<String> EXIT_CODES =
      List.of(
          "0 all delivered at the level asked for",
          "1 a mistake of hostpipe's own",
          "2 the command line asks for something that cannot be",
          "3 nobody answered within --give-up and --retry-max",
          "4 refused by this side or the other",
          "5 data loss, or digests differ",
          "6 delivered in part: the message says which",
          "7 some messages were refused for good",
          "130 interrupted");

  private HelpText() {}

  /** The help of one command; of all, when it is that of a pipe. */
  static String of(CommandName command) {
    StringBuilder text = new StringBuilder(2_048);
    text.append("usage: ").append(command.usage()).append('\n');
    text.append("  ").append(command.help()).append("\n");
    if (command == CommandName.PIPE) {
      commands(text);
    }
    if (command.movesBytes() || command == CommandName.CHECK || command == CommandName.BENCH) {
      addresses(text);
    }
    flags(text, command);
    if (command.movesBytes() || command == CommandName.DLQ) {
      exitCodes(text);
    }
    examples(text, command);
    return text.toString();
  }

  private static void commands(StringBuilder text) {
    text.append("\ncommands ('hostpipe COMMAND --help' tells more)\n");
    for (CommandName command : CommandName.values()) {
      if (command.word() != null) {
        row(text, command.usage().substring("hostpipe ".length()), command.help());
      }
    }
  }

  private static void addresses(StringBuilder text) {
    text.append("\naddresses ('hostpipe addresses' lists them all, with their options)\n");
    row(text, "-", "stdin as a source, stdout as a destination");
    row(text, "./PATH  /PATH", "a file");
    row(
        text,
        "'exec:PROGRAM ARG…'",
        "a program: its output as a source, its input as a destination");
    row(text, "tcp://HOST:PORT/NAME", "connects to a peer; tcp-listen:// waits for one");
    row(text, "tls://HOST:PORT/NAME", "the same, encrypted; tls-listen:// says how to dial it");
    row(text, "env:NAME  @FILE", "the address is in a variable, or in a file: for secrets");
    text.append("  Options of an address are words behind it: ./out append\n");
  }

  private static void flags(StringBuilder text, CommandName command) {
    text.append("\nflags (anywhere)\n");
    for (Flag flag : Flag.values()) {
      if (flag.appliesTo(command)) {
        String choices = flag.choices().isEmpty() ? "" : ": " + String.join(", ", flag.choices());
        row(text, flag.usage(), flag.help() + choices);
      }
    }
  }

  private static void exitCodes(StringBuilder text) {
    text.append("\nexit codes (where several hold: 5, 6, 4, 3, 7)\n");
    for (String exitCode : EXIT_CODES) {
      text.append("  ").append(exitCode).append('\n');
    }
  }

  private static void examples(StringBuilder text, CommandName command) {
    List<String> examples =
        switch (command) {
          case PIPE ->
              List.of(
                  "hostpipe tcp-listen://127.0.0.1:9000/backup ./backup.tar",
                  "tar c . | hostpipe - tcp://127.0.0.1:9000/backup",
                  "hostpipe tcp-listen://127.0.0.1:9000/logs keep ./logs append",
                  "hostpipe tcp-listen://127.0.0.1:9000/in fan-in ./incoming/",
                  "hostpipe --duplex tcp-listen://127.0.0.1:9000/echo fan-in exec:cat",
                  "echo hello | hostpipe --duplex - tcp://127.0.0.1:9000/echo");
          case SEND -> List.of("tar c . | hostpipe send tcp://127.0.0.1:9000/backup");
          case RECV -> List.of("hostpipe recv tcp-listen://127.0.0.1:9000/backup | tar x");
          case CHECK -> List.of("hostpipe check ./in ./out");
          case COMPLETION -> List.of("source <(hostpipe completion bash)");
          case DEMO -> List.of("hostpipe demo", "hostpipe demo ./big.iso cuts=12");
          case BENCH ->
              List.of(
                  "hostpipe bench tcp-listen://127.0.0.1:9000/bench",
                  "hostpipe bench tcp://127.0.0.1:9000/bench for=10s --summary json",
                  "hostpipe bench -");
          case SESSION ->
              List.of(
                  "hostpipe session ls",
                  "hostpipe session reset backup",
                  "hostpipe session takeover backup --spool ./q");
          case SPOOL ->
              List.of(
                  "hostpipe spool ls ./q",
                  "hostpipe spool verify ./q",
                  "hostpipe spool export ./q orders from=1048576 >rest");
          case DLQ ->
              List.of(
                  "hostpipe dlq ls ./dead",
                  "hostpipe dlq show ./dead 3",
                  "hostpipe dlq replay ./dead 3 4",
                  "hostpipe dlq replay nats://127.0.0.1:4222/orders.dead jetstream --all",
                  "hostpipe dlq drop ./dead --all --yes");
          case KEY ->
              List.of(
                  "hostpipe key",
                  "hostpipe key cert >host.crt",
                  "hostpipe key of ./host.crt",
                  "hostpipe key token",
                  "hostpipe key token web1 tokens=./tokens write pipes=orders >web1.token");
          case ADDRESSES, SSH_SERVE, PACKAGE -> List.of();
        };
    if (!examples.isEmpty()) {
      text.append("\nfor example\n");
      for (String example : examples) {
        text.append("  ").append(example).append('\n');
      }
    }
  }

  /** A name and what it is, wrapped at words and aligned. */
  static void row(StringBuilder text, String name, String help) {
    int column = 2 + name.length();
    text.append("  ").append(name);
    if (column > HELP_COLUMN - 2) {
      text.append('\n');
      column = 0;
    }
    text.repeat(" ", HELP_COLUMN - column);
    column = HELP_COLUMN;
    int from = 0;
    while (from < help.length()) {
      int space = help.indexOf(' ', from);
      int to = space < 0 ? help.length() : space;
      if (column + 1 + to - from > LINE_WIDTH && column > HELP_COLUMN) {
        text.append('\n').repeat(" ", HELP_COLUMN);
        column = HELP_COLUMN;
      }
      if (column > HELP_COLUMN) {
        text.append(' ');
        column++;
      }
      text.append(help, from, to);
      column += to - from;
      from = to + 1;
    }
    text.append('\n');
  }
}
