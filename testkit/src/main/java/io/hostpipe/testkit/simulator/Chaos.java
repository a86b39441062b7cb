package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.SessionConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Lets the faults of a scenario happen, at times and places that the dice say. */
final class Chaos {
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int KILLS_MAX = 3;

  private final Simulation run;
  private final Dice dice;
  private final List<Fault> faults;
  private long endNanos;

  Chaos(Simulation run, Dice dice) {
    this.run = run;
    this.dice = dice;
    this.faults = new ArrayList<>(run.scenario().faults);
  }

  void begin(long faultsEndNanos) {
    endNanos = faultsEndNanos;
    if (!faults.isEmpty()) {
      next();
    }
  }

  /** Whoever is stopped goes on; the rest of the order comes back by itself. */
  void end() {
    endNanos = 0;
    for (VirtualProcess process : run.checks().processes()) {
      if (process.isSuspended()) {
        process.resume(dice.percent(50));
      }
    }
  }

  private void next() {
    run.timeline()
        .in(
            dice.between(1, 2 * run.scenario().faultIntervalNanos),
            () -> {
              if (run.timeline().now() < endNanos) {
                strike(faults.get(dice.below(faults.size())));
                next();
              }
            });
  }

  private void strike(Fault fault) {
    switch (fault) {
      case CUT -> cut();
      case HOLD_ONE_WAY -> hold(dice.percent(50), false);
      case HOLD_BOTH_WAYS -> hold(false, true);
      case PARTITION -> {
        trace(fault, 0);
        run.network().partition(run.timeline().now() + dice.between(1, 3_000) * MILLISECOND);
      }
      case REDIAL -> {
        VirtualProcess process = anyProcess();
        if (process != null && !process.isSuspended()) {
          trace(fault, process.side());
          process.redial();
        }
      }
      case KILL -> kill(false);
      case POWER_LOSS -> kill(true);
      case SUSPEND -> suspend();
      case FLIP -> flip();
      case STRANGER -> stranger();
      case STALL -> stall();
      case RIVAL -> run.checks().startRival(dice);
      case ABORT -> abort();
    }
  }

  private void cut() {
    VirtualLink link = dice.oneIn(4) ? run.network().any() : run.network().newest();
    if (link != null && !link.isBroken()) {
      trace(Fault.CUT, link.number);
      run.network().cut(link);
    }
  }

  private void hold(boolean towardsAcceptor, boolean both) {
    VirtualLink link = run.network().newest();
    if (link == null || link.toAcceptor.isHeld() || link.toDialer.isHeld()) {
      return;
    }
    trace(both ? Fault.HOLD_BOTH_WAYS : Fault.HOLD_ONE_WAY, link.number);
    link.mayDie();
    if (both || towardsAcceptor) {
      link.toAcceptor.hold();
    }
    if (both || !towardsAcceptor) {
      link.toDialer.hold();
    }
    if (dice.percent(60)) {
      run.timeline()
          .in(
              dice.between(1, 5_000) * MILLISECOND,
              () -> {
                link.toAcceptor.heal();
                link.toDialer.heal();
              });
    }
  }

  private void kill(boolean silently) {
    VirtualHost host = run.host(dice.below(2));
    Storage storage = host.storage();
    boolean forgets = storage != null && !storage.durable;
    if (host.process() == null
        || host.killCount() >= KILLS_MAX
        || (forgets && !run.scenario().mayForget)) {
      return;
    }
    trace(silently ? Fault.POWER_LOSS : Fault.KILL, host.side());
    host.kill(silently, dice.between(1, dice.oneIn(3) ? 4_000 : 200) * MILLISECOND);
    Scenario.Stream in = run.scenario().streams[1 - host.side()];
    if (in != null && in.diverges) {
      run.checks().diverge(1 - host.side(), dice);
    }
  }

  private void suspend() {
    VirtualProcess process = anyProcess();
    if (process == null || process.isSuspended()) {
      return;
    }
    trace(Fault.SUSPEND, process.side());
    process.suspend();
    long stoppedNanos = dice.between(1, dice.oneIn(2) ? 8_000 : 1_500) * MILLISECOND;
    run.timeline()
        .in(
            stoppedNanos,
            () -> {
              if (process.isSuspended()) {
                process.trace("goes on after", stoppedNanos, 0);
                process.resume(dice.percent(50));
              }
            });
  }

  /** On a link of sessions that have met before: a first greeting has to be taken as it comes. */
  private void flip() {
    VirtualLink link = run.network().newest();
    if (link == null) {
      return;
    }
    Lane lane = dice.percent(50) ? link.toAcceptor : link.toDialer;
    LinkEnd reader = lane == link.toAcceptor ? link.acceptor : link.dialer;
    if (reader == null || lane.inFlight() == 0 || reader.process.session().linkCount() == 0) {
      return;
    }
    trace(Fault.FLIP, link.number);
    link.mayDie();
    lane.flip(dice.below(lane.inFlight()), dice.below(Byte.SIZE));
  }

  private void stranger() {
    int side = run.scenario().dialing == 0 ? 1 : 0;
    VirtualProcess process = run.listener(side);
    if (process == null || process.isSuspended()) {
      return;
    }
    trace(Fault.STRANGER, side);
    Scenario scenario = run.scenario();
    if (scenario.tokens && !scenario.isShut()) {
      run.intruder().strike(process);
    }
    boolean linked = process.current() != null;
    boolean sameRole = !linked || dice.percent(50);
    run.checks()
        .onStranger(
            process,
            new Frame.Hello(
                FrameCodec.VERSION,
                FrameCodec.VERSION,
                sameRole ? scenario.sends(side) && !scenario.receives(side) : dice.percent(50),
                sameRole ? scenario.receives(side) && !scenario.sends(side) : dice.percent(50),
                Frame.AckLevel.APPLIED,
                dice.percent(50) ? "lines" : SessionConfig.ENCODING_ANY,
                new Frame.Id(dice.next(), dice.next()),
                dice.between(1, 1_000),
                "pipe",
                "stream-" + dice.below(3),
                false,
                0,
                0,
                0,
                dice.percent(50)));
  }

  private void stall() {
    VirtualProcess process = anyProcess();
    VirtualSink sink = process == null ? null : process.sink();
    if (process != null && sink != null) {
      trace(Fault.STALL, process.side());
      sink.stall(run.timeline().now() + dice.between(1, 4_000) * MILLISECOND);
    }
  }

  private void abort() {
    VirtualProcess process = anyProcess();
    if (process != null && !process.isSuspended()) {
      trace(Fault.ABORT, process.side());
      run.checks().onAbort(process);
      process.session().abort("given up");
      process.pump();
    }
  }

  private @Nullable VirtualProcess anyProcess() {
    List<VirtualProcess> all = run.checks().processes();
    return all.isEmpty() ? null : all.get(dice.below(all.size()));
  }

  private void trace(Fault fault, long where) {
    run.trace().event(run.timeline().now(), "net", fault.name(), where, 0);
  }
}
