package io.hostpipe.testkit.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The links between the two hosts, and what the world does to them. */
final class VirtualNetwork {
  private static final long CONNECT_TIMEOUT_NANOS = Scenario.HEARTBEAT;

  /** How many links a fault may still strike. */
  private static final int REMEMBERED_MAX = 16;

  /** How many links may be made when no fault happens any more. */
  private static final long LINKS_IN_ORDER_MAX = 1_000;

  private final Simulation run;
  private final Dice dice;
  private final List<VirtualLink> links = new ArrayList<>();
  private final List<LinkEnd> orphans = new ArrayList<>();
  private long linkCount;
  private long linkCountMax = Long.MAX_VALUE;
  private long partitionUntilNanos;

  VirtualNetwork(Simulation run, Dice dice) {
    this.run = run;
    this.dice = dice;
  }

  /** A process wants a link to the other host. */
  void dial(VirtualProcess from) {
    Timeline timeline = run.timeline();
    if (timeline.now() < partitionUntilNanos) {
      timeline.in(CONNECT_TIMEOUT_NANOS, () -> from.run(from::onDialFailed));
      return;
    }
    timeline.in(delay(), () -> connect(from));
  }

  private void connect(VirtualProcess from) {
    VirtualProcess to = run.listener(1 - from.side());
    if (to == null || from.isDead()) {
      run.timeline().in(delay(), () -> from.run(from::onDialFailed));
      return;
    }
    Scenario scenario = run.scenario();
    VirtualLink link = new VirtualLink(++linkCount, lane(scenario), lane(scenario));
    if (linkCount > linkCountMax) {
      throw new Violation("links are made and broken without end");
    }
    links.add(link);
    if (links.size() > REMEMBERED_MAX) {
      links.removeFirst();
    }
    LinkEnd dialer = new LinkEnd(link, link.toDialer, link.toAcceptor, from, true);
    LinkEnd acceptor = new LinkEnd(link, link.toAcceptor, link.toDialer, to, false);
    link.dialer = dialer;
    link.acceptor = acceptor;
    dialer.other = acceptor;
    acceptor.other = dialer;
    link.toDialer.listen(() -> from.run(() -> from.reader().read(dialer)));
    link.toAcceptor.listen(() -> to.run(() -> to.reader().read(acceptor)));
    // The peer of a stopped process may wait for it in vain.
    dialer.mayDie = to.isSuspended();
    acceptor.mayDie = from.isSuspended();
    run.timeline().in(delay(), () -> from.run(() -> from.onDialed(dialer)));
    to.run(() -> to.onAccepted(acceptor));
  }

  private Lane lane(Scenario scenario) {
    return new Lane(
        run.timeline(), dice, scenario.laneBytes, scenario.delayNanosMin, scenario.delayNanosMax);
  }

  private long delay() {
    return dice.between(run.scenario().delayNanosMin, run.scenario().delayNanosMax);
  }

  /** The newest link that still carries something; null for none. */
  @Nullable VirtualLink newest() {
    for (int index = links.size() - 1; index >= 0; index--) {
      if (!links.get(index).isBroken()) {
        return links.get(index);
      }
    }
    return null;
  }

  /** Any link, old ones included. */
  @Nullable VirtualLink any() {
    return links.isEmpty() ? null : links.get(dice.below(links.size()));
  }

  void partition(long untilNanos) {
    partitionUntilNanos = untilNanos;
  }

  /** Breaks a link: what is in flight is lost at any byte, and each end hears of it by itself. */
  void cut(VirtualLink link) {
    link.mayDie();
    for (Lane lane : List.of(link.toAcceptor, link.toDialer)) {
      long delay = dice.oneIn(3) ? dice.between(0, 2 * Scenario.HEARTBEAT) : dice.below(1_000_000);
      lane.breakAfter(dice.below(lane.inFlight() + 1), run.timeline().now() + delay);
    }
  }

  /** A dead process leaves its end. */
  void leave(LinkEnd end, boolean silently) {
    end.link.mayDie();
    if (silently) {
      end.out.hold();
      end.in.hold();
      orphans.add(end);
    } else {
      cut(end.link);
    }
  }

  /** The world is in order from now on. */
  void heal() {
    partitionUntilNanos = 0;
    linkCountMax = linkCount + LINKS_IN_ORDER_MAX;
    for (VirtualLink link : links) {
      link.toAcceptor.heal();
      link.toDialer.heal();
    }
    for (LinkEnd orphan : orphans) {
      cut(orphan.link);
    }
    orphans.clear();
  }
}
