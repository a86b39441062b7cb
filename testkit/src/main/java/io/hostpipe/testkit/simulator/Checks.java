package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.Inbound;
import io.hostpipe.session.Outbound;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The invariants, checked after every step, and what a run was allowed to come to. */
final class Checks {
  private final Simulation run;
  private final Direction[] directions = {new Direction(), new Direction()};
  private final Verdict verdict;
  private @Nullable VirtualHost rival;

  Checks(Simulation run) {
    this.run = run;
    for (int side = 0; side < 2; side++) {
      Scenario.Stream stream = run.scenario().streams[side];
      if (stream != null) {
        directions[side].level = stream.ackLevel;
      }
    }
    this.verdict = new Verdict(run, directions);
  }

  // ---------------------------------------------------------------- after every step

  void afterStep(VirtualProcess process) {
    int side = process.side();
    Session session = process.session();
    if (run.scenario().isShut()) {
      check(!session.isGreeted(), process, "greets a host that has not its token");
      check(session.linkCount() == 0, process, "goes on with a host that has not its token");
      check(session.incoming().stream() == null, process, "knows of the stream of an outsider");
    }
    if (run.scenario().receives(side)) {
      checkReceiver(process, session.incoming(), directions[1 - side]);
    }
    if (run.scenario().sends(side)) {
      checkSender(process, session, directions[side]);
    }
  }

  private void checkSender(VirtualProcess process, Session session, Direction direction) {
    Outbound out = session.outgoing();
    Progress progress = process.progress();
    Storage storage = storageOf(process.side());
    long safe = run.host(1 - process.side()).kept().durable();
    long acknowledged = out.acknowledged();
    check(acknowledged >= progress.acknowledged, process, "takes an acknowledgement back");
    check(out.applied() <= out.received() && out.received() <= out.next(), process, "is confused");
    progress.acknowledged = acknowledged;
    if (storage.forgotCount == 0) {
      boolean spooled = streamOf(process.side()).spooled;
      long bound =
          switch (direction.level) {
            case RECEIVED -> direction.received;
            case DURABLE -> safe;
            case APPLIED -> spooled ? Math.min(safe, storage.position) : storage.position;
          };
      check(
          out.durable() <= safe,
          process,
          "believes that %d is durable where %d is",
          out.durable(),
          safe);
      check(
          acknowledged <= bound,
          process,
          "believes that %d is acknowledged where there is %d",
          acknowledged,
          bound);
      check(
          out.heldFrom() <= Math.max(Math.max(bound, safe), out.startPosition()),
          process,
          "holds only from %d on where there is %d",
          out.heldFrom(),
          Math.max(bound, safe));
      if (session.outgoingFinished()) {
        boolean thereForGood =
            direction.level != Frame.AckLevel.DURABLE || safe == run.content(process.side()).end();
        boolean applied = direction.level != Frame.AckLevel.APPLIED || direction.reachedEnd;
        check(applied, process, "believes in an end that is not applied");
        check(thereForGood, process, "believes in an end that is not durable");
      }
    }
    LinkEnd end = process.current();
    LinkEnd other = end == null ? null : end.other;
    if (direction.diverged && session.isOpen() && session.failure() == null && other != null) {
      Scenario.Stream stream = streamOf(process.side());
      boolean differs = other.process.life() >= direction.divergedLife && stream.tellsDigest;
      check(
          !differs || (!stream.replayable && process.life() > 1),
          process,
          "goes on with a receiver that holds other bytes");
    }
    checkEpoch(process, out, direction, progress);
  }

  private void checkEpoch(
      VirtualProcess process, Outbound out, Direction direction, Progress progress) {
    if (out.epoch() == progress.epoch) {
      return;
    }
    check(out.epoch() > progress.epoch, process, "was given a lower epoch than before");
    check(
        progress.epoch == 0
            || progress.epoch >= direction.epoch
            || process == direction.writer
            || direction.receiverKilled,
        process,
        "took its stream back from the writer that replaced it");
    // What it hears may be old, but is its own.
    VirtualProcess given = direction.epochs.putIfAbsent(out.epoch(), process);
    check(
        given == null || given == process || direction.receiverKilled,
        process,
        "was given the epoch of another writer");
    progress.epoch = out.epoch();
    if (run.scenario().takesOver) {
      direction.epoch = Math.max(direction.epoch, out.epoch());
    }
  }

  private void checkReceiver(VirtualProcess process, Inbound in, Direction direction) {
    Progress progress = process.progress();
    Storage storage = storageOf(1 - process.side());
    Scenario.Stream stream = streamOf(1 - process.side());
    check(in.received() >= progress.received, process, "has received less than before");
    check(in.applied() >= progress.applied, process, "has applied less than before");
    check(in.credit() >= progress.credit, process, "takes credit back");
    check(
        in.applied() <= in.received() && in.received() <= in.credit(),
        process,
        "has applied %d of %d",
        in.applied(),
        in.received());
    check(
        in.received() <= run.content(1 - process.side()).end(),
        process,
        "has received more than there is");
    if (in.stream() != null) {
      LinkEnd end = process.current();
      if (process.session().isOpen()) {
        // The writer has answered: from here on the one before is out.
        direction.epoch = Math.max(direction.epoch, in.epoch());
        direction.writer = end == null || end.other == null ? null : end.other.process;
      }
      check(
          stream.spooled ? in.applied() <= storage.position : in.applied() == storage.position,
          process,
          "tells that %d is applied where there is %d",
          in.applied(),
          storage.position);
      Kept kept = process.host().kept();
      check(
          in.durable() <= kept.durable(),
          process,
          "tells that %d is durable where %d is",
          in.durable(),
          kept.durable());
      check(in.epoch() >= kept.epoch(), process, "gives an epoch that is older than what it kept");
    }
    VirtualSink sink = process.sink();
    long promised = in.credit() - (sink == null ? 0 : sink.consumed());
    long window = stream.windowBytesMin + process.memory().reservedBytes();
    check(
        promised <= window && promised <= stream.windowBytesMax,
        process,
        "promised %d bytes, it has room for %d",
        promised,
        window);
    progress.received = in.received();
    progress.applied = in.applied();
    progress.credit = in.credit();
    direction.received = Math.max(direction.received, in.received());
    direction.reachedEnd |= storage.position == run.content(1 - process.side()).end();
  }

  private static void check(boolean holds, VirtualProcess process, String broken) {
    if (!holds) {
      throw new Violation(process.name() + " " + broken);
    }
  }

  /** With numbers in the text, which is made only when it is needed. */
  private static void check(
      boolean holds, VirtualProcess process, String broken, long first, long second) {
    if (!holds) {
      throw new Violation(process.name() + " " + String.format(broken, first, second));
    }
  }

  /** What an old link must not change. */
  long fingerprint(Session session) {
    long print = session.connection();
    print = print * 31 + session.incoming().received();
    print = print * 31 + session.outgoing().received();
    print = print * 31 + session.outgoing().acknowledged();
    print = print * 31 + (session.isOpen() ? 1 : 0);
    print = print * 31 + (session.linkIsToClose() ? 1 : 0);
    print = print * 31 + (session.failure() == null ? 1 : 0);
    return print * 31 + (session.incomingEnded() ? 1 : 0) + (session.outgoingFinished() ? 2 : 0);
  }

  /** A session gives a link up: that has to have a reason. */
  void onLinkToClose(VirtualProcess process, LinkEnd end) {
    String fault = process.session().linkFault();
    process.trace("closes link" + (fault == null ? "" : ": " + fault), end.link.number, 0);
    boolean silence = fault != null && (fault.contains("silent") || fault.contains("in time"));
    if (silence && !end.mayDie) {
      throw new Violation(process.name() + " takes a peer for dead that lives and can be heard");
    }
  }

  /** Only a writer that says so takes the place of another one whose link lives. */
  void onAccepted(
      VirtualProcess process, LinkEnd end, @Nullable LinkEnd living, Frame.Hello hello) {
    LinkEnd other = end.other;
    LinkEnd livingOther = living == null ? null : living.other;
    boolean another = other != null && livingOther != null && livingOther.process != other.process;
    check(
        !another || hello.takesOver(),
        process,
        "took another peer while the link of the first one lived");
    if (hello.takesOver() && other != null && (other.process.isDead() || other.closed)) {
      onTakenOverTooLate(1 - process.side());
    }
  }

  /** Somebody who does not belong here must be refused, and change nothing. */
  void onStranger(VirtualProcess process, Frame.Hello hello) {
    long before = fingerprint(process.session());
    SessionFailure refusal = process.session().onAccept(hello, null, process.now());
    check(refusal != null, process, "welcomes a stranger");
    check(before == fingerprint(process.session()), process, "was changed by a stranger");
  }

  // ---------------------------------------------------------------- what happened to the run

  void onKilled(VirtualProcess killed) {
    int side = killed.side();
    if (run.scenario().receives(side)) {
      Direction direction = directions[1 - side];
      direction.receiverKilled = true;
      direction.receiverKilledAfterSender |= direction.senderKilled;
      VirtualProcess sender = run.host(1 - side).process();
      if (!storageOf(1 - side).durable && sender != null) {
        Session session = sender.session();
        // What was whole before, at the level asked for, may be confirmed by an answer on its way.
        boolean whole =
            direction.reachedEnd
                || (direction.level == Frame.AckLevel.RECEIVED
                    && direction.received == run.content(1 - side).end());
        sender.progress().forgotten |=
            session.outgoing().positioned() && !session.outgoingFinished() && !whole;
      }
    }
    directions[side].senderKilled = true;
  }

  /** How much of what this side sends has ever been received. */
  long received(int side) {
    return directions[side].received;
  }

  /** The sender's spool has less than the receiver, and its source cannot repeat it. */
  void onSpoolBehind(int side) {
    directions[side].spoolBehind = true;
  }

  /** The sink of what that side sends has more than the spool in front of it, which lost power. */
  void onSinkAhead(int side) {
    directions[side].sinkAhead = true;
  }

  /** A writer said on a link that it has left that it takes over: one that came later is out. */
  void onTakenOverTooLate(int side) {
    directions[side].takenOverTooLate = true;
  }

  void onContentReplaced(int side, long position) {
    directions[side].reachedEnd = false;
    directions[side].received = Math.min(directions[side].received, position);
  }

  /** The sink of this stream comes back with other bytes than it had. */
  void diverge(int stream, Dice dice) {
    Storage storage = storageOf(stream);
    ReceiverSpool spool = run.host(1 - stream).kept().spool();
    if (spool != null) {
      if (spool.position() > run.content(stream).base() && dice.percent(50)) {
        spool.alter();
        directions[stream].diverged = true;
        directions[stream].divergedLife = run.host(1 - stream).lives() + 1;
      }
      return;
    }
    if (storage.position > run.content(stream).base() && dice.percent(50)) {
      storage.digest = Trace.mix(storage.digest + 1);
      directions[stream].diverged = true;
      directions[stream].divergedLife = run.host(1 - stream).lives() + 1;
    }
  }

  boolean diverged(int stream) {
    return directions[stream].diverged;
  }

  void onAbort(VirtualProcess process) {
    verdict.aborted();
    process.trace("gives up", 0, 0);
  }

  void onExit(VirtualProcess exited, VirtualHost.Outcome outcome) {
    verdict.onExit(exited, outcome);
  }

  void startRival(Dice dice) {
    Scenario scenario = run.scenario();
    int side = scenario.dialing;
    if (rival != null || side == 2 || !scenario.sends(side) || scenario.receives(side)) {
      return;
    }
    Scenario.Stream stream = streamOf(side);
    if (!stream.replayable) {
      return;
    }
    rival = new VirtualHost(run, side, "R", Kept.NOTHING, dice.fork());
    verdict.rival(rival);
    rival.start();
  }

  /** Whether there was a second writer beside that side's. */
  boolean hasRival(int side) {
    VirtualHost other = rival;
    return other != null && other.side() == side;
  }

  boolean rivalIsSettled() {
    VirtualHost other = rival;
    return other == null || other.outcome() != null;
  }

  // ---------------------------------------------------------------- the end

  void verdict() {
    verdict.pass();
  }

  String outcome() {
    return verdict.outcome();
  }

  /** All processes that live. */
  List<VirtualProcess> processes() {
    List<VirtualProcess> all = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      add(all, run.host(side));
    }
    VirtualHost other = rival;
    if (other != null) {
      add(all, other);
    }
    return all;
  }

  private static void add(List<VirtualProcess> all, VirtualHost host) {
    VirtualProcess process = host.process();
    if (process != null) {
      all.add(process);
    }
  }

  private Storage storageOf(int stream) {
    Storage storage = run.host(1 - stream).storage();
    if (storage == null) {
      throw new IllegalStateException("nobody receives stream " + stream);
    }
    return storage;
  }

  private Scenario.Stream streamOf(int side) {
    Scenario.Stream stream = run.scenario().streams[side];
    if (stream == null) {
      throw new IllegalStateException("side " + side + " sends nothing");
    }
    return stream;
  }

  /** What happened to one direction, over all lives of its two ends. */
  static final class Direction {
    Frame.AckLevel level = Frame.AckLevel.APPLIED;
    long received;

    /** Of the last writer that replaced the one before. */
    long epoch;

    /** That one, where it has answered; null when not. */
    @Nullable VirtualProcess writer;

    boolean reachedEnd;
    boolean senderKilled;
    boolean receiverKilled;
    boolean receiverKilledAfterSender;
    boolean diverged;
    boolean spoolBehind;
    boolean sinkAhead;
    boolean takenOverTooLate;

    /** Which writer was given each epoch. */
    final Map<Long, VirtualProcess> epochs = new HashMap<>();

    /** The first life of the receiver in which it had other bytes than before. */
    int divergedLife;
  }
}
