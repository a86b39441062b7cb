package io.hostpipe.cli;

import org.jspecify.annotations.Nullable;

/** What hostpipe can be told to do; drives dispatch, help and completion. */
enum CommandName {
  PIPE(
      null,
      "SRC [option…] DST [option…] [DST…]",
      "move everything from SRC to each DST; '-' is stdin or stdout"),
  SEND("send", "ADDR [option…] [ADDR…]", "short for: hostpipe - ADDR"),
  RECV("recv", "ADDR [option…]", "short for: hostpipe ADDR -"),
  CHECK(
      "check",
      "ADDR [option…] [DST [option…]…]",
      "what would work, what would not, and why; the guarantee of a pair"),
  ADDRESSES("addresses", "[SCHEME]", "the kinds of addresses there are, and their options"),
  COMPLETION("completion", "bash|zsh|fish", "print a completion script for that shell"),
  DEMO(
      "demo",
      "[FILE] [over=tcp|tls|grpcs|…] [size=1G] [rate=150MB/s] [cuts=N]",
      "send a file through a link that is cut again and again, and compare"),
  BENCH(
      "bench",
      "ADDR [option…] [for=3s] [rate=N] [message=BYTES] [request=BYTES]",
      "measure the way to the bench that listens at ADDR; where ADDR listens: answer one; '-': local"
          + " pipes"),
  SESSION(
      "session",
      "ls | reset NAME | takeover NAME [--spool DIR]",
      "the sessions of this host: which there are; begin one anew; take its stream from another"
          + " process"),
  SPOOL(
      "spool",
      "ls DIR | verify DIR | repair DIR [STREAM] | export DIR [STREAM] [from=POSITION]",
      "what waits in a spool; whether it is sound; cut it off where it is not; write it to stdout"),
  DLQ(
      "dlq",
      "ls ADDR | show ADDR N | replay ADDR N…|--all [--to ADDR] | drop ADDR N…|--all [--yes]",
      "the messages that --dlq put aside: which there are, and why; one of them; deliver them after"
          + " all; take them out for good"),
  SSH_SERVE(
      "ssh-serve",
      "pipe NAME | to ID ADDR | from ID ADDR",
      "what ssh runs at the far host: pass a pipe on to who waits for NAME; open ADDR for one"),
  KEY(
      "key",
      "[cert | of FILE | token NAME [tokens=FILE] [right…]]",
      "this host's key over TLS: its fingerprint, its certificate; the fingerprint of another"
          + " certificate; a token, which lets its holder in where tokens=FILE asks for one"),
  PACKAGE("package", "", "write a tar.gz that runs without Java (in a clone: ./hostpipe package)");

  private final @Nullable String word;
  private final String form;
  private final String help;

  CommandName(@Nullable String word, String form, String help) {
    this.word = word;
    this.form = form;
    this.help = help;
  }

  /** The first word that asks for it; null for a pipe, which starts with an address. */
  @Nullable String word() {
    return word;
  }

  /** How it is written. */
  String usage() {
    return ("hostpipe " + (word == null ? "" : word + " ") + form).trim();
  }

  /** One line. */
  String help() {
    return help;
  }

  /** Whether bytes move, so that the flags of the pipe apply. */
  boolean movesBytes() {
    return switch (this) {
      case PIPE, SEND, RECV -> true;
      case CHECK, ADDRESSES, COMPLETION, DEMO, BENCH, SESSION, SPOOL, DLQ -> false;
      case SSH_SERVE, KEY, PACKAGE -> false;
    };
  }

  /** The command with this first word; null when there is none. */
  static @Nullable CommandName ofWord(String first) {
    for (CommandName command : values()) {
      if (first.equals(command.word)) {
        return command;
      }
    }
    return null;
  }
}
