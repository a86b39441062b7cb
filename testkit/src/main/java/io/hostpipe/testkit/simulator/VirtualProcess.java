package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionFailure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One life of a process: a session and what drives it, as the runtime does. Everything that the
 * world wants of it goes through {@link #run}: a dead process does nothing any more, and a stopped
 * one does it later.
 */
final class VirtualProcess {
  private static final long CLOSING_NANOS = Scenario.HEARTBEAT / 2;
  private static final long BACKOFF_NANOS_MIN = Scenario.HEARTBEAT / 20;
  private static final long BACKOFF_NANOS_MAX = 2 * Scenario.HEARTBEAT;
  private static final long REST_NANOS_MAX = 10 * Scenario.HEARTBEAT;

  private final Simulation run;
  private final VirtualHost host;
  private final String name;
  private final int life;
  private final Dice dice;
  private final Session session;
  private final VirtualMemory memory;
  private final Frame.Id instance;
  private final Outlet outlet;
  private final Door door;
  private final LinkReader reader = new LinkReader(this);
  private final Rejections rejections = new Rejections(this);
  private final @Nullable VirtualSource source;
  private final @Nullable VirtualSink sink;
  private final List<LinkEnd> ends = new ArrayList<>();
  private final ArrayDeque<Runnable> missedTimers = new ArrayDeque<>();
  private final ArrayDeque<Runnable> missed = new ArrayDeque<>();
  private final Progress progress = new Progress();

  private @Nullable LinkEnd current;
  private boolean dead;
  private boolean suspended;
  private boolean pumpDue;
  private boolean dialing;
  private long dialNumber;
  private long backoffNanos = BACKOFF_NANOS_MIN;
  private long timerNanos = Lane.NEVER;

  VirtualProcess(Simulation run, VirtualHost host, String name, Dice dice) {
    this.run = run;
    this.host = host;
    this.name = name;
    this.life = host.lives();
    this.dice = dice;
    this.instance = new Frame.Id(dice.next(), dice.next());
    Scenario scenario = run.scenario();
    Scenario.Stream in = scenario.streams[1 - host.side()];
    Scenario.Stream out = scenario.streams[host.side()];
    this.memory = new VirtualMemory(in == null ? 0 : in.budgetBytes);
    this.session = new Session(Settings.of(run, host, instance, memory));
    this.door = new Door(this);
    this.outlet = new Outlet(this, out != null && out.repeats);
    Storage storage = host.storage();
    this.sink =
        in == null || storage == null
            ? null
            : new VirtualSink(this, in, run.content(1 - host.side()), storage, dice.fork());
    this.source =
        out == null ? null : new VirtualSource(this, out, run.content(host.side()), dice.fork());
  }

  // ---------------------------------------------------------------- life

  void begin() {
    trace("begins", host.lives(), 0);
    VirtualSink ownSink = sink;
    if (ownSink != null) {
      ownSink.begin();
    }
    pump();
  }

  /** Does this now, later when it is stopped, and never when it is dead. */
  void run(Runnable action) {
    if (suspended) {
      missed.add(action);
    } else if (!dead) {
      action.run();
    }
  }

  void later(long delayNanos, Runnable action) {
    run.timeline().in(Math.max(0, delayNanos), () -> run(action));
  }

  void suspend() {
    suspended = true;
    for (LinkEnd end : ends) {
      LinkEnd other = end.other;
      if (other != null) {
        other.mayDie = true;
      }
    }
  }

  /** Goes on; what it missed happens at once, its timers first or last. */
  void resume(boolean timersFirst) {
    suspended = false;
    ArrayDeque<Runnable> all = new ArrayDeque<>(timersFirst ? missedTimers : missed);
    all.addAll(timersFirst ? missed : missedTimers);
    missed.clear();
    missedTimers.clear();
    for (Runnable action : all) {
      run(action);
    }
  }

  /** Is no more. Its kernel closes what it had open, or not even that. */
  void kill(boolean silently) {
    trace(silently ? "loses power" : "is killed", 0, 0);
    dead = true;
    suspended = false;
    missed.clear();
    missedTimers.clear();
    for (LinkEnd end : ends) {
      run.network().leave(end, silently);
    }
    outlet.forget();
  }

  private void exit() {
    trace("exits", session.failure() == null ? 0 : 1, 0);
    dead = true;
    for (LinkEnd end : List.copyOf(ends)) {
      close(end);
    }
    outlet.forget();
    VirtualSink ownSink = sink;
    if (ownSink != null) {
      ownSink.close();
    }
    session.close();
    if (memory.outCount() != 0 || memory.reservedBytes() != 0) {
      throw new Violation(
          name
              + " left "
              + memory.outCount()
              + " pieces of memory and "
              + memory.reservedBytes()
              + " bytes of the budget");
    }
    host.onExit(this, session.failure());
  }

  // ---------------------------------------------------------------- links

  void onDialed(LinkEnd end) {
    if (!isOver() && !end.closed && dice.percent(run.scenario().errandPercent)) {
      ends.add(end);
      trace("runs an errand on link", end.link.number, 0);
      Errand errand = new Errand(this, end);
      end.errand = errand;
      errand.dial();
      return;
    }
    begin(end);
  }

  /** The errand has ended, in good order or with its link. */
  void onErrandOver(LinkEnd end, boolean kept) {
    if (!kept) {
      linkDown(end);
      return;
    }
    end.resting = true;
    end.errand = null;
    trace("keeps link", end.link.number, 0);
    end.assembler.restart();
    if (end.dialer && end.assembler.holdsBytes()) {
      throw new Violation(name + " heard more than the end of an errand");
    }
    later(
        end.dialer ? dice.between(0, Scenario.HEARTBEAT) : REST_NANOS_MAX,
        () -> {
          if (end.dialer && !end.closed) {
            ends.remove(end);
            end.resting = false;
            begin(end);
          } else if (!end.closed && end.resting) {
            close(end);
          }
        });
  }

  private void begin(LinkEnd end) {
    dialing = false;
    if (current != null || isOver() || end.closed) {
      ends.add(end);
      close(end);
      pump();
      return;
    }
    ends.add(end);
    dialNumber = Math.max(dialNumber, session.connection()) + 1;
    session.onDial(dialNumber, door.credentials(), now());
    adopt(end);
    pump();
  }

  void onDialFailed() {
    dialing = false;
    pump();
  }

  void onAccepted(LinkEnd end) {
    ends.add(end);
    later(
        Scenario.HANDSHAKE,
        () -> {
          if (end.connection == 0 && end.errand == null && !end.resting && !end.closed) {
            close(end);
          }
        });
  }

  void adopt(LinkEnd end) {
    LinkEnd old = current;
    SessionFailure farewell = session.takeFarewell();
    if (old != null && farewell != null && outlet.isIdle()) {
      outlet.say(old, new Frame.Failure(farewell.code(), farewell.reason()));
    }
    current = end;
    end.connection = session.connection();
    end.assembler.allowData();
    outlet.forget();
    if (old != null) {
      leave(old);
    }
    trace("is on link", end.link.number, end.connection);
  }

  /** It is not the current one any more; what it still says may come for a while. */
  private void leave(LinkEnd old) {
    long delay = dice.oneIn(3) ? 0 : dice.between(1, 2 * Scenario.HEARTBEAT);
    later(
        delay,
        () -> {
          if (!old.closed) {
            close(old);
          }
        });
  }

  /** A dialer thinks that its link is bad, and makes another one; the peer knows nothing of it. */
  void redial() {
    LinkEnd old = current;
    if (old == null || !old.dialer || old.closing) {
      return;
    }
    trace("leaves link", old.link.number, 0);
    session.onLinkDown(old.connection, now());
    current = null;
    outlet.forget();
    LinkEnd other = old.other;
    if (other != null) {
      // Whoever waits there for the rest of a greeting may give up before it is closed.
      other.mayDie = true;
    }
    leave(old);
    backoffNanos = BACKOFF_NANOS_MIN;
    dial(0);
    pump();
  }

  void linkDown(LinkEnd end) {
    if (end == current) {
      trace("loses link", end.link.number, 0);
      current = null;
      outlet.forget();
    }
    if (end.connection != 0) {
      session.onLinkDown(end.connection, now());
    }
    close(end);
    pump();
  }

  void close(LinkEnd end) {
    if (!end.closed) {
      end.closed = true;
      dialing &= !end.dialer || (end.errand == null && !end.resting);
      Errand errand = end.errand;
      end.errand = null;
      if (errand != null) {
        errand.close();
      }
      end.assembler.close();
      end.out.end();
      end.in.breakAfter(0, now());
    }
    ends.remove(end);
  }

  private void dial(long delayNanos) {
    if (dialing || isOver()) {
      return;
    }
    dialing = true;
    later(delayNanos, () -> run.network().dial(this));
  }

  // ---------------------------------------------------------------- the loop

  /** As {@link #pump}, but after the time that threads take to hear of each other. */
  void pumpSoon() {
    long lag = run.scenario().lagNanos;
    if (lag == 0) {
      pump();
    } else if (!pumpDue) {
      pumpDue = true;
      later(
          dice.between(0, lag),
          () -> {
            pumpDue = false;
            pump();
          });
    }
  }

  /** Everything that follows from what the session has become. */
  void pump() {
    if (dead) {
      return;
    }
    if (session.isOpen()) {
      backoffNanos = BACKOFF_NANOS_MIN;
    }
    rejections.take();
    VirtualSink ownSink = sink;
    if (ownSink != null) {
      ownSink.take();
    }
    VirtualSource ownSource = source;
    if (ownSource != null) {
      ownSource.feed();
    }
    LinkEnd end = current;
    if (end != null) {
      outlet.write(end);
    }
    run.checks().afterStep(this);
    settle();
    if (!dead) {
      arm();
    }
  }

  private void settle() {
    LinkEnd end = current;
    boolean dropped = session.linkIsDropped();
    if (end != null && !end.closing && session.linkIsToClose() && (dropped || outlet.isIdle())) {
      run.checks().onLinkToClose(this, end);
      end.closing = true;
      if (dropped) {
        outlet.forget(); // A dead link would never take the rest.
      }
      end.out.end();
      later(
          dropped ? 0 : CLOSING_NANOS,
          () -> {
            if (!end.closed) {
              linkDown(end);
            }
          });
    }
    if (isOver() && current == null) {
      exit();
    } else if (current == null && run.scenario().dials(side())) {
      long delay = dice.between(0, backoffNanos);
      if (!dialing) {
        backoffNanos = Math.min(2 * backoffNanos, BACKOFF_NANOS_MAX);
      }
      dial(delay);
    }
  }

  /** Whether this process has nothing more to do. */
  boolean isOver() {
    VirtualSink ownSink = sink;
    return session.failure() != null
        || (session.isComplete() && (ownSink == null || ownSink.isIdle()));
  }

  private void arm() {
    long deadline = session.deadlineNanos();
    if (deadline < timerNanos) {
      timerNanos = deadline;
      run.timeline().at(deadline, this::onTimer);
    }
  }

  private void onTimer() {
    if (suspended) {
      missedTimers.add(this::onTimer);
    } else if (!dead) {
      timerNanos = Lane.NEVER;
      session.onTime(now());
      pump();
    }
  }

  // ---------------------------------------------------------------- what others look at

  long now() {
    return run.timeline().now();
  }

  void trace(String what, long first, long second) {
    run.trace().event(now(), name, what, first, second);
  }

  Simulation run() {
    return run;
  }

  VirtualHost host() {
    return host;
  }

  int side() {
    return host.side();
  }

  String name() {
    return name;
  }

  Frame.Id instance() {
    return instance;
  }

  Session session() {
    return session;
  }

  Door door() {
    return door;
  }

  Outlet outlet() {
    return outlet;
  }

  LinkReader reader() {
    return reader;
  }

  VirtualMemory memory() {
    return memory;
  }

  @Nullable VirtualSink sink() {
    return sink;
  }

  @Nullable LinkEnd current() {
    return current;
  }

  boolean isDead() {
    return dead;
  }

  boolean isSuspended() {
    return suspended;
  }

  /** The how-manieth process of its host this is. */
  int life() {
    return life;
  }

  Progress progress() {
    return progress;
  }
}
