package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a run ended as it should have, given what happened to it. */
final class Verdict {
  private final Simulation run;
  private final Checks.Direction[] directions;
  private @Nullable VirtualHost rival;
  private boolean aborted;

  Verdict(Simulation run, Checks.Direction[] directions) {
    this.run = run;
    this.directions = directions;
  }

  void aborted() {
    aborted = true;
  }

  void rival(VirtualHost host) {
    rival = host;
  }

  /** A process that exits well has done all that it promises. */
  void onExit(VirtualProcess exited, VirtualHost.Outcome outcome) {
    if (!outcome.complete()) {
      return;
    }
    int side = exited.side();
    Scenario.Stream sent = run.scenario().streams[side];
    if (sent != null && sent.ackLevel == Frame.AckLevel.DURABLE) {
      require(
          run.host(1 - side).kept().durable() == run.content(side).end(),
          exited.name() + " exits before all is durable");
    }
    if (sent != null && sent.ackLevel == Frame.AckLevel.APPLIED) {
      require(directions[side].reachedEnd, exited.name() + " exits before all is applied");
      require(
          exited.session().outgoing().next() == run.content(side).end(),
          exited.name() + " exits before its source has ended");
      requireRejections(side);
    }
    if (run.scenario().receives(side)) {
      require(directions[1 - side].reachedEnd, exited.name() + " exits before all has come");
    }
  }

  private void requireRejections(int side) {
    Content content = run.content(side);
    VirtualHost other = rival;
    long border = content.borderAbove(content.base());
    while (border > content.base()) {
      boolean known =
          !content.isRejected(border)
              || run.host(side).deadLetters().contains(border)
              || (other != null && other.deadLetters().contains(border));
      require(known, "nobody was told of the rejection at " + border);
      if (border == content.end()) {
        return;
      }
      border = content.borderAbove(border);
    }
  }

  /** The world has been in order for long: who is not done now never will be. */
  void pass() {
    Set<Integer> allowed = allowedCodes();
    for (int side = 0; side < 2; side++) {
      VirtualHost.Outcome reached = run.host(side).outcome();
      if (reached == null) {
        require(mayWait(side), stuck(side));
      } else {
        require(
            reached.complete() || allowed.contains(reached.code()),
            reached.process().name() + " failed: " + reached.failure());
        requireFailure(reached);
      }
    }
    passRival();
  }

  private Set<Integer> allowedCodes() {
    Set<Integer> allowed = new HashSet<>();
    if (aborted) {
      allowed.add(Code.CANCELLED);
    }
    if (run.scenario().isShut()) {
      allowed.add(Code.UNAUTHENTICATED);
      return allowed;
    }
    if (rival != null) {
      allowed.add(Code.FAILED_PRECONDITION);
    }
    for (int stream = 0; stream < 2; stream++) {
      Scenario.Stream traits = run.scenario().streams[stream];
      if (traits == null) {
        continue;
      }
      Checks.Direction direction = directions[stream];
      boolean receivedIsEnough = traits.ackLevel == Frame.AckLevel.RECEIVED;
      if (run.wasAltered(stream) || direction.diverged) {
        allowed.add(Code.DATA_LOSS);
        allowed.add(Code.CANCELLED);
      }
      if (direction.spoolBehind || (direction.receiverKilled && receivedIsEnough)) {
        // A session says so when it goes on, and a spool when it begins, which gives up then.
        allowed.add(Code.DATA_LOSS);
        allowed.add(Code.CANCELLED);
      }
      if (direction.takenOverTooLate) {
        // Nobody can tell that from a writer that has just been started.
        allowed.add(Code.FAILED_PRECONDITION);
      }
      if (direction.sinkAhead && !traits.replayable) {
        // What the sink had before its spool did cannot come again, and something else does.
        allowed.add(Code.DATA_LOSS);
        allowed.add(Code.CANCELLED);
      }
      if (direction.receiverKilledAfterSender || (direction.receiverKilled && rival != null)) {
        // The second sender holds nothing below where the first receiver was.
        allowed.add(Code.OUT_OF_RANGE);
      }
      if (direction.receiverKilled && !traits.durable) {
        allowed.add(Code.FAILED_PRECONDITION);
        allowed.add(Code.CANCELLED);
      }
    }
    return allowed;
  }

  /** Alteration and forgetting must be noticed. */
  private void requireFailure(VirtualHost.Outcome reached) {
    if (!reached.complete()) {
      return;
    }
    String name = reached.process().name();
    require(!run.scenario().isShut(), name + " is content, but one of the two has no token");
    for (int stream = 0; stream < 2; stream++) {
      Scenario.Stream traits = run.scenario().streams[stream];
      // A new sender that cannot go back has to believe what lies before its start.
      boolean noticeable =
          traits != null && (traits.replayable || !directions[stream].senderKilled);
      require(
          !noticeable || !run.wasAltered(stream),
          name + " did not notice that a sink altered a byte");
    }
    require(
        !reached.process().progress().forgotten,
        name + " went on with a receiver that had forgotten everything");
  }

  /** Whether it is right that this side still waits. */
  private boolean mayWait(int side) {
    VirtualHost.Outcome other = run.host(1 - side).outcome();
    if (other == null) {
      return false;
    }
    VirtualProcess waiting = run.host(side).process();
    boolean begunTooLate =
        waiting != null && run.host(side).killCount() > 0 && waiting.session().linkCount() == 0;
    boolean lostAfterReceived =
        directions[1 - side].receiverKilled && levelOf(1 - side) == Frame.AckLevel.RECEIVED;
    VirtualHost second = rival;
    boolean replaced =
        second != null && second.side() == side && second.outcome() != null && other.complete();
    return !other.complete() || begunTooLate || lostAfterReceived || replaced;
  }

  private Frame.@Nullable AckLevel levelOf(int stream) {
    Scenario.Stream traits = run.scenario().streams[stream];
    return traits == null ? null : traits.ackLevel;
  }

  private void passRival() {
    VirtualHost other = rival;
    if (other == null) {
      return;
    }
    VirtualHost.Outcome second = other.outcome();
    VirtualHost.Outcome first = run.host(other.side()).outcome();
    VirtualHost.Outcome receiver = run.host(1 - other.side()).outcome();
    if (second != null) {
      require(
          second.complete() || allowedCodes().contains(second.code()),
          second.process().name() + " failed: " + second.failure());
    }
    boolean receiverIsDone = receiver != null;
    require(second != null || receiverIsDone, "the second writer waits for ever");
    boolean oneIsComplete =
        (first != null && first.complete()) || (second != null && second.complete());
    require(
        oneIsComplete
            || (receiver != null && !receiver.complete())
            || run.host(other.side()).killCount() > 0
            || directions[other.side()].receiverKilled
            || directions[other.side()].takenOverTooLate
            || run.scenario().isShut()
            || aborted,
        "neither of two writers has finished");
  }

  private String stuck(int side) {
    VirtualProcess process = run.host(side).process();
    if (process == null) {
      return "side " + side + " is down for ever";
    }
    return process.name()
        + " is not done: sent "
        + process.session().outgoing().next()
        + ", acknowledged "
        + process.session().outgoing().acknowledged()
        + ", received "
        + process.session().incoming().received()
        + ", applied "
        + process.session().incoming().applied();
  }

  String outcome() {
    return shown(0) + " and " + shown(1);
  }

  private String shown(int side) {
    VirtualHost.Outcome reached = run.host(side).outcome();
    return reached == null ? "waiting" : reached.complete() ? "complete" : nameOf(reached.code());
  }

  private static String nameOf(int code) {
    return switch (code) {
      case Code.CANCELLED -> "cancelled";
      case Code.DATA_LOSS -> "data loss";
      case Code.OUT_OF_RANGE -> "gone back";
      case Code.FAILED_PRECONDITION -> "refused";
      case Code.UNAUTHENTICATED -> "not let in";
      default -> "code " + code;
    };
  }

  private static void require(boolean holds, String broken) {
    if (!holds) {
      throw new Violation(broken);
    }
  }
}
