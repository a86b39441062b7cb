package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.runtime.access.Limits;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One place where peers dial in, shared by all pipes that listen there under different names.
 *
 * <p>Every link is greeted on a thread of its own: it has {@link SessionOptions#handshake} to say
 * HELLO and to prove its token, then belongs to the listener of that name. Before that it holds
 * {@code 2 KiB} and nothing of a pipe; how many may stand there at a time is limited ({@link
 * Anteroom}). When its pipe has ended in good order, the link may rest here until another one
 * begins on it: so many, and so long, as the options say.
 *
 * <p>Thread rule: any thread.
 */
public final class SessionPort implements AutoCloseable {
  /** How long accepting rests after it failed, as when there are no descriptors left. */
  private static final Duration ACCEPT_REST = Duration.ofMillis(100);

  /** How long, and how much, a refused peer is still listened to. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private static final long DRAINED_BYTES_MAX = 1 << 20;

  private final LinkListener links;
  private final SessionOptions options;
  private final BlockPool pool;
  private final PipeEvents events;
  private final ConcurrentHashMap<String, SessionListener> listeners = new ConcurrentHashMap<>();
  private final Timekeeper time;
  private final Anteroom<Link> anteroom;
  private final Shares shares;
  private final StrangerLog log;
  private final Set<Link> resting = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** A port over these links; {@link #start} begins accepting. */
  public SessionPort(
      LinkListener links, SessionOptions options, BlockPool pool, PipeEvents events) {
    this(links, options, pool, events, Ticker.SHARED);
  }

  /** The same with another clock for those who greet. */
  SessionPort(
      LinkListener links,
      SessionOptions options,
      BlockPool pool,
      PipeEvents events,
      Timekeeper time) {
    this.time = time;
    this.links = links;
    this.options = options;
    this.pool = pool;
    this.events = events;
    Limits limits = options.access().limits();
    this.anteroom = new Anteroom<>(limits.strangersMax(), limits.strangersPerHostMax());
    this.shares = new Shares(limits.bytesMax());
    this.log = new StrangerLog(events, options.strangerLinesMax());
  }

  /** Begins to take links. */
  public void start() {
    Thread.ofVirtual().name("hostpipe-accept " + links.place()).start(this::acceptAll);
  }

  /** The port that was taken; negative where there are none. */
  public int port() {
    return links.port();
  }

  /** Whether it was made for this access. */
  public boolean hasAccess(Access access) {
    return options.access().equals(access);
  }

  /**
   * Adds a name.
   *
   * @throws PipeException.Config when the name is taken
   */
  public void add(SessionListener listener) throws PipeException {
    if (listeners.putIfAbsent(listener.name(), listener) != null) {
      throw new PipeException.Config(
          Status.ALREADY_EXISTS,
          "this process already listens for '" + listener.name() + "' on " + links.place());
    }
  }

  /** Takes a name away; whether it was the last. */
  public boolean remove(SessionListener listener) {
    listeners.remove(listener.name(), listener);
    return listeners.isEmpty();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      links.close();
      resting.forEach(Link::close);
    }
  }

  private void acceptAll() {
    String told = null;
    while (!closed.get()) {
      try {
        Link link = links.accept();
        told = null;
        Link oldest = anteroom.enter(link, Reception.hostOf(link));
        if (oldest != null) {
          oldest.close();
          log.say(oldest.peer() + ": turned away, too many others wait to be greeted");
        }
        begin(link);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
        // Without a descriptor left not even a class can be loaded, and without a thread left that
        // is said to be want of memory: a port that stops listening for that would be deaf for
        // ever.
        String reason = String.valueOf(e.getMessage());
        if (!reason.equals(told)) {
          told = reason;
          events.warning(
              "cannot take a connection on " + links.place() + ": " + reason + "; waiting");
        }
        LockSupport.parkNanos(ACCEPT_REST.toNanos());
      }
    }
  }

  private void begin(Link link) {
    boolean begun = false;
    try {
      LinkThreads.background(() -> serve(link));
      begun = true;
    } finally {
      if (!begun) {
        anteroom.leave(link);
        link.close();
      }
    }
  }

  /** Stands in the background of a link for as long as it lives, whatever pipes it carries. */
  private void serve(Link link) {
    FrameAssembler assembler = new FrameAssembler(BlockLease.memoryOf(pool));
    boolean kept = greet(link, assembler, () -> anteroom.leave(link), options.handshake(), true);
    while (kept && rest(link)) {
      assembler.restart();
      kept = greet(link, assembler, () -> resting.remove(link), options.poolIdle(), false);
    }
  }

  /** Whether it may wait here for its next pipe; closed when not. */
  private boolean rest(Link link) {
    if (resting.size() < options.poolMax()) {
      resting.add(link);
      if (!closed.get()) {
        return true;
      }
    }
    resting.remove(link);
    link.close();
    return false;
  }

  /**
   * Reads HELLO, then stays in the background of the link for as long as its pipe has it.
   *
   * @param whenGreeted is run once, when HELLO was answered or did not come
   * @param first whether the link is new; for one that was kept it is no news when none comes
   * @return whether the link may carry another pipe
   */
  private boolean greet(
      Link link, FrameAssembler assembler, Runnable whenGreeted, Duration limit, boolean first) {
    AtomicBoolean greeted = new AtomicBoolean();
    Reception reception = new Reception(link, assembler, options.access(), first, limit, log);
    Countdown deadline =
        Countdown.of(
            time,
            limit,
            // Of many that only rest none is looked at more often than it has to be.
            first ? options.heartbeat() : limit,
            () -> {
              if (greeted.compareAndSet(false, true)) {
                turnAway(link, reception.late(), first);
              }
            });
    List<BooleanSupplier> stay = new ArrayList<>(1);
    try {
      Reception.Arrival arrival = reception.receive();
      if (!greeted.compareAndSet(false, true)) {
        throw new IOException("it came when its time was over");
      }
      SessionFailure refusal = offer(link, assembler, arrival, stay);
      if (refusal != null) {
        log.refused(link, refusal);
        refuse(link, refusal);
      }
    } catch (ProtocolException e) {
      greeted.set(true);
      log.say(link.peer() + ": " + e.getMessage());
      refuse(link, new SessionFailure(e.code(), String.valueOf(e.getMessage()), false));
    } catch (PipeException e) {
      greeted.set(true);
      link.close();
      log.say(link.peer() + ": " + e.getMessage());
    } catch (IOException e) {
      boolean late = !greeted.compareAndSet(false, true);
      link.close();
      tellWhyItBroke(link, reception, late, first);
    } catch (OutOfMemoryError e) {
      link.close();
      log.say(link.peer() + ": out of memory (" + e.getMessage() + "), turned away");
    } catch (RuntimeException e) {
      // A stranger must not reach one of our own mistakes; if one does, that is his line.
      link.close();
      log.say(link.peer() + ": a mistake of our own, please report it: " + e);
    } finally {
      deadline.close();
      whenGreeted.run();
      if (stay.isEmpty()) {
        assembler.close();
      }
    }
    return !stay.isEmpty() && stay.getFirst().getAsBoolean();
  }

  /**
   * A link that broke in its greeting.
   *
   * @param late whether its time was over before
   */
  private void tellWhyItBroke(Link link, Reception reception, boolean late, boolean first) {
    if (late && (first || reception.heardHello())) {
      log.say(link.peer() + ": " + reception.late() + ", turned away");
    } else if (first && anteroom.leave(link)) {
      String own = link.turnedAwayFor();
      log.say(
          link.peer()
              + ": "
              + (own != null
                  ? own
                  : reception.heardHello()
                      ? "left before it had proved its token"
                      : "left before HELLO; plain programs connect to "
                          + link.plainScheme()
                          + "-listen"));
    }
  }

  /** A program that only listens would take a mere close for the end of an empty stream. */
  private static void turnAway(Link link, String reason, boolean first) {
    if (!first) {
      link.close();
      return;
    }
    LinkThreads.write(() -> {
      try {
        say(link, new Frame.Failure(Code.DEADLINE_EXCEEDED, reason));
      } catch (IOException e) {
        // It is gone already.
      } finally {
        link.close();
      }
    });
  }

  /** What pipes there are is no business of who may not have any of that name. */
  private @Nullable SessionFailure offer(
      Link link, FrameAssembler assembler, Reception.Arrival arrival, List<BooleanSupplier> stay) {
    String name = arrival.hello().name();
    if (arrival.refusal() != null) {
      return arrival.refusal();
    }
    if (!arrival.principal().rights().covers(name)) {
      return new SessionFailure(
          Code.PERMISSION_DENIED,
          arrival.principal().name() + " has no right to a pipe '" + name + "'",
          false);
    }
    String only = link.pipeName();
    if (only != null && !only.equals(name)) {
      return new SessionFailure(
          Code.FAILED_PRECONDITION,
          "the address led to '" + only + "', and the pipe asked for is '" + name + "'",
          false);
    }
    SessionListener listener = listeners.get(name);
    if (listener == null) {
      return new SessionFailure(Code.NOT_FOUND, "nobody listens for '" + name + "' here", false);
    }
    link.onLetIn();
    return listener.offer(link, assembler, arrival, shares, stay);
  }

  private static void refuse(Link link, SessionFailure refusal) {
    try {
      say(link, new Frame.Failure(refusal.code(), refusal.reason()));
      link.shutdownOutput();
      drain(link);
    } catch (IOException e) {
      // The peer is gone before it heard why; that is its answer, too.
    } finally {
      link.close();
    }
  }

  /** Writes one frame outside of any session. */
  static void say(Link link, Frame frame) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(frame, out);
    link.write(new ByteBuffer[] {out.flip()}, 1);
  }

  /** Reads what the peer still sends, for a moment, so that our answer is not lost to a reset. */
  private static void drain(Link link) throws IOException {
    Future<?> end = Ticker.SHARED.alarm(Ticker.now() + FAREWELL.toNanos(), link::close);
    ByteBuffer scratch = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    try {
      long drainedBytes = 0;
      while (drainedBytes < DRAINED_BYTES_MAX) {
        long readBytes = link.read(new ByteBuffer[] {scratch.clear()});
        if (readBytes < 0) {
          return;
        }
        drainedBytes += readBytes;
      }
    } finally {
      end.cancel(false);
    }
  }
}
