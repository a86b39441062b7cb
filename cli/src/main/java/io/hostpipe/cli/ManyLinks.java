package io.hostpipe.cli;

import io.hostpipe.spi.PipeEvents;
import java.time.Duration;

/**
 * Tells what happens on the links of many pipes: where it listens and what a person should know.
 * Single links only to those who asked for it: of ten thousand some are always down. Thread rule:
 * any thread.
 */
final class ManyLinks implements PipeEvents {
  private final Console console;
  private final boolean quiet;
  private final boolean verbose;

  ManyLinks(Console console, boolean quiet, boolean verbose) {
    this.console = console;
    this.quiet = quiet;
    this.verbose = verbose && !quiet;
  }

  @Override
  public void listening(String address) {
    warning("listening on " + address);
  }

  @Override
  public void linkUp(String peer, long position) {
    if (verbose) {
      console.say("connected to " + peer + ", going on at position " + position);
    }
  }

  @Override
  public void linkDown(String peer, String reason, Duration retryIn) {
    if (verbose) {
      console.say("no link to " + peer + ": " + reason);
    }
  }

  /** Untouched, also with -q: it is not Hostpipe that speaks. */
  @Override
  public void programSaid(String program, byte[] line) {
    console.foreign(verbose ? program + ": " : "", line);
  }

  @Override
  public void warning(String text) {
    if (!quiet) {
      console.say(text);
    }
  }
}
