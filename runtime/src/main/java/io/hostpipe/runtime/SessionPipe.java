package io.hostpipe.runtime;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.session.Transmit;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Drives one {@link Session} over whatever links it gets: a pipe that outlives its links.
 *
 * <p>Whoever waits, works. A thread that wants to read and finds nothing takes the link's reading
 * role and reads the socket itself; so does one that waits for acknowledgements. A thread that
 * writes puts its frames on the socket itself, unless another one is at it, which then takes them
 * along. So data that is asked for crosses no thread. One virtual thread a link stands in the
 * background: it takes the reading role whenever the pipe's users do not, so that the socket is
 * always read. It never writes, since a thread that reads must not wait for the peer's reader: what
 * has to be written on its account is written by a fresh virtual thread.
 *
 * <p>To give the role back and forth without waking anybody for each message, the background thread
 * looks now and then while users read in short turns; only when a user has been reading for long,
 * it parks until that user leaves.
 *
 * <p>One lock guards the session and everything here. It is never held across I/O: roles ({@code
 * reading}, {@code writing}) are taken under the lock and used outside of it.
 *
 * <p>States: live; over (failed, complete, or closed). Who made the pipe reconnects: {@link
 * DialLoop}, or the peer through {@link SessionListener}.
 */
final class SessionPipe implements Pipe {
  /** How often the background thread looks whether the users still read. */
  private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** From then on a reading user tells the background thread when leaving. */
  private static final long LONG_READ_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** How long a link may take to end after the last word was written. */
  private static final long CLOSING_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** How long a close without a finish waits for the peer to hear of it. */
  private static final long ABORT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  final ReentrantLock lock = new ReentrantLock();
  final Condition changed = lock.newCondition();
  final Session session;
  final PipeContext context;
  final SessionOptions options;
  final AtomicLong heldBytes = new AtomicLong();

  private final String where;
  private final SessionSource source;
  private final SessionSink sink;
  private @Nullable Attachment current;
  private boolean writing;
  private boolean flushing;
  private int waiting;
  private int readersWaiting;
  private boolean closed;
  private boolean over;
  private @Nullable PipeException failure;
  private boolean announced;
  private Runnable linkLost = () -> {};
  private @Nullable Runnable firstLinked;
  private long armedForNanos = Long.MAX_VALUE;
  private final List<Runnable> afterwards = new ArrayList<>();

  SessionPipe(Session session, PipeContext context, SessionOptions options, String where) {
    this.session = session;
    this.context = context;
    this.options = options;
    this.where = where;
    this.source = new SessionSource(this);
    this.sink = new SessionSink(this);
  }

  // ---------------------------------------------------------------- for users

  @Override
  public Source source() {
    return source;
  }

  @Override
  public Sink sink() {
    return sink;
  }

  @Override
  public String description() {
    return where;
  }

  @Override
  public PipeStats stats() {
    lock.lock();
    try {
      return new PipeStats(
          Math.max(0, session.linkCount() - 1),
          session.outgoing().sentAgainBytes(),
          session.incoming().duplicateBytes(),
          session.outgoing().verifiedFrom());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    List<Runnable> actions = List.of();
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        sink.endOrAbort();
        changed.signalAll();
        settle();
        awaitGoodbye();
        actions = end();
      }
    } finally {
      lock.unlock();
    }
    actions.forEach(Runnable::run);
  }

  /** Ends the pipe with this failure, and tells the peer. */
  void fail(PipeException why) {
    lock.lock();
    try {
      if (failure == null) {
        failure = why;
        session.abort(why.getMessage() == null ? "failed" : why.getMessage());
        settle();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  // ---------------------------------------------------------------- for source and sink, locked

  /** Throws what ended the pipe, if anything did. */
  void check() throws PipeException {
    PipeException why = ended();
    if (why != null) {
      throw why;
    }
  }

  /** What ended the pipe; null while it lives. */
  @Nullable PipeException ended() {
    PipeException why = failure;
    return why == null && closed
        ? new PipeException.Closed(Status.CANCELLED, where + ": this pipe was closed")
        : why;
  }

  String where() {
    return where;
  }

  /**
   * Waits for anything to change; reads the link meanwhile when nobody does.
   *
   * @param timeoutNanos how long; {@link Long#MAX_VALUE} for as long as it takes. Only then the
   *     caller may become the reader, since a read has no end of its own.
   */
  @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
  void awaitChange(long timeoutNanos) throws InterruptedException {
    Attachment link = current;
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (timeoutNanos != Long.MAX_VALUE) {
      waiting++;
      try {
        changed.awaitNanos(timeoutNanos);
      } finally {
        waiting--;
      }
    } else if (link != null && !link.reading && !link.down) {
      readOnce(link);
      link.userReadNanos = Ticker.now();
    } else {
      waiting++;
      readersWaiting++;
      try {
        changed.await();
      } finally {
        waiting--;
        readersWaiting--;
      }
    }
  }

  /** The bytes that the last read of the current link brought. */
  long lastReadBytes() {
    Attachment link = current;
    return link == null ? 0 : link.lastReadBytes;
  }

  /** Writes what the session has to say, on this thread if nobody else is at it. May block. */
  void flush() {
    if (writing) {
      return;
    }
    writing = true;
    try {
      long now = Ticker.now();
      while (session.wantsToSend(now) && writeOnce(now)) {
        now = Ticker.now();
      }
    } finally {
      writing = false;
    }
    settle();
  }

  // ---------------------------------------------------------------- links

  /** Takes a dialed link; the caller goes on with {@link #readInBackground}. */
  @Nullable Attachment attachDialed(Link link, long connection) {
    lock.lock();
    try {
      if (over || closed) {
        return null;
      }
      FrameAssembler assembler = new FrameAssembler(BlockLease.memoryOf(context.pool()));
      session.onDial(connection, Ticker.now());
      return attach(link, assembler, connection);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Offers an accepted link whose HELLO was read.
   *
   * @return the answer when it is refused; null when it is taken
   */
  @Nullable SessionFailure attachAccepted(
      Link link, FrameAssembler assembler, Frame.Hello hello, List<Attachment> taken) {
    lock.lock();
    try {
      if (over || closed) {
        return new SessionFailure(Code.NOT_FOUND, where + " is over", false);
      }
      SessionFailure refusal = session.onAccept(hello, Ticker.now());
      if (refusal == null) {
        assembler.allowData();
        taken.add(attach(link, assembler, session.connection()));
      }
      return refusal;
    } finally {
      lock.unlock();
    }
  }

  /** Reads the link whenever the users do not, until it is down. */
  void readInBackground(Attachment link) {
    lock.lock();
    try {
      while (!link.down) {
        if (!awaitTurn(link)) {
          continue;
        }
        readOnce(link);
        flushElsewhere();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      linkDown(link);
    } finally {
      lock.unlock();
    }
  }

  /** Runs when the pipe is over; at once when it is. */
  void whenOver(Runnable action) {
    lock.lock();
    try {
      if (!over) {
        afterwards.add(action);
        return;
      }
    } finally {
      lock.unlock();
    }
    action.run();
  }

  /** Whether the pipe needs no further link. */
  boolean isDone() {
    lock.lock();
    try {
      return done();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the pipe needs no further link, or for so long. */
  void awaitDone(long timeoutNanos) throws InterruptedException {
    lock.lock();
    try {
      long deadline = Ticker.now() + timeoutNanos;
      for (long restNanos = timeoutNanos;
          !done() && restNanos > 0;
          restNanos = deadline - Ticker.now()) {
        changed.awaitNanos(restNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** How far the pipe has got, for the message that ends it. */
  String reached() {
    lock.lock();
    try {
      return (context.sends()
              ? "; acknowledged up to position " + session.outgoing().acknowledged()
              : "")
          + (context.receives()
              ? "; received up to position " + session.incoming().received()
              : "");
    } finally {
      lock.unlock();
    }
  }

  /** What runs once, under the lock, when both sides have welcomed each other. */
  void whenFirstLinked(Runnable action) {
    lock.lock();
    try {
      firstLinked = action;
    } finally {
      lock.unlock();
    }
  }

  /** Whether no link has carried the pipe yet. Locked. */
  boolean wasNeverLinked() {
    return session.linkCount() == 0;
  }

  /** Why the last link went. Locked. */
  String lostReason() {
    String fault = session.linkFault();
    return fault == null ? "the connection broke" : fault;
  }

  /** Fails the pipe when it has no link for so long from now on. Locked. */
  void giveUpAfter(Duration limit) {
    long lostAt = session.linkCount();
    Ticker.SHARED.at(
        Ticker.now() + limit.toNanos(),
        () -> {
          if (isStillLost(lostAt)) {
            fail(
                new PipeException.Unreachable(
                    where
                        + ": the peer did not come back for "
                        + limit.toSeconds()
                        + " s (--give-up)"
                        + reached(),
                    null));
          }
        });
  }

  /** What runs, under the lock, each time that the pipe loses its link while it is alive. */
  void whenLinkLost(Runnable action) {
    lock.lock();
    try {
      linkLost = action;
    } finally {
      lock.unlock();
    }
  }

  /** The peer's answer that ended the last link and may change. */
  @Nullable SessionFailure linkRefusal() {
    lock.lock();
    try {
      return session.linkRefusal();
    } finally {
      lock.unlock();
    }
  }

  /** Why the last link went, as far as the session knows. */
  String linkFault() {
    lock.lock();
    try {
      return lostReason();
    } finally {
      lock.unlock();
    }
  }

  // ---------------------------------------------------------------- inside, locked

  private boolean isStillLost(long lostAt) {
    lock.lock();
    try {
      return !done() && !closed && !session.isOpen() && session.linkCount() == lostAt;
    } finally {
      lock.unlock();
    }
  }

  private boolean done() {
    return over || failure != null || session.isComplete() || session.failure() != null;
  }

  private Attachment attach(Link link, FrameAssembler assembler, long connection) {
    Attachment old = current;
    if (old != null) {
      drop(old);
    }
    Attachment attachment = new Attachment(link, assembler, connection, lock.newCondition());
    current = attachment;
    announced = false;
    flushElsewhere();
    arm();
    return attachment;
  }

  /** Whether the background thread should read now; waits a moment when not. */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private boolean awaitTurn(Attachment link) throws InterruptedException {
    long now = Ticker.now();
    if (link.reading) {
      if (now - link.readingSinceNanos > LONG_READ_NANOS) {
        link.backgroundParked = true;
        link.handover.await();
        link.backgroundParked = false;
      } else {
        link.handover.awaitNanos(GRACE_NANOS);
      }
      return false;
    }
    if (readersWaiting > 0) {
      // They came while this thread was reading: from now on they can do it themselves.
      changed.signalAll();
      link.handover.awaitNanos(GRACE_NANOS);
      return !link.reading && !link.down;
    }
    long quietNanos = now - link.userReadNanos;
    if (link.userReadNanos != 0 && quietNanos < GRACE_NANOS) {
      link.handover.awaitNanos(GRACE_NANOS - quietNanos);
      return false;
    }
    return true;
  }

  /** Takes the reading role, reads once without the lock, and feeds the session. */
  private void readOnce(Attachment link) {
    link.reading = true;
    link.readingSinceNanos = Ticker.now();
    List<Frame> frames = List.of();
    ProtocolException garbage = null;
    long readBytes = -1;
    lock.unlock();
    try {
      readBytes = link.link.read(link.assembler.targets());
      if (readBytes > 0) {
        Frame frame = link.assembler.poll();
        if (frame != null) {
          frames = new ArrayList<>(4);
          for (; frame != null; frame = link.assembler.poll()) {
            frames.add(frame);
          }
        }
      }
    } catch (ProtocolException e) {
      garbage = e;
    } catch (IOException e) {
      readBytes = -1;
    } finally {
      lock.lock();
    }
    link.reading = false;
    link.lastReadBytes = readBytes;
    feed(link, frames, garbage, readBytes < 0);
    if (link.backgroundParked) {
      link.handover.signal();
    }
    if (waiting > 0) {
      changed.signalAll();
    }
  }

  private void feed(
      Attachment link, List<Frame> frames, @Nullable ProtocolException garbage, boolean ended) {
    long now = Ticker.now();
    try {
      session.onBytes(link.connection, now);
      for (Frame frame : frames) {
        session.onFrame(link.connection, frame, now);
      }
      if (link == current && session.isGreeted()) {
        link.assembler.allowData();
      }
      if (garbage != null) {
        session.onGarbage(link.connection, garbage);
      }
    } catch (IllegalStateException e) {
      onBrokenInvariant(e);
    }
    if (ended) {
      linkDown(link);
    }
    settle();
    arm();
  }

  private void onBrokenInvariant(IllegalStateException e) {
    failure =
        new PipeException.Refused(
            Status.INTERNAL, where + ": a broken invariant, please report it: " + e, e);
    session.abort("internal error");
  }

  /** Puts one gathering write on the link. The caller holds the writing role. */
  private boolean writeOnce(long now) {
    Attachment link = current;
    if (link == null || link.down) {
      return false;
    }
    Transmit transmit = Transmits.take();
    try {
      if (!session.poll(transmit, now)) {
        return false;
      }
      boolean written = false;
      lock.unlock();
      try {
        link.link.write(transmit.buffers(), transmit.bufferCount());
        written = true;
      } catch (IOException e) {
        written = false;
      } finally {
        lock.lock();
      }
      if (!written) {
        linkDown(link);
      }
      return written;
    } finally {
      Transmits.giveBack(transmit);
    }
  }

  /** Writes what there is to write on a thread of its own. */
  private void flushElsewhere() {
    if (writing || flushing || !session.wantsToSend(Ticker.now())) {
      return;
    }
    flushing = true;
    Thread.ofVirtual()
        .name("hostpipe-writer")
        .start(() -> {
          lock.lock();
          try {
            flushing = false;
            flush();
          } finally {
            lock.unlock();
          }
        });
  }

  /** Draws the consequences of what the session has become. */
  private void settle() {
    Attachment link = current;
    if (!announced && link != null && session.isOpen()) {
      announced = true;
      link.opened = true;
      Runnable action = firstLinked;
      firstLinked = null;
      if (action != null) {
        action.run();
      }
      context.events().linkUp(link.link.peer(), session.outgoing().next());
      changed.signalAll();
    }
    SessionFailure told = session.failure();
    if (told != null && failure == null) {
      failure = Failures.toException(told, where);
      changed.signalAll();
    }
    if (link != null && !link.closing && !link.down && session.linkIsToClose()) {
      link.closing = true;
      closeGently(link);
    }
    sink.completePending();
    if (session.isComplete()) {
      changed.signalAll();
    }
  }

  /** Ends the output, and the whole link when the peer has done the same or its time is over. */
  private void closeGently(Attachment link) {
    Thread.ofVirtual()
        .name("hostpipe-closer")
        .start(() -> {
          try {
            link.link.shutdownOutput();
          } catch (IOException e) {
            link.link.close();
          }
        });
    Ticker.SHARED.at(Ticker.now() + CLOSING_NANOS, link.link::close);
  }

  private void linkDown(Attachment link) {
    if (link.down) {
      return;
    }
    drop(link);
    session.onLinkDown(link.connection, Ticker.now());
    if (current == link) {
      current = null;
    }
    settle();
    arm();
    changed.signalAll();
    if (current == null && failure == null && !closed && !session.isComplete()) {
      linkLost.run();
    }
  }

  private void drop(Attachment link) {
    link.down = true;
    link.link.close();
    link.handover.signalAll();
  }

  private void awaitGoodbye() {
    long deadline =
        Ticker.now() + (session.failure() == null ? options.linger().toNanos() : ABORT_NANOS);
    try {
      while (!goodbyeSaid()) {
        long restNanos = deadline - Ticker.now();
        if (restNanos <= 0) {
          return;
        }
        flush();
        changed.awaitNanos(Math.min(restNanos, GRACE_NANOS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean goodbyeSaid() {
    return session.failure() == null ? session.isComplete() : current == null;
  }

  private List<Runnable> end() {
    if (over) {
      return List.of();
    }
    over = true;
    Attachment link = current;
    if (link != null) {
      linkDown(link);
    }
    source.release();
    session.close();
    changed.signalAll();
    List<Runnable> actions = List.copyOf(afterwards);
    afterwards.clear();
    return actions;
  }

  /** Sees to it that the session hears of the time when it wants to. */
  void arm() {
    long deadline = session.deadlineNanos();
    if (deadline < armedForNanos && !over) {
      armedForNanos = deadline;
      Ticker.SHARED.at(deadline, this::onTicker);
    }
  }

  private void onTicker() {
    lock.lock();
    try {
      if (over) {
        return;
      }
      armedForNanos = Long.MAX_VALUE;
      try {
        session.onTime(Ticker.now());
      } catch (IllegalStateException e) {
        onBrokenInvariant(e);
      }
      flushElsewhere();
      settle();
      arm();
    } finally {
      lock.unlock();
    }
  }
}
