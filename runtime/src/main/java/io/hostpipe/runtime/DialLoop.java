package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.spi.RetryPolicy;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a dialed pipe on a link: dials, stands in the background of the link, dials again.
 *
 * <p>Where the peer is reached in several ways, the way that worked is tried again first, for a
 * broken link says nothing of the next; whenever one fails it is the next one's turn.
 *
 * <p>Gives up after {@link RetryPolicy#retryMax} tries in a row; the pipe itself does when it had
 * no link for {@link RetryPolicy#giveUp}. Answers that may change are retried like silence.
 *
 * <p>Thread rule: one thread of its own.
 */
final class DialLoop {
  private final SessionPipe pipe;
  private final List<Way> ways = new CopyOnWriteArrayList<>();

  /** Index of the one whose turn it is, and which links are made with until one fails. */
  private volatile int turn;

  private final Backoff backoff;
  private long connection;
  private volatile String lastReason = "nobody has answered yet";

  DialLoop(SessionPipe pipe, Dialer dialer) {
    this.pipe = pipe;
    this.ways.add(new Way(dialer, pipe.options.access()));
    this.backoff = new Backoff(pipe.context.retry(), new SecureRandom());
  }

  /** Another way to the same peer. Any thread. */
  void alsoDial(Dialer other, Access access) {
    ways.add(new Way(other, access));
  }

  void start() {
    if (way().dialer.peerKey() != null && pipe.options.poolMax() > 0) {
      pipe.whenLinkKept(this::keep);
    }
    pipe.awaitFirstLink(
        () -> unreachable("for " + Failures.shown(pipe.context.retry().giveUp()) + " (--give-up)"));
    LinkThreads.background(this::run);
  }

  private void run() {
    try {
      while (!pipe.isDone()) {
        Way tried = way();
        lastReason = dialOnce(tried);
        if (pipe.isDone()) {
          return;
        }
        long delayNanos = backoff.nextDelayNanos();
        if (backoff.isExhausted()) {
          pipe.fail(unreachable("in " + triesText() + " (--retry-max)"));
          return;
        }
        pipe.context
            .events()
            .linkDown(tried.dialer.peer(), lastReason, Duration.ofNanos(delayNanos));
        pipe.awaitDone(delayNanos);
      }
    } catch (PipeException e) {
      pipe.fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      // As when a process may open so few files that the JDK's own classes cannot be initialised.
      // Nobody else would ever make a link for those who wait on this pipe.
      pipe.fail(
          new PipeException.Refused(
              Status.INTERNAL, pipe.where() + ": no link can be made here: " + e, e));
    }
  }

  private String triesText() {
    int tries = backoff.triesInARow();
    return tries == 1 ? "1 try" : tries + " tries";
  }

  /** Makes a link and stays until it is gone; answers why it is. */
  private String dialOnce(Way tried) throws PipeException {
    Link pooled = connection == 0 ? takeFromPool(tried.dialer, pipe) : null;
    if (pooled != null && (stayOn(pooled, tried) || pipe.isDone() || pipe.linkRefusal() != null)) {
      return pipe.linkFault();
    }
    // What was kept and failed before both sides had greeted was stale, and no sign of trouble.
    Link link;
    try {
      link = tried.dialer.dial();
    } catch (PipeException.Config | PipeException.Refused e) {
      throw e;
    } catch (IOException e) {
      nextTurn();
      return e.getMessage() == null ? e.toString() : e.getMessage();
    }
    if (!stayOn(link, tried)) {
      nextTurn();
    }
    return pipe.linkFault();
  }

  private Way way() {
    return ways.get(turn);
  }

  private void nextTurn() {
    turn = (turn + 1) % ways.size();
  }

  /** Gives the link to the pipe and stays until it is gone; whether both sides greeted on it. */
  private boolean stayOn(Link link, Way tried) {
    Attachment attachment = pipe.attachDialed(link, tried.access, ++connection);
    if (attachment == null) {
      link.close();
      return false;
    }
    pipe.driver.readInBackground(attachment);
    if (attachment.opened) {
      backoff.onSuccess();
    }
    return attachment.opened;
  }

  private static @Nullable Link takeFromPool(Dialer dialer, SessionPipe pipe) {
    Object peer = dialer.peerKey();
    return peer == null || pipe.options.poolMax() == 0
        ? null
        : LinkPool.SHARED.take(peer, pipe.options.heartbeat(), pipe.context.pool());
  }

  /** The pipe has ended on this link. Under the pipe's lock. */
  private void keep(Attachment link) {
    Object peer = way().dialer.peerKey();
    if (peer == null || link.assembler.holdsBytes()) {
      link.link.close();
    } else {
      LinkPool.SHARED.give(peer, link.link, pipe.options.poolMax(), pipe.options.poolIdle());
    }
  }

  /** One way to the peer, and what is proved on it. */
  private record Way(Dialer dialer, Access access) {}

  private PipeException unreachable(String limit) {
    SessionFailure refusal = pipe.linkRefusal();
    return new PipeException.Unreachable(
        refusal == null ? Status.UNAVAILABLE : Status.ofCode(refusal.code()),
        pipe.where() + ": no link " + limit + "; last: " + lastReason + pipe.reached(),
        (@Nullable Throwable) null);
  }
}
