package io.hostpipe.runtime;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.session.Code;
import io.hostpipe.session.Credentials;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.spi.MemoryExhaustion;
import io.hostpipe.spi.PipeContext;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A pipe that outlives its links: a {@link Session} for what is said, a {@link LinkDriver} for how.
 *
 * <p>States: live; failed (what ended it is thrown at everybody); closed, when {@link #close} waits
 * until the peer knows; over. Who made the pipe sees to its links: {@link DialLoop}, or the peer
 * through {@link SessionListener}. The driver's lock guards everything here.
 */
final class SessionPipe implements Pipe, LinkDriver.Owner {
  /**
   * How long a close without a finish waits for its word to leave, while the link stands. A peer
   * that does not hear it waits for a new link; on a busy machine the word takes its time.
   */
  private static final long ABORT_NANOS = TimeUnit.SECONDS.toNanos(5);

  final LinkDriver driver;
  final ReentrantLock lock;
  final Session session;
  final PipeContext context;
  final SessionOptions options;
  final AtomicLong heldBytes = new AtomicLong();

  private final String where;
  private final SessionSource source;
  private final SessionSink sink;
  private final Set<String> carriers = new LinkedHashSet<>();
  private boolean unclaimed;
  private boolean closed;
  private boolean over;
  private @Nullable PipeException failure;
  private final Patience patience;
  private Runnable linkLost = () -> {};
  private volatile Runnable linkMissed = () -> {};
  private Consumer<Attachment> linkKept = link -> {};
  private Supplier<PipeException> whenGivenUp = this::notBack;
  private @Nullable Runnable firstLinked;
  private final List<Runnable> afterwards = new ArrayList<>();

  SessionPipe(Session session, PipeContext context, SessionOptions options, String where) {
    this.session = session;
    this.driver = new LinkDriver(session, this);
    this.lock = driver.lock;
    this.context = context;
    this.options = options;
    this.where = where;
    this.patience = new Patience(lock, context.retry().giveUp(), this::tellMissed, this::giveUp);
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
          session.outgoing().verifiedFrom(),
          List.copyOf(carriers));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    close("the pipe was closed before its end");
  }

  /** Closes it; a peer whose stream has not ended is told this. */
  void close(String reason) {
    // An interrupt ends waiting, not telling: a write on an interrupted thread breaks its link.
    boolean interrupted = Thread.interrupted();
    boolean first;
    lock.lock();
    try {
      first = !closed;
      closed = true;
      if (first) {
        sink.endOrAbort(reason);
        driver.changed.signalAll();
        driver.settle();
      }
      // Who comes second may end the process next: our last word has to be out by then, too.
      if (first || session.failure() != null) {
        awaitGoodbye();
      }
    } finally {
      lock.unlock();
    }
    if (first) {
      end();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the outgoing stream is complete and the incoming one is not: a half of the pipe. */
  boolean goesOnReading() {
    lock.lock();
    try {
      return context.receives() && session.outgoingFinished() && !incomingDone();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the incoming stream is complete and the outgoing one is not: the other half. */
  boolean goesOnWriting() {
    lock.lock();
    try {
      return context.sends() && incomingDone() && !session.outgoingFinished();
    } finally {
      lock.unlock();
    }
  }

  private boolean incomingDone() {
    return session.incomingFinished()
        || (session.incomingEnded()
            && session.incoming().applied() == session.incoming().received());
  }

  /** Whether its user has closed it. */
  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Nobody will have this pipe, and no link is taken for it any more; unless one has it, or had.
   */
  void discardUnlinked() {
    lock.lock();
    try {
      if (closed || !isUnlinked()) {
        return;
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    end();
  }

  /** Ends the pipe with this failure, and tells the peer. */
  void fail(PipeException why) {
    lock.lock();
    try {
      if (failure == null) {
        failure = why;
        session.abort(why.getMessage() == null ? "failed" : why.getMessage());
        driver.settle();
        driver.changed.signalAll();
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

  // ---------------------------------------------------------------- links

  /** Takes a dialed link; the caller goes on with {@link LinkDriver#readInBackground}. */
  @Nullable Attachment attachDialed(Link link, Access access, long connection) {
    // Reads a file, perhaps.
    Credentials credentials = Sessions.credentials(link, access);
    lock.lock();
    try {
      if (over || session.failure() != null) {
        return null;
      }
      FrameAssembler assembler = new FrameAssembler(BlockLease.memoryOf(context.pool()));
      assembler.limitPayload(options.windowBytes());
      session.onDial(connection, credentials, Ticker.now());
      return driver.attach(link, assembler, connection, null);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Offers an accepted link whose peer has come through its greeting.
   *
   * @return the answer when it is refused; null when it is taken
   */
  @Nullable SessionFailure attachAccepted(
      Link link, FrameAssembler assembler, Reception.Arrival arrival, List<Attachment> taken) {
    lock.lock();
    try {
      // One that is being closed may still owe its peer the confirmation of the end; one that
      // nobody ever had is nothing to its peer, who gets another.
      if (over || (closed && wasNeverLinked())) {
        return new SessionFailure(Code.NOT_FOUND, where + " is over", false);
      }
      SessionFailure refusal = session.onAccept(arrival.hello(), arrival.admission(), Ticker.now());
      if (refusal == null) {
        assembler.limitPayload(options.windowBytes());
        assembler.allowData();
        taken.add(driver.attach(link, assembler, session.connection(), session.takeFarewell()));
      }
      return refusal;
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
        driver.changed.awaitNanos(restNanos);
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

  /** Whether no link carries it, and none has. Locked. */
  boolean isUnlinked() {
    return wasNeverLinked() && !driver.hasLink();
  }

  /** Why the last link went. Locked. */
  String lostReason() {
    String fault = session.linkFault();
    return fault == null ? "the connection broke" : fault;
  }

  /** A first link is waited for from now on; this is said when it takes too long. */
  void awaitFirstLink(Supplier<PipeException> givenUp) {
    lock.lock();
    try {
      whenGivenUp = givenUp;
      patience.begin();
    } finally {
      lock.unlock();
    }
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

  /** What runs, without the lock, when the pipe has been without its link for a while. */
  void whenLinkMissed(Runnable action) {
    linkMissed = action;
  }

  /** Who gets, under the lock, the link that the pipe has no need of any more. */
  void whenLinkKept(Consumer<Attachment> action) {
    lock.lock();
    try {
      linkKept = action;
    } finally {
      lock.unlock();
    }
  }

  /** As long as no link has stood, nobody but its listener has this pipe. Before it is shared. */
  void discardWhenGivenUp() {
    unclaimed = true;
  }

  /** Whether nobody has it, and no link is about to bring it to anybody. */
  boolean isUnclaimed() {
    lock.lock();
    try {
      return unclaimed && !closed && !driver.hasLink();
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

  // ---------------------------------------------------------------- from the driver, locked

  @Override
  public void onOpen(Link link) {
    patience.end();
    unclaimed = false;
    carriers.add(link.carrier());
    Runnable action = firstLinked;
    firstLinked = null;
    if (action != null) {
      action.run();
    }
    context
        .events()
        .linkUp(
            link.peer(),
            context.sends() ? session.outgoing().next() : session.incoming().received());
  }

  @Override
  public void onProgress() {
    SessionFailure told = session.failure();
    if (told != null && failure == null) {
      failure = Failures.toException(told, where);
    }
    sink.completePending();
  }

  @Override
  public void onLinkLost() {
    if (!done()) {
      patience.begin();
      if (!closed) {
        linkLost.run();
      }
    } else if (unclaimed) {
      // It failed before anybody could have it: nobody else would ever let go of it.
      Thread.ofVirtual().name("hostpipe-discard").start(this::discardUnlinked);
    }
  }

  @Override
  public void onLinkKept(Attachment link) {
    linkKept.accept(link);
  }

  @Override
  public void onOutOfMemory(OutOfMemoryError error) {
    PipeException why = MemoryExhaustion.toException(where, error);
    if (failure == null) {
      failure = why;
    }
    session.abort(String.valueOf(why.getMessage()));
  }

  @Override
  public void onBrokenInvariant(IllegalStateException broken) {
    if (failure == null) {
      failure =
          new PipeException.Refused(
              Status.INTERNAL, where + ": a broken invariant, please report it: " + broken, broken);
    }
    session.abort("internal error");
  }

  // ---------------------------------------------------------------- inside, locked

  /** On the ticker, without the lock. */
  private void tellMissed() {
    if (!isDone()) {
      linkMissed.run();
    }
  }

  /** On the ticker, without the lock. */
  private void giveUp() {
    if (isUnclaimed()) {
      discardUnlinked();
      return;
    }
    lock.lock();
    try {
      // A link may have opened since that was decided.
      if (!done() && !session.isOpen()) {
        fail(whenGivenUp.get());
      }
    } finally {
      lock.unlock();
    }
  }

  private PipeException notBack() {
    return new PipeException.Unreachable(
        where
            + ": the peer did not come back for "
            + Failures.shown(context.retry().giveUp())
            + " (--give-up)"
            + reached(),
        null);
  }

  private boolean done() {
    return over || failure != null || session.isComplete() || session.failure() != null;
  }

  private void awaitGoodbye() {
    long deadline =
        Ticker.now() + (session.failure() == null ? options.linger().toNanos() : ABORT_NANOS);
    try {
      while (!over && !goodbyeSaid()) {
        long restNanos = deadline - Ticker.now();
        if (restNanos <= 0) {
          return;
        }
        driver.flush();
        driver.changed.awaitNanos(Math.min(restNanos, LinkDriver.GRACE_NANOS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean goodbyeSaid() {
    // A link that will be kept is not to be broken while our last word is still on its way.
    boolean linkIsOurs = driver.hasLink() && session.linkIsKept();
    return session.failure() == null ? session.isComplete() && !linkIsOurs : !driver.hasLink();
  }

  /** Lets go of everything, once; without the lock. */
  private void end() {
    List<Runnable> actions;
    lock.lock();
    try {
      if (over) {
        return;
      }
      over = true;
      patience.end();
      driver.stop();
      source.release();
      session.close();
      driver.changed.signalAll();
      actions = List.copyOf(afterwards);
      afterwards.clear();
    } finally {
      lock.unlock();
    }
    actions.forEach(Runnable::run);
  }
}
