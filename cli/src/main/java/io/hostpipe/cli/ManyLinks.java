package io.hostpipe.cli;

import io.hostpipe.spi.PipeEvents;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tells what happens on the links of many pipes: where it listens and what a person should know.
 * Single links only to those who asked for it: of ten thousand some are always down. Thread rule:
 * any thread.
 */
final class ManyLinks implements PipeEvents {
  private final Console console;
  private final boolean quiet;
  private final boolean verbose;
  private final boolean inTurn;

  /**
   * Links of many pipes.
   *
   * @param inTurn whether the pipes are taken one after another, so that all wait for one
   */
  ManyLinks(Console console, boolean quiet, boolean verbose, boolean inTurn) {
    this.console = console;
    this.inTurn = inTurn;
    this.quiet = quiet;
    this.verbose = verbose && !quiet;
  }

  @Override
  public void listening(String address) {
    if (!quiet) {
      console.say("listening on " + address);
    }
  }

  @Override
  public void invites(String command, @Nullable String token) {
    if (!quiet) {
      Invited.say(console, command, token, Terminal.isStderrOne());
    }
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
      console.say(LinkWatch.noLink(peer, reason));
    }
  }

  @Override
  public void peerAwaited(String peer, String reason, Duration giveUpAfter) {
    if (inTurn) {
      console.say(
          LinkWatch.awaitedText(peer, reason, giveUpAfter)
              + "; the next pipe is taken when it has ended or is given up");
    }
  }

  /** Untouched, also with -q: it is not Hostpipe that speaks. */
  @Override
  public void programSaid(String program, byte[] line) {
    console.foreign(verbose ? program + ": " : "", line);
  }

  /** Also with -q: it asks for silence about what goes well. */
  @Override
  public void warning(String text) {
    console.say(text);
  }
}
