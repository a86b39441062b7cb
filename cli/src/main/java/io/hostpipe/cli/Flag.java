package io.hostpipe.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What begins with a dash; drives parsing, help and completion. May stand anywhere. */
enum Flag {
  ACK(
      "ack",
      null,
      "LEVEL",
      List.of("received", "durable", "applied"),
      "what an acknowledgement means: the peer has it, it survives power loss there, or the far"
          + " sink has committed it (applied)"),
  THROUGH(
      "through",
      null,
      "CMD",
      List.of(),
      "a program in between, without a shell: its input is the source, its output goes on; may be"
          + " given again, for one behind the other"),
  VIA(
      "via",
      null,
      "ADDR",
      List.of(),
      "another address of the same pipe, over which it goes on when the first stays down; its"
          + " options stand in it, as in 'ws://host/x?proxy=…'; may be given again"),
  REQUIRE(
      "require",
      null,
      "GUARANTEE",
      List.of("once", "once-while-running", "at-least-once", "at-most-once"),
      "refuse, before the first byte, a pair that gives less"),
  DUPLEX(
      "duplex",
      null,
      null,
      List.of(),
      "join the two ends both ways; it is over when both ways have ended"),
  FRAME(
      "frame",
      null,
      "HOW",
      List.of(),
      "carry messages, and tell them apart where bytes are read: raw (bytes), lines, delim:X (X"
          + " with \\n"
          + " \\r"
          + " \\t \\0 \\xHH), fixed:N, u32 (a length of 4 bytes first, big-endian), varint"),
  FRAME_OUT(
      "frame-out",
      null,
      "HOW",
      List.of(),
      "how messages are told apart where bytes are written (as --frame); enough at a host that only"
          + " writes"),
  MESSAGE_MAX(
      "message-max", null, "SIZE", List.of(), "the longest message that --frame finds (16 MiB)"),
  MESSAGE_OVER(
      "message-over",
      null,
      "WHAT",
      List.of("fail", "split"),
      "a line that is longer ends the pipe with 6 and the position (fail), or comes in parts of"
          + " --message-max"),
  SESSION(
      "session",
      null,
      "NAME",
      List.of(),
      "a name for the stream that outlives this process: the same command started again goes on"
          + " where what survived ends; at a receiver: keep beside its files how far they are"),
  SPOOL(
      "spool",
      null,
      "DIR",
      List.of(),
      "keep in DIR what is on its way: it survives this process and a loss of power, and the source"
          + " goes on while the far side is down; a session without a name of its own"),
  SPOOL_MAX(
      "spool-max",
      null,
      "SIZE",
      List.of(),
      "the source waits while the spool holds so much (as much as the disk takes)"),
  SPOOL_SYNC(
      "spool-sync",
      null,
      "WHEN",
      List.of("behind", "before"),
      "send what is written and not yet synced to the device (behind), or only what is (before)"),
  RESTARTED(
      "restarted",
      null,
      "HOW",
      List.of("replay", "continue"),
      "what stdin or a program gives when its stream was begun before: the same bytes again, which"
          + " are compared and left out (replay), or what follows (continue)"),
  TAKEOVER(
      "takeover",
      null,
      null,
      List.of(),
      "take the stream from another process that sends it and that the receiver holds for alive"),
  DLQ(
      "dlq",
      null,
      "ADDR",
      List.of(),
      "where messages go that the destination refuses: with their headers, the cause and their"
          + " place; the rest goes on, and it ends with 7; options stand in the address, as in"
          + " 'nats://host/dead?jetstream'"),
  DLQ_UNREACHABLE(
      "dlq-unreachable",
      null,
      null,
      List.of(),
      "when the destination stays unreachable beyond --give-up: the rest of the stream goes to"
          + " --dlq as well"),
  ATTEMPTS(
      "attempts",
      null,
      "N",
      List.of(),
      "how often a message is tried that a destination says it does not take now (a stream that is"
          + " full), or that a queue gives out and nobody commits: then it counts as refused (as"
          + " often as it takes)"),
  ALL("all", null, null, List.of(), "all messages that lie there"),
  TO(
      "to",
      null,
      "ADDR",
      List.of(),
      "deliver there, and not where each should have gone; options stand in the address"),
  YES("yes", null, null, List.of(), "do not ask"),
  RATE(
      "rate",
      null,
      "RATE",
      List.of(),
      "at most so much a second: 10MB/s, 500K/s, or 5000msg/s where there are messages"),
  IN_FLIGHT(
      "in-flight",
      null,
      "N",
      List.of(),
      "at most N messages that are not acknowledged; of bytes N batches"),
  WINDOW(
      "window",
      null,
      "SIZE",
      List.of(),
      "at most so many bytes that are not acknowledged; 1msg is stop-and-wait"),
  BATCH_BYTES(
      "batch-bytes",
      null,
      "SIZE",
      List.of(),
      "batches of at most SIZE, unless one message is longer"),
  LINGER(
      "linger",
      null,
      "DURATION",
      List.of(),
      "let a small batch wait so long for more, as in 5ms (not at all)"),
  DIGEST(
      "digest",
      null,
      "KIND",
      List.of("crc", "sha256"),
      "the digest in the summary: the pair CRC-32C and CRC-32 (crc), or what sha256sum prints"),
  PROGRESS(
      "progress",
      null,
      "WHEN",
      List.of("auto", "always", "never"),
      "a line that is redrawn on stderr: on a terminal (auto), always, or never; SIGUSR1 prints"
          + " one at any time"),
  SIZE("size", null, "SIZE", List.of(), "how much will come, as in 2T, for the time left"),
  SUMMARY(
      "summary", null, "FORM", List.of("text", "json"), "how the summary at the end looks (text)"),
  GIVE_UP(
      "give-up",
      null,
      "DURATION",
      List.of(),
      "fail after so long without a link, as in 30s or 1h (5m); where it is given, a listener waits"
          + " no longer for its first peer either, unless it takes many"),
  RETRY_MAX(
      "retry-max", null, "N", List.of(), "fail after so many tries in a row (as many as it takes)"),
  QUIET("quiet", "q", null, List.of(), "say nothing but warnings and errors"),
  VERBOSE(
      "verbose", "v", null, List.of(), "tell of every link; twice: the cause of a failure in code"),
  HELP("help", "h", null, List.of(), "this help; behind a command: the command's"),
  VERSION("version", null, null, List.of(), "the version");

  private final String word;
  private final @Nullable String letter;
  private final @Nullable String form;
  private final List<String> choices;
  private final String help;

  Flag(
      String word,
      @Nullable String letter,
      @Nullable String form,
      List<String> choices,
      String help) {
    this.word = word;
    this.letter = letter;
    this.form = form;
    this.choices = choices;
    this.help = help;
  }

  /** Its name behind two dashes. */
  String word() {
    return word;
  }

  /** Its name behind one dash; null when it has none. */
  @Nullable String letter() {
    return letter;
  }

  /** What its value is called; null when it has none. */
  @Nullable String form() {
    return form;
  }

  /** The only values it takes; empty when that is not a list. */
  List<String> choices() {
    return choices;
  }

  /** One line. */
  String help() {
    return help;
  }

  /** Whether it means something to this command. */
  boolean appliesTo(CommandName command) {
    return switch (this) {
      case HELP, VERSION, VERBOSE -> true;
      case SPOOL ->
          command.movesBytes() || command == CommandName.CHECK || command == CommandName.SESSION;
      case SESSION,
          RESTARTED,
          REQUIRE,
          DUPLEX,
          THROUGH,
          VIA,
          FRAME,
          MESSAGE_MAX,
          MESSAGE_OVER,
          DLQ,
          DLQ_UNREACHABLE,
          ATTEMPTS ->
          command.movesBytes() || command == CommandName.CHECK;
      case FRAME_OUT ->
          command.movesBytes() || command == CommandName.CHECK || command == CommandName.DLQ;
      case ALL, TO, YES -> command == CommandName.DLQ;
      case PROGRESS -> command.movesBytes() || command == CommandName.DEMO;
      case QUIET ->
          command.movesBytes()
              || command == CommandName.DEMO
              || command == CommandName.BENCH
              || command == CommandName.DLQ;
      case SUMMARY -> command.movesBytes() || command == CommandName.BENCH;
      case GIVE_UP, RETRY_MAX ->
          command.movesBytes() || command == CommandName.BENCH || command == CommandName.DLQ;
      case SPOOL_MAX,
          SPOOL_SYNC,
          TAKEOVER,
          ACK,
          DIGEST,
          SIZE,
          RATE,
          IN_FLIGHT,
          WINDOW,
          BATCH_BYTES,
          LINGER ->
          command.movesBytes();
    };
  }

  /** {@code --ack LEVEL} or {@code -q, --quiet}. */
  String usage() {
    return (letter == null ? "" : "-" + letter + ", ")
        + "--"
        + word
        + (form == null ? "" : " " + form);
  }

  /** The words of all flags. */
  static List<String> words() {
    List<String> words = new ArrayList<>();
    for (Flag flag : values()) {
      words.add(flag.word);
    }
    return words;
  }
}
