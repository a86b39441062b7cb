package io.hostpipe.runtime;

import io.hostpipe.AckLevel;
import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.access.Principal;
import io.hostpipe.runtime.access.Rights;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.runtime.flow.TokenBucket;
import io.hostpipe.session.Code;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.SessionConfig;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.spi.PipeContext;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes the pipes of one name on a {@link SessionPort}.
 *
 * <p>A pipe is known by the stream id of its dialer, so a link that broke finds its pipe again,
 * also after this listener was closed to new ones. A new pipe is made for a HELLO that can have
 * one, and is handed out once both sides have welcomed each other; up to {@code backlog} wait for
 * {@link #accept}.
 *
 * <p>A link may break between the two welcomes. Its dialer is then bound to a pipe that nobody has
 * here, and asks for it again: so that pipe is parked, outside of the backlog, until it is asked
 * for or its time is over.
 *
 * <p>Thread rule: any thread. Its lock is never held while a pipe's is taken.
 */
public final class SessionListener implements Listener {
  /** How many pipes may be parked; the one that was parked first makes room. */
  private static final int PARKED_COUNT_MAX = 1_024;

  private final String name;
  private final Address address;
  private final PipeContext context;
  private final SessionOptions options;
  private final int backlog;
  private final List<Runnable> whenUnused = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<String, SessionPipe> pipes = new HashMap<>();
  private final Map<SessionPipe, Grant> grants = new HashMap<>();
  private final Set<SessionPipe> unaccepted = new HashSet<>();
  private final LinkedHashSet<SessionPipe> parked = new LinkedHashSet<>();
  private final ArrayDeque<SessionPipe> welcomed = new ArrayDeque<>();
  private PipeException.@Nullable DataLoss damage;
  private boolean closed;
  private boolean unused;

  /**
   * A listener for pipes of one name.
   *
   * @param backlog how many welcomed pipes may wait to be accepted
   */
  public SessionListener(
      String name, Address address, PipeContext context, SessionOptions options, int backlog)
      throws PipeException {
    Sessions.checkName(name, address.toString());
    this.name = name;
    this.address = address;
    this.context = context;
    this.options = options;
    this.backlog = backlog;
  }

  /** What runs once, when it is closed and its last pipe is over; for each place where it is. */
  public void whenUnused(Runnable action) {
    lock.lock();
    try {
      whenUnused.add(action);
    } finally {
      lock.unlock();
    }
  }

  String name() {
    return name;
  }

  /** How many pipes it knows, those accepted included. */
  int pipeCount() {
    lock.lock();
    try {
      return pipes.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many pipes have a place in the backlog: in their first greeting, or not yet accepted. */
  int unacceptedCount() {
    lock.lock();
    try {
      return unaccepted.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public Pipe accept() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (welcomed.isEmpty()) {
        if (closed) {
          throw new PipeException.Closed(Status.CANCELLED, address + ": no longer listens");
        }
        PipeException.DataLoss told = damage;
        if (told != null) {
          damage = null;
          throw told;
        }
        changed.await();
      }
      SessionPipe pipe = welcomed.remove();
      unaccepted.remove(pipe);
      Grant grant = grants.get(pipe);
      return grant == null ? HeldPipe.of(pipe) : grant.paced(HeldPipe.of(pipe));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    List<SessionPipe> waiting;
    List<SessionPipe> unclaimed;
    lock.lock();
    try {
      closed = true;
      waiting = new ArrayList<>(welcomed);
      welcomed.clear();
      unclaimed = new ArrayList<>(parked);
      parked.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    waiting.forEach(SessionPipe::close);
    unclaimed.forEach(SessionPipe::discardUnlinked);
    releaseIfUnused();
  }

  /**
   * A link whose HELLO names this listener, and whose peer may ask for it.
   *
   * @param shares what the principals of the place have
   * @param stay gets what the link's own thread runs from now on, when the link was taken; it
   *     answers whether the link may carry another pipe
   * @return the answer when it is refused; null when it is taken
   */
  @Nullable SessionFailure offer(
      Link link,
      FrameAssembler assembler,
      Reception.Arrival arrival,
      Shares shares,
      List<BooleanSupplier> stay) {
    SessionFailure denied = denied(arrival);
    if (denied != null) {
      return denied;
    }
    Offered offered = pipeFor(arrival, shares, link.peer());
    SessionPipe pipe = offered.pipe;
    if (pipe == null) {
      return offered.refusal;
    }
    List<Attachment> taken = new ArrayList<>(1);
    SessionFailure refusal = pipe.attachAccepted(link, assembler, arrival, taken);
    if (refusal != null) {
      if (offered.fresh) {
        // Unless another link of the same peer has found it meanwhile.
        pipe.discardUnlinked();
      } else if (pipe.isUnclaimed()) {
        park(pipe);
      }
      return refusal;
    }
    taken.forEach(each -> stay.add(() -> pipe.driver.readInBackground(each)));
    return null;
  }

  /** Why its rights do not let this principal use the pipe in this way; null when they do. */
  private @Nullable SessionFailure denied(Reception.Arrival arrival) {
    boolean writes = arrival.hello().sends() && context.receives();
    boolean reads = arrival.hello().receives() && context.sends();
    Rights rights = arrival.principal().rights();
    if ((rights.writes() || !writes) && (rights.reads() || !reads)) {
      return null;
    }
    return new SessionFailure(
        Code.PERMISSION_DENIED,
        arrival.principal().name()
            + " may not "
            + (rights.writes() || !writes ? "read from" : "write to")
            + " '"
            + name
            + "'",
        false);
  }

  /** A stream belongs to who made it: others get no word about it, however they name theirs. */
  private @Nullable SessionFailure anothers(SessionPipe known, Reception.Arrival arrival) {
    Grant grant = grants.get(known);
    return grant == null || grant.isOf(arrival.principal()) ? null : foreign(arrival);
  }

  /** The same of streams that an earlier process knew; one that nobody has is this principal's. */
  private @Nullable SessionFailure claim(Reception.Arrival arrival) throws PipeException {
    Principal principal = arrival.principal();
    if (!principal.proved() || !context.receives() || !context.kept().contains(AckLevel.DURABLE)) {
      return null;
    }
    StreamId stream = new StreamId(arrival.hello().stream());
    String owner = context.holdings().owner(stream);
    if (owner == null) {
      context.holdings().own(stream, principal.name());
      // Somebody else may have come at the same moment.
      owner = context.holdings().owner(stream);
    }
    return owner == null || owner.equals(principal.name()) ? null : foreign(arrival);
  }

  private static SessionFailure foreign(Reception.Arrival arrival) {
    return new SessionFailure(
        Code.PERMISSION_DENIED,
        "stream " + arrival.hello().stream() + " does not belong to " + arrival.principal().name(),
        false);
  }

  /** The pipe of this stream, which is made when there is none. */
  private Offered pipeFor(Reception.Arrival arrival, Shares shares, String peer) {
    String stream = arrival.hello().stream();
    Map<String, SessionConfig.InboundStart> held = null;
    while (true) {
      lock.lock();
      try {
        SessionPipe known = pipes.get(stream);
        SessionFailure denied = known == null ? null : anothers(known, arrival);
        if (denied != null) {
          return new Offered(null, false, denied);
        }
        if (known != null && !parked.contains(known)) {
          return new Offered(known, false, null);
        }
        SessionFailure refusal = refusalOfNew();
        if (refusal != null) {
          return new Offered(null, false, refusal);
        }
        if (known != null) {
          parked.remove(known);
          unaccepted.add(known);
          return new Offered(known, false, null);
        }
        if (held != null) {
          return makePipe(arrival, shares, peer, held);
        }
      } finally {
        lock.unlock();
      }
      try {
        SessionFailure foreign = claim(arrival);
        if (foreign != null) {
          return new Offered(null, false, foreign);
        }
        held = Held.of(stream, context);
      } catch (PipeException e) {
        tellUser(e);
        return new Offered(
            null,
            false,
            new SessionFailure(
                e.status().code(), "stream " + stream + ": " + e.getMessage(), false));
      }
    }
  }

  private Offered makePipe(
      Reception.Arrival arrival,
      Shares shares,
      String peer,
      Map<String, SessionConfig.InboundStart> held) {
    String stream = arrival.hello().stream();
    long firstBytes = context.receives() ? Sessions.firstWindowBytes(options) : 0;
    Shares.Opened opened = shares.open(arrival.principal(), firstBytes);
    Shares.Share share = opened.share();
    if (share == null) {
      return new Offered(null, false, opened.refusal());
    }
    // Its lock is free: nobody knows it yet. Another link of the same peer may find it at once.
    SessionPipe pipe =
        Sessions.pipe(
            name, address + " from " + peer, context, options, options.poolMax() > 0, held, share);
    grants.put(pipe, new Grant(arrival.principal(), share));
    pipe.whenOver(() -> shares.close(arrival.principal(), opened));
    follow(stream, pipe, peer);
    pipes.put(stream, pipe);
    unaccepted.add(pipe);
    return new Offered(pipe, true, null);
  }

  /** What is held of a stream cannot be read: whoever waits for pipes hears it, once. */
  private void tellUser(PipeException failure) {
    lock.lock();
    try {
      if (!closed && failure instanceof PipeException.DataLoss loss) {
        damage = loss;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private @Nullable SessionFailure refusalOfNew() {
    if (closed) {
      return new SessionFailure(
          Code.ALREADY_EXISTS,
          pipes.isEmpty()
              ? "nobody takes pipes for '" + name + "' any more"
              : "the pipe '" + name + "' is taken by another peer",
          false);
    }
    if (unaccepted.size() >= backlog) {
      return new SessionFailure(
          Code.RESOURCE_EXHAUSTED, backlog + " pipes already wait for '" + name + "'", false);
    }
    return null;
  }

  private void follow(String stream, SessionPipe pipe, String peer) {
    pipe.whenFirstLinked(() -> enqueue(pipe));
    pipe.whenLinkLost(() -> {
      if (pipe.wasNeverLinked()) {
        park(pipe);
      } else {
        context.events().linkDown(peer, pipe.lostReason(), Duration.ZERO);
      }
    });
    pipe.whenLinkMissed(() -> {
      if (!pipe.isUnclaimed()) {
        context.events().peerAwaited(peer, pipe.linkFault(), context.retry().giveUp());
      }
    });
    pipe.whenOver(() -> forget(stream, pipe));
    pipe.discardWhenGivenUp();
  }

  private void park(SessionPipe pipe) {
    SessionPipe surplus = pipe;
    // With the pipe's lock, under which a link opens: what has one is nobody's to park.
    pipe.lock.lock();
    lock.lock();
    try {
      if (!pipe.isUnlinked()) {
        return;
      }
      unaccepted.remove(pipe);
      if (!closed) {
        parked.add(pipe);
        surplus = parked.size() > PARKED_COUNT_MAX ? parked.removeFirst() : null;
      }
    } finally {
      lock.unlock();
      pipe.lock.unlock();
    }
    if (surplus != null) {
      // On a thread of its own: this one may hold the lock of another pipe.
      Thread.ofVirtual().name("hostpipe-discard").start(surplus::discardUnlinked);
    }
  }

  private void enqueue(SessionPipe pipe) {
    lock.lock();
    try {
      if (!closed) {
        if (parked.remove(pipe)) {
          unaccepted.add(pipe);
        }
        welcomed.add(pipe);
        changed.signal();
        return;
      }
    } finally {
      lock.unlock();
    }
    Thread.ofVirtual().start(pipe::close);
  }

  private void forget(String stream, SessionPipe pipe) {
    lock.lock();
    try {
      pipes.remove(stream, pipe);
      grants.remove(pipe);
      unaccepted.remove(pipe);
      parked.remove(pipe);
    } finally {
      lock.unlock();
    }
    releaseIfUnused();
  }

  private void releaseIfUnused() {
    List<Runnable> actions;
    lock.lock();
    try {
      if (!closed || !pipes.isEmpty() || unused) {
        return;
      }
      unused = true;
      actions = List.copyOf(whenUnused);
    } finally {
      lock.unlock();
    }
    actions.forEach(Runnable::run);
  }

  /** Whose a pipe is, and what of the place's it may use. */
  private record Grant(Principal principal, Shares.Share share) {
    /** Who proved nothing owns nothing that others could not take, and is the same as they. */
    boolean isOf(Principal other) {
      boolean unproved = !principal.proved() && !other.proved();
      return unproved || principal.name().equals(other.name());
    }

    Pipe paced(Pipe pipe) throws PipeException {
      TokenBucket bucket = share.bucket();
      Rate rate = principal.quota().rate();
      return bucket == null || rate == null ? pipe : new PacedPipe(pipe, rate, bucket);
    }
  }

  /** Whose a link is: a pipe, perhaps one that was just made, or nobody's. */
  private record Offered(
      @Nullable SessionPipe pipe, boolean fresh, @Nullable SessionFailure refusal) {}
}
