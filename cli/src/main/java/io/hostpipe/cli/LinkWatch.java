package io.hostpipe.cli;

import io.hostpipe.spi.PipeEvents;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the state of the link for the line of progress, and tells a person what is worth a line.
 *
 * <p>A cut that heals at the first try says nothing: the summary counts it. An outage says one line
 * when its second try has failed too, and one when it is over. Thread rule: any thread.
 */
final class LinkWatch implements PipeEvents {
  static final String CONNECTED = "connected";

  private final Console console;
  private final boolean quiet;
  private final boolean verbose;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile String state = "";
  private int failuresInARow;
  private boolean outageTold;

  LinkWatch(Console console, boolean quiet, boolean verbose) {
    this.console = console;
    this.quiet = quiet;
    this.verbose = verbose;
  }

  /** The state of the link in a few words; empty when there is no link. */
  String state() {
    return state;
  }

  @Override
  public void listening(String address) {
    state = "waiting for a peer";
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
    state = CONNECTED;
    lock.lock();
    try {
      failuresInARow = 0;
      if (!quiet && (verbose || outageTold)) {
        console.say("connected to " + peer + ", going on at position " + position);
      }
      outageTold = false;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void linkDown(String peer, String reason, Duration retryIn) {
    state = "no link: " + reason;
    lock.lock();
    try {
      failuresInARow++;
      if (verbose && !quiet) {
        console.say(noLink(peer, reason) + "; next try in " + Quantity.durationText(retryIn));
      } else if (failuresInARow > 1 && !outageTold && !quiet) {
        outageTold = true;
        console.say(noLink(peer, reason) + "; still trying");
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void peerAwaited(String peer, String reason, Duration giveUpAfter) {
    console.say(awaitedText(peer, reason, giveUpAfter));
  }

  /** To whom there is no link, and why. Many reasons begin with whom they are about. */
  static String noLink(String peer, String reason) {
    String rest = reason.startsWith(peer) ? reason.substring(peer.length()) : "";
    boolean isAbout = rest.startsWith(": ") || rest.startsWith(" ");
    return "no link to " + peer + ": " + (isAbout ? rest.replaceFirst("^:? ", "") : reason);
  }

  /** Who is waited for, for how long, and why. */
  static String awaitedText(String peer, String reason, Duration giveUpAfter) {
    return noLink(peer, reason)
        + "; waiting for it to come back, for "
        + Quantity.durationText(giveUpAfter)
        + " in all (--give-up)";
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
