package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
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
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One place where peers dial in, shared by all pipes that listen there under different names.
 *
 * <p>Every link is greeted on a thread of its own: it has {@link SessionOptions#handshake} to say
 * HELLO, then belongs to the listener of that name. Before that it holds {@code 2 KiB} and nothing
 * of a pipe; how many may stand there at a time is limited. When its pipe has ended in good order,
 * the link may rest here until another one begins on it: so many, and so long, as the options say.
 *
 * <p>Thread rule: any thread.
 */
public final class SessionPort implements AutoCloseable {
  /** How many links may be in the middle of a greeting at a time. */
  private static final int GREETING_COUNT_MAX = 4_096;

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
  private final Semaphore greetings = new Semaphore(GREETING_COUNT_MAX);
  private final Set<Link> resting = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicReference<String> refusalTold = new AtomicReference<>("");

  /** A port over these links; {@link #start} begins accepting. */
  public SessionPort(
      LinkListener links, SessionOptions options, BlockPool pool, PipeEvents events) {
    this.links = links;
    this.options = options;
    this.pool = pool;
    this.events = events;
  }

  /** Begins to take links. */
  public void start() {
    Thread.ofVirtual().name("hostpipe-accept " + links.place()).start(this::acceptAll);
  }

  /** The port that was taken; negative where there are none. */
  public int port() {
    return links.port();
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
        if (greetings.tryAcquire()) {
          LinkThreads.background(() -> serve(link));
        } else {
          link.close();
          events.warning(
              link.peer() + ": turned away, " + GREETING_COUNT_MAX + " peers are being greeted");
        }
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException | LinkageError e) {
        // Without a descriptor left not even a class can be loaded: a port that stops listening for
        // that would be deaf for ever.
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

  /** Stands in the background of a link for as long as it lives, whatever pipes it carries. */
  private void serve(Link link) {
    FrameAssembler assembler = new FrameAssembler(BlockLease.memoryOf(pool));
    boolean kept = greet(link, assembler, greetings::release, options.handshake(), true);
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
    Future<?> deadline =
        Ticker.SHARED.alarm(
            Ticker.now() + limit.toNanos(),
            () -> {
              if (greeted.compareAndSet(false, true)) {
                turnAway(link, limit, first);
              }
            });
    List<BooleanSupplier> stay = new ArrayList<>(1);
    try {
      Frame.Hello hello = readHello(link, assembler, first);
      if (!greeted.compareAndSet(false, true)) {
        throw new IOException("HELLO came when its time was over");
      }
      SessionFailure refusal = offer(link, assembler, hello, stay);
      if (refusal != null) {
        tellRefusal(link, refusal);
        refuse(link, refusal);
      }
    } catch (ProtocolException e) {
      greeted.set(true);
      events.warning(link.peer() + ": " + e.getMessage());
      refuse(link, new SessionFailure(e.code(), String.valueOf(e.getMessage()), false));
    } catch (PipeException e) {
      greeted.set(true);
      link.close();
      events.warning(link.peer() + ": " + e.getMessage());
    } catch (IOException e) {
      boolean late = !greeted.compareAndSet(false, true);
      link.close();
      if (first) {
        events.warning(
            late
                ? link.peer() + ": no HELLO within " + Failures.shown(limit) + ", turned away"
                : link.peer()
                    + ": left before HELLO; plain programs connect to "
                    + link.plainScheme()
                    + "-listen");
      }
    } catch (OutOfMemoryError e) {
      link.close();
      events.warning(link.peer() + ": out of memory (" + e.getMessage() + "), turned away");
    } catch (RuntimeException e) {
      // A stranger must not reach one of our own mistakes; if one does, that is his line.
      link.close();
      events.warning(link.peer() + ": a mistake of our own, please report it: " + e);
    } finally {
      deadline.cancel(false);
      whenGreeted.run();
      if (stay.isEmpty()) {
        assembler.close();
      }
    }
    return !stay.isEmpty() && stay.getFirst().getAsBoolean();
  }

  /** A program that only listens would take a mere close for the end of an empty stream. */
  private static void turnAway(Link link, Duration limit, boolean first) {
    if (!first) {
      link.close();
      return;
    }
    LinkThreads.write(() -> {
      try {
        String reason = "no HELLO within " + Failures.shown(limit);
        say(link, new Frame.Failure(Code.DEADLINE_EXCEEDED, reason));
      } catch (IOException e) {
        // It is gone already.
      }
      link.close();
    });
  }

  private @Nullable SessionFailure offer(
      Link link, FrameAssembler assembler, Frame.Hello hello, List<BooleanSupplier> stay) {
    String only = link.pipeName();
    if (only != null && !only.equals(hello.name())) {
      return new SessionFailure(
          Code.FAILED_PRECONDITION,
          "the address led to '" + only + "', and the pipe asked for is '" + hello.name() + "'",
          false);
    }
    SessionListener listener = listeners.get(hello.name());
    return listener == null
        ? new SessionFailure(
            Code.NOT_FOUND, "nobody listens for '" + hello.name() + "' here", false)
        : listener.offer(link, assembler, hello, stay);
  }

  private static Frame.Hello readHello(Link link, FrameAssembler assembler, boolean first)
      throws IOException, ProtocolException {
    ByteBuffer begin = assembler.targets()[0];
    while (true) {
      Frame frame;
      try {
        frame = assembler.poll();
      } catch (ProtocolException e) {
        throw first ? Strangers.whoDialed(link, begin, e) : e;
      }
      if (frame == null) {
        if (link.read(assembler.targets()) < 0) {
          throw new IOException("closed before HELLO");
        }
      } else if (frame instanceof Frame.Hello hello) {
        // Also makes room: whoever reads next expects that all whole frames were taken.
        refuseFrame(assembler.poll(), "the peer did not wait for the answer to its HELLO");
        return hello;
      } else if (frame instanceof Frame.Ping(long nonce) && !first) {
        say(link, new Frame.Pong(nonce));
      } else {
        refuseFrame(frame, "the peer does not begin with HELLO; is it a Hostpipe?");
      }
    }
  }

  private static void refuseFrame(@Nullable Frame frame, String why) throws ProtocolException {
    if (frame instanceof Frame.Data data) {
      data.lease().release();
    }
    if (frame != null) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, why);
    }
  }

  /** A peer that is refused comes again and again: what is said twice in a row is one line. */
  private void tellRefusal(Link link, SessionFailure refusal) {
    if (refusal.code() == Code.ABORTED) {
      return; // an older link of a peer who has a newer one
    }
    int port = link.peer().lastIndexOf(':');
    String host = port < 0 ? link.peer() : link.peer().substring(0, port);
    String text = host + ": turned away: " + refusal.reason();
    if (!text.equals(refusalTold.getAndSet(text))) {
      events.warning(text);
    }
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
