package io.hostpipe.testkit.simulator;

import io.hostpipe.session.SessionFailure;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Where one side's processes run, one after the other, and what outlives each of them. */
final class VirtualHost {
  private final Simulation run;
  private final int side;
  private final String name;
  private final Dice dice;
  private final Kept kept;
  private final Set<Long> deadLetters = new TreeSet<>();
  private @Nullable VirtualProcess process;
  private @Nullable Outcome outcome;
  private int lives;
  private int killCount;
  private boolean dataLoss;

  VirtualHost(Simulation run, int side, String name, Kept kept, Dice dice) {
    this.run = run;
    this.side = side;
    this.name = name;
    this.kept = kept;
    this.dice = dice;
  }

  void start() {
    lives++;
    VirtualProcess started = new VirtualProcess(run, this, name + lives, dice.fork());
    process = started;
    started.begin();
  }

  /** Kills the process; another one comes up later. */
  void kill(boolean silently, long downNanos) {
    VirtualProcess killed = process;
    if (killed == null) {
      return;
    }
    killCount++;
    process = null;
    run.checks().onKilled(killed);
    killed.kill(silently);
    kept.onKilled(silently);
    run.timeline().in(downNanos, this::start);
  }

  void onExit(VirtualProcess exited, @Nullable SessionFailure failure) {
    if (exited != process) {
      throw new Violation("a process exits that is not there");
    }
    process = null;
    Outcome reached = new Outcome(failure, dataLoss, run.timeline().now(), exited);
    outcome = reached;
    run.checks().onExit(exited, reached);
  }

  /** The source found that the receiver holds other bytes than it does. */
  void sawDataLoss() {
    dataLoss = true;
  }

  int side() {
    return side;
  }

  int lives() {
    return lives;
  }

  int killCount() {
    return killCount;
  }

  Kept kept() {
    return kept;
  }

  @Nullable Storage storage() {
    return kept.storage();
  }

  /** Ends of the messages that the far sink refused, as far as this side was told. */
  Set<Long> deadLetters() {
    return deadLetters;
  }

  @Nullable VirtualProcess process() {
    return process;
  }

  @Nullable Outcome outcome() {
    return outcome;
  }

  /** How the last process of a host ended. */
  record Outcome(
      @Nullable SessionFailure failure, boolean dataLoss, long nanos, VirtualProcess process) {
    boolean complete() {
      return failure == null;
    }

    int code() {
      SessionFailure why = failure;
      return why == null ? 0 : why.code();
    }
  }
}
