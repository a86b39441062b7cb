package io.hostpipe.runtime;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.session.Transmit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Moves bytes between one {@link Session} and the link that carries it at the moment.
 *
 * <p>Whoever waits, works. A thread that wants to read and finds nothing takes the link's reading
 * role and reads the socket itself; so does one that waits for acknowledgements. A thread that
 * writes puts its frames on the socket itself, unless another one is at it, which then takes them
 * along. So data that is asked for crosses no thread. One thread a link stands in the background:
 * it takes the reading role whenever the pipe's users do not, so that the socket is always read. It
 * never writes, since a thread that reads must not wait for the peer's reader: what has to be
 * written on its account is written by a fresh thread ({@link LinkThreads}).
 *
 * <p>To give the role back and forth without waking anybody for each message, the background thread
 * looks now and then while users read in short turns; only when a user has been reading for long,
 * it parks until that user leaves. While a user writes much, it reads once in a while: what comes
 * in then is acknowledgements, many of which are read as cheaply as one, and the writer that waits
 * for them finds the role free.
 *
 * <p>One lock guards the session and everything here. It is never held across I/O: roles ({@code
 * reading}, {@code writing}) are taken under the lock and used outside of it. Unless a method says
 * otherwise, its caller holds the lock, once.
 */
final class LinkDriver {
  /** After so long without a read by a user, the background thread reads. */
  static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** From then on a reading user tells the background thread when leaving. */
  private static final long LONG_READ_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** How late an acknowledgement may be noticed to be due, on a pipe that was quiet before. */
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** The same on a busy pipe whose users have sent every acknowledgement in time so far. */
  private static final long TICK_NANOS_MAX = 8 * TICK_NANOS;

  /** Who owns the pipe that is driven. Called under the lock. */
  interface Owner {
    /** Both sides have welcomed each other on this link. */
    void onOpen(Link link);

    /** The session may have become something else. */
    void onProgress();

    /** The pipe has no link any more. */
    void onLinkLost();

    /** The pipe is through with its link, which may carry another one. */
    void onLinkKept(Attachment link);

    /** There is no memory for what the peer sends: the session is of no further use. */
    void onOutOfMemory(OutOfMemoryError error);

    /** The session broke one of its own rules: it is of no further use. */
    void onBrokenInvariant(IllegalStateException broken);
  }

  final ReentrantLock lock = new ReentrantLock();

  /** Signalled whenever something may have changed for someone who waits. */
  final Condition changed = lock.newCondition();

  private final Session session;
  private final Owner owner;
  private @Nullable Attachment current;
  private boolean writing;
  private boolean flushing;
  private int waiting;
  private int readersWaiting;

  /** Of those who wait, how many cannot read themselves, because their wait has an end. */
  private int timedWaiting;

  private boolean announced;
  private boolean stopped;
  private @Nullable Future<?> alarm;
  private long armedForNanos = Long.MAX_VALUE;
  private boolean alarmWasWanted;
  private long tickNanos = TICK_NANOS;

  LinkDriver(Session session, Owner owner) {
    this.session = session;
    this.owner = owner;
  }

  /** Whether any link is attached. */
  boolean hasLink() {
    return current != null;
  }

  /** The bytes that the last read of the current link brought. */
  long lastReadBytes() {
    return current == null ? 0 : current.lastReadBytes;
  }

  /**
   * Takes a link in place of any older one. Its thread goes on with {@link #readInBackground}.
   *
   * @param farewell what the older one is to hear before it is closed; null for nothing
   */
  Attachment attach(
      Link link, FrameAssembler assembler, long connection, @Nullable SessionFailure farewell) {
    Attachment old = current;
    if (old != null && farewell != null && !writing) {
      replace(old, farewell);
    } else if (old != null) {
      drop(old);
    }
    Attachment attachment = new Attachment(link, assembler, connection, lock.newCondition());
    current = attachment;
    announced = false;
    flushElsewhere();
    arm();
    return attachment;
  }

  /** Takes no further part: breaks the link, and listens to no clock. */
  void stop() {
    stopped = true;
    disarm();
    Attachment link = current;
    if (link != null) {
      linkDown(link);
    }
  }

  /**
   * Reads the link whenever the users do not, until it is down. The caller holds no lock.
   *
   * @return whether it was kept, and may carry another pipe
   */
  boolean readInBackground(Attachment link) {
    lock.lock();
    try {
      while (!link.down) {
        // What was the peer's last word may have come while this waited for its turn.
        if (!awaitTurn(link) || session.hasHeardAll()) {
          continue;
        }
        readOnce(link);
        flushElsewhere();
      }
      return link.kept;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      linkDown(link);
      return link.kept;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for anything to change; reads the link meanwhile when nobody does.
   *
   * @param timeoutNanos how long; {@link Long#MAX_VALUE} for as long as it takes. Only then the
   *     caller may become the reader, since a read has no end of its own; else the thread in the
   *     background reads for it.
   */
  @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
  void awaitChange(long timeoutNanos) throws InterruptedException {
    Attachment link = current;
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (timeoutNanos != Long.MAX_VALUE) {
      waiting++;
      timedWaiting++;
      if (link != null && !link.reading) {
        link.handover.signal();
      }
      try {
        changed.awaitNanos(timeoutNanos);
      } finally {
        timedWaiting--;
        waiting--;
      }
    } else if (link != null && !link.reading && !link.down && !session.hasHeardAll()) {
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

  /** A user is writing: see above why that matters to who reads. */
  void onUserWrite() {
    Attachment link = current;
    if (link != null) {
      link.userWroteNanos = Ticker.now();
    }
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

  /** Draws the consequences of what the session has become. */
  void settle() {
    Attachment link = current;
    if (!announced && link != null && session.isOpen()) {
      announced = true;
      link.opened = true;
      owner.onOpen(link.link);
      changed.signalAll();
    }
    if (link != null && !link.closing && session.linkIsKept()) {
      keep(link);
    } else if (link != null && !link.closing && !link.down && session.linkIsToClose()) {
      close(link);
    }
    owner.onProgress();
    if (link != null && session.failure() != null) {
      // Also where the last word cannot be written: whoever waits for that is woken by it.
      link.closeInTime(hasDataUnderWay());
    }
    if (session.isComplete() || session.failure() != null) {
      changed.signalAll();
    }
  }

  /**
   * Sees to it that the session hears of the time when it wants to, or a little later.
   *
   * <p>While messages come and go there is always an acknowledgement that would be due soon, and
   * that some user sends long before. To move the alarm for each of them would wake the ticker each
   * time; so on a busy pipe one alarm stands a tick ahead, and the ticks grow as long as it is
   * never needed.
   */
  void arm() {
    long deadline = session.deadlineNanos();
    if (deadline < armedForNanos - (tickNanos - TICK_NANOS)) {
      armFor(deadline);
    } else {
      alarmWasWanted |= deadline < armedForNanos + TICK_NANOS;
    }
  }

  // ---------------------------------------------------------------- inside

  /** Whether the background thread should read now; waits a moment when not. */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private boolean awaitTurn(Attachment link) throws InterruptedException {
    long now = Ticker.now();
    if (session.hasHeardAll() && !link.reading) {
      // Our BYE is on its way; what comes behind the peer's is not for this pipe.
      link.handover.awaitNanos(GRACE_NANOS);
      return false;
    }
    if (link.reading) {
      if (now - link.readingSinceNanos > LONG_READ_NANOS) {
        link.backgroundParked = true;
        link.handover.await();
        link.backgroundParked = false;
      } else {
        link.awaitNextLook();
      }
      return false;
    }
    if (readersWaiting > 0) {
      // They came while this thread was reading: from now on they can do it themselves.
      changed.signalAll();
      link.handover.awaitNanos(GRACE_NANOS);
      return !link.reading && !link.down;
    }
    if (timedWaiting > 0 || link.unwritable) {
      return true;
    }
    long quietNanos = now - link.userReadNanos;
    if (link.userReadNanos != 0 && quietNanos < GRACE_NANOS) {
      link.awaitNextLook();
      return false;
    }
    long sinceReadNanos = now - link.readNanos;
    if (now - link.userWroteNanos < GRACE_NANOS && sinceReadNanos < GRACE_NANOS) {
      link.handover.awaitNanos(GRACE_NANOS - sinceReadNanos);
      return false;
    }
    link.lookNanos = GRACE_NANOS;
    return true;
  }

  /** Takes the reading role, reads once without the lock, and feeds the session. */
  private void readOnce(Attachment link) {
    link.reading = true;
    link.readingSinceNanos = Ticker.now();
    List<Frame> frames = new ArrayList<>(4);
    ProtocolException garbage = null;
    OutOfMemoryError exhausted = null;
    long readBytes = -1;
    boolean greeted = session.isGreeted();
    ByteBuffer[] targets = link.targets();
    lock.unlock();
    try {
      readBytes = link.link.read(targets);
      if (readBytes > 0 && !link.garbled) {
        link.takeFrames(frames);
      }
    } catch (ProtocolException e) {
      link.garbled = true;
      garbage = greeted ? e : Strangers.whoAnswered(link.link, targets[0], e);
    } catch (IOException e) {
      garbage = Strangers.refusal(e);
    } catch (OutOfMemoryError e) {
      link.garbled = true;
      exhausted = e;
    } finally {
      lock.lock();
      link.reading = false;
      link.readNanos = Ticker.now();
      link.lastReadBytes = readBytes;
      if (link.down) {
        link.assembler.close();
      }
    }
    feed(link, frames, garbage);
    if (exhausted != null) {
      owner.onOutOfMemory(exhausted);
    }
    while (garbage == null
        && exhausted == null
        && Attachment.endWithBye(frames)
        && !session.hasHeardAll()) {
      garbage = feedRest(link, frames);
    }
    if (readBytes < 0) {
      linkDown(link);
    }
    settle();
    arm();
    if (link.backgroundParked) {
      link.handover.signal();
    }
    if (waiting > 0) {
      changed.signalAll();
    }
  }

  /** What stood behind a BYE that was not the peer's last word. */
  private @Nullable ProtocolException feedRest(Attachment link, List<Frame> frames) {
    frames.clear();
    ProtocolException garbage = null;
    try {
      link.takeFrames(frames);
    } catch (ProtocolException e) {
      link.garbled = true;
      garbage = e;
    }
    feed(link, frames, garbage);
    return garbage;
  }

  private void feed(Attachment link, List<Frame> frames, @Nullable ProtocolException garbage) {
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
      owner.onBrokenInvariant(e);
    }
  }

  /**
   * Puts one gathering write on the link. The caller holds the writing role.
   *
   * @return whether there may be more to write
   */
  private boolean writeOnce(long now) {
    Attachment link = current;
    if (link == null || !link.isWritable()) {
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
        endByReading(link);
      }
      // Another link may have come meanwhile, which waits for its greeting.
      return written || current != link;
    } finally {
      Transmits.giveBack(transmit);
    }
  }

  /**
   * Nothing more can be written on it. Why may stand in what came before it broke: that is read.
   */
  private void endByReading(Attachment link) {
    if (link.down || session.hasHeardAll()) {
      linkDown(link);
      return;
    }
    link.unwritable = true;
    link.closeInTime(false);
    link.handover.signalAll();
  }

  /** Writes what there is to write on a thread of its own. */
  private void flushElsewhere() {
    if (writing || flushing || !session.wantsToSend(Ticker.now())) {
      return;
    }
    flushing = true;
    LinkThreads.write(() -> {
      lock.lock();
      try {
        flushing = false;
        flush();
      } finally {
        lock.unlock();
      }
    });
  }

  private boolean hasDataUnderWay() {
    return session.outgoing().acknowledged() < session.outgoing().next();
  }

  /** All is said on it, or it is of no further use. */
  private void close(Attachment link) {
    if (session.linkIsDropped()) {
      // A dead link would never say goodbye, and the next one cannot come before this is gone.
      link.closing = true;
      link.link.close();
      return;
    }
    link.closeInTime(hasDataUnderWay());
    // Whoever writes may be at the last word, which has to be out before the output ends.
    if (!writing) {
      link.closing = true;
      link.endOutput();
    }
  }

  /**
   * Lets go of a link on which all was said. Nobody reads it any more, since the peer's BYE came;
   * as long as somebody still writes our own, it is the pipe's.
   */
  private void keep(Attachment link) {
    if (writing || link.reading || link.down) {
      return;
    }
    if (link.unwritable) {
      // Our BYE may not be out; and nothing of another pipe's ever would be.
      linkDown(link);
      return;
    }
    link.down = true;
    link.kept = true;
    current = null;
    session.onLinkDown(link.connection, Ticker.now());
    arm();
    link.handover.signalAll();
    changed.signalAll();
    owner.onLinkKept(link);
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
    if (current == null && !stopped) {
      owner.onLinkLost();
    }
  }

  private void drop(Attachment link) {
    link.link.close();
    letGo(link);
  }

  /** As {@link #drop}, but its peer hears why. When somebody writes to it, it hears that later. */
  private void replace(Attachment link, SessionFailure farewell) {
    letGo(link);
    link.closeInTime(false);
    link.sayFarewell(farewell);
  }

  private void letGo(Attachment link) {
    link.down = true;
    link.callOffEnding();
    if (!link.reading) {
      // Otherwise its reader still fills the memory, and lets go of it on its way out.
      link.assembler.close();
    }
    link.handover.signalAll();
  }

  /** There is at most one alarm. */
  private void armFor(long deadline) {
    if (!stopped) {
      disarm();
      armedForNanos = deadline;
      alarm = Ticker.SHARED.alarm(deadline, this::onTicker);
    }
  }

  private void disarm() {
    Future<?> pending = alarm;
    if (pending != null) {
      pending.cancel(false);
    }
    alarm = null;
    armedForNanos = Long.MAX_VALUE;
  }

  private void onTicker() {
    lock.lock();
    try {
      long now = Ticker.now();
      if (stopped || now < armedForNanos) {
        return;
      }
      disarm();
      try {
        session.onTime(now);
      } catch (IllegalStateException e) {
        owner.onBrokenInvariant(e);
      }
      boolean needed = session.wantsToSend(now);
      flushElsewhere();
      settle();
      tickNanos = alarmWasWanted && !needed ? Math.min(2 * tickNanos, TICK_NANOS_MAX) : TICK_NANOS;
      if (alarmWasWanted) {
        alarmWasWanted = false;
        armFor(now + tickNanos);
      }
      arm();
    } finally {
      lock.unlock();
    }
  }
}
