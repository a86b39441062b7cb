package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.nats.client.api.StreamState;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The front of a stream, where limits delete whether or not anybody has read: what of it a reader
 * has missed.
 *
 * <p>In a stream of the reader's subject alone a missing number tells. In one with other subjects
 * numbers are missing all the time, and the server does not keep whose the deleted ones were: there
 * nothing is missed for as long as the front is not beyond the place up to which all is read, and
 * where it is, that is said of the numbers between the two. The place moves on with the messages,
 * and with a look at the server while none come.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}; every method may ask the server and block.
 */
final class Front {
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final DeletedUnread deleted;

  /** What lies up to here was read, or is no message of the subject, or was told. */
  private long wholeUpTo;

  /** The same of what has come over the present connection, and may be lost with it. */
  private long cameUpTo;

  /** Whether a place is known from which on nothing may be missing. */
  private boolean begun;

  private @Nullable Long lookedNanos;

  Front(DeletedUnread deleted) {
    this.deleted = deleted;
  }

  /**
   * A reader begins.
   *
   * @param behind the sequence of what was read last; 0 for nothing
   */
  void begin(OrderedReader open, long behind) throws PipeException {
    cameUpTo = 0;
    if (behind == 0) {
      return;
    }
    begun = true;
    long from = Math.max(behind, wholeUpTo) + 1;
    long first = open.stream().getStreamState().getFirstSequence();
    if (first > from && !open.hasAllOfItsSubject()) {
      wholeUpTo = first - 1;
      tell(open, from, first - 1);
    }
  }

  /** The stream goes on behind this sequence, with numbers that it had already. */
  void goOnBehind(long sequence) {
    wholeUpTo = Math.min(wholeUpTo, sequence);
  }

  /**
   * A message is about to be taken.
   *
   * @param behind the sequence of the one before it
   */
  void next(OrderedReader open, long behind, long sequence)
      throws PipeException, InterruptedException {
    long from = Math.max(behind, Math.max(wholeUpTo, cameUpTo)) + 1;
    if (sequence <= from) {
      return;
    }
    boolean whole = open.readsWholeStream();
    if (!whole && !open.isCutAtFront()) {
      return;
    }
    long came = open.lastThatCame();
    long first = open.askState().getFirstSequence();
    // What is behind the front now was there when the server looked for what it sent.
    cameUpTo = Math.max(came, sequence);
    boolean known = begun;
    begun = true;
    if (first > from && (whole || known)) {
      long to = whole ? Math.min(first, sequence) - 1 : first - 1;
      wholeUpTo = to;
      tell(open, from, to);
    }
  }

  /** Whether it is to be looked at while no messages come. */
  boolean isToBeLookedAt(OrderedReader open) {
    return !open.readsWholeStream() && open.isCutAtFront();
  }

  /**
   * No message comes: whatever others write may be deleted before the next one does.
   *
   * @param behind the sequence of what was read last
   */
  void look(OrderedReader open, long behind) throws PipeException, InterruptedException {
    long nowNanos = System.nanoTime();
    Long before = lookedNanos;
    if (!isToBeLookedAt(open) || (before != null && nowNanos - before < LOOK_NANOS)) {
      return;
    }
    lookedNanos = nowNanos;
    long last = open.askState().getLastSequence();
    if (!open.hasBroughtAll() || open.lastThatCame() > behind) {
      return;
    }
    StreamState state = open.askState();
    if (!begun || state.getFirstSequence() <= Math.max(behind, wholeUpTo) + 1) {
      begun = true;
      wholeUpTo = Math.max(wholeUpTo, last);
    }
  }

  private void tell(OrderedReader open, long from, long to) throws PipeException {
    String stream = open.stream().getConfiguration().getName();
    deleted.tell(stream, from, to, open.readsWholeStream() ? to - from + 1 : 0);
  }
}
