package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.spi.RetryPolicy;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a dialed pipe on a link: dials, stands in the background of the link, dials again.
 *
 * <p>Gives up when the pipe had no link for {@link RetryPolicy#giveUp}, or after {@link
 * RetryPolicy#retryMax} tries in a row. Answers that may change are retried like silence.
 *
 * <p>Thread rule: one virtual thread of its own.
 */
final class DialLoop {
  private final SessionPipe pipe;
  private final Dialer dialer;
  private final RetryPolicy policy;
  private final Backoff backoff;
  private long connection;
  private long unlinkedSinceNanos = Ticker.now();

  DialLoop(SessionPipe pipe, Dialer dialer) {
    this.pipe = pipe;
    this.dialer = dialer;
    this.policy = pipe.context.retry();
    this.backoff = new Backoff(policy, new SecureRandom());
  }

  void start() {
    Thread.ofVirtual().name("hostpipe-dial " + dialer.peer()).start(this::run);
  }

  private void run() {
    try {
      while (!pipe.isDone()) {
        String reason = dialOnce();
        if (pipe.isDone()) {
          return;
        }
        long delayNanos = backoff.nextDelayNanos();
        if (gaveUp(delayNanos, reason)) {
          return;
        }
        pipe.context.events().linkDown(dialer.peer(), reason, Duration.ofNanos(delayNanos));
        pipe.awaitDone(delayNanos);
      }
    } catch (PipeException e) {
      pipe.fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Dials and stays until the link is gone; answers why it is. */
  private String dialOnce() throws PipeException {
    Link link;
    try {
      link = dialer.dial();
    } catch (PipeException.Config e) {
      throw e;
    } catch (IOException e) {
      return e.getMessage() == null ? e.toString() : e.getMessage();
    }
    Attachment attachment = pipe.attachDialed(link, ++connection);
    if (attachment == null) {
      link.close();
      return "closed";
    }
    pipe.driver.readInBackground(attachment);
    if (attachment.opened) {
      backoff.onSuccess();
      unlinkedSinceNanos = Ticker.now();
    }
    return pipe.linkFault();
  }

  private boolean gaveUp(long delayNanos, String reason) {
    long withoutNanos = Ticker.now() + delayNanos - unlinkedSinceNanos;
    boolean late = withoutNanos > policy.giveUp().toNanos();
    if (!late && !backoff.isExhausted()) {
      return false;
    }
    pipe.fail(unreachable(reason, late));
    return true;
  }

  private PipeException unreachable(String reason, boolean late) {
    SessionFailure refusal = pipe.linkRefusal();
    String limit =
        late
            ? "for " + policy.giveUp().toSeconds() + " s (--give-up)"
            : "in " + backoff.triesInARow() + " tries (--retry-max)";
    return new PipeException.Unreachable(
        refusal == null ? Status.UNAVAILABLE : Status.ofCode(refusal.code()),
        pipe.where() + ": no link " + limit + "; last: " + reason + pipe.reached(),
        (@Nullable Throwable) null);
  }
}
