package io.hostpipe.testkit.kills;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * One stream from beginning to end, whose processes are killed and suspended on the way.
 *
 * <p>Every blow falls strictly inside the stream: something is written, not everything, and more
 * was handed over than is written. The victims are suspended first, so that what is said about the
 * moment of a kill is true of it. Thread rule: one thread.
 */
final class Run implements AutoCloseable {
  private static final Duration STUCK = Duration.ofSeconds(90);
  private static final Duration BETWEEN_TRIES = Duration.ofMillis(3);

  /** More than three heartbeats. */
  private static final Duration SUSPENSION = Duration.ofMillis(1_500);

  private static final int RESTART_MILLIS_MAX = 150;
  private static final int SUSPENDED_PERCENT = 12;
  private static final int TRIES_MAX = 200;

  private final Kind kind;
  private final long seed;
  private final int blowCount;
  private final PrintStream out;
  private final SplittableRandom random;
  private final Stage stage;
  private int kills;
  private int suspensions;

  /**
   * A run that was not begun.
   *
   * @param blowCount how often it is hit, at most: it may be over before
   */
  Run(
      Kind kind,
      long seed,
      int blowCount,
      long sizeBytes,
      Path folder,
      List<String> hostpipe,
      PrintStream out) {
    this.kind = kind;
    this.seed = seed;
    this.blowCount = blowCount;
    this.out = out;
    this.random = new SplittableRandom(seed);
    this.stage = new Stage(folder, hostpipe, sizeBytes, random.split());
  }

  /** How many processes it has killed. */
  int kills() {
    return kills;
  }

  /** How many it has suspended for longer than a heartbeat lasts. */
  int suspensions() {
    return suspensions;
  }

  /**
   * Plays it to its end.
   *
   * @throws Failed when something is lost, doubled or stuck, or a command fails
   */
  void play() throws IOException, InterruptedException, Failed {
    Kind.Ending ending = kind.prepare(stage);
    for (Role role : stage.roles()) {
      role.start();
    }
    for (double share : shares()) {
      // Mostly when the last blow is got over, sometimes in the middle of that.
      long leastBytes = random.nextInt(4) == 0 ? 0 : stage.writtenBytes() + 1;
      if (!awaitWritten(Math.max(leastBytes, (long) (share * stage.sizeBytes())))
          || strike() == Blow.TOO_LATE) {
        break;
      }
    }
    for (Role role : stage.sources()) {
      awaitEnd(role);
    }
    for (Role role : stage.services()) {
      role.terminate();
    }
    for (Role role : stage.roles()) {
      awaitEnd(role);
    }
    String wrong = ending.wrong();
    if (wrong != null) {
      throw new Failed(wrong);
    }
  }

  /** Ends what still runs. */
  @Override
  public void close() {
    stage.roles().forEach(Role::end);
  }

  /** For a report: what each command said last. */
  String lastWords() throws IOException {
    StringBuilder all = new StringBuilder();
    for (Role role : stage.roles()) {
      all.append("---- ").append(role).append('\n').append(role.lastWords(25)).append('\n');
    }
    return all.toString();
  }

  /** Where the blows fall: sorted shares of the whole. */
  private double[] shares() {
    double[] shares = new double[blowCount];
    Arrays.setAll(shares, _ -> 0.02 + 0.9 * random.nextDouble());
    Arrays.sort(shares);
    return shares;
  }

  /** Whether so much was written before all was over. */
  private boolean awaitWritten(long wantedBytes) throws IOException, InterruptedException, Failed {
    long lastBytes = -1;
    long lastNanos = System.nanoTime();
    while (true) {
      long writtenBytes = stage.writtenBytes();
      if (writtenBytes > 0 && writtenBytes >= wantedBytes) {
        return true;
      }
      if (checkEnded()) {
        return false;
      }
      if (writtenBytes != lastBytes) {
        lastBytes = writtenBytes;
        lastNanos = System.nanoTime();
      } else if (System.nanoTime() - lastNanos > STUCK.toNanos()) {
        throw new Failed("stuck at " + writtenBytes + " of " + stage.sizeBytes());
      }
      Patience.lookAgain();
    }
  }

  /** Whether the stream is at its end; the commands that are at theirs must have a good one. */
  private boolean checkEnded() throws IOException, Failed {
    for (Role role : stage.roles()) {
      if (role.asksForAnother()) {
        role.start();
      }
      Integer exitCode = role.exitCode();
      if (exitCode != null && exitCode != 0) {
        throw new Failed(role + " ended with " + exitCode);
      }
    }
    return stage.sources().stream().allMatch(Role::hasEnded)
        || stage.sinks().stream().anyMatch(Role::hasEnded);
  }

  private void awaitEnd(Role role) throws IOException, InterruptedException, Failed {
    long deadlineNanos = System.nanoTime() + STUCK.toNanos();
    while (role.isAlive()) {
      if (System.nanoTime() > deadlineNanos) {
        throw new Failed(role + " does not end");
      }
      checkEnded();
      Patience.lookAgain();
    }
    checkEnded();
  }

  /** What came of an attempt to hit somebody. */
  private enum Blow {
    HIT,
    /** At no moment that was looked at was anything under way: the next blow may have more luck. */
    MISSED,
    /** The stream was at its end before. */
    TOO_LATE
  }

  /** Hits some of the commands. */
  private Blow strike() throws IOException, InterruptedException, Failed {
    List<Role> victims = victims();
    boolean suspends = random.nextInt(100) < SUSPENDED_PERCENT;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
      long handedOver = 0;
      for (Role source : stage.sources()) {
        handedOver += source.handedOver();
      }
      for (Role victim : victims) {
        victim.suspend();
      }
      long writtenBytes = stage.writtenBytes();
      boolean inside = writtenBytes > 0 && handedOver > writtenBytes;
      boolean over = writtenBytes >= stage.sizeBytes() || checkEnded();
      List<Role> done = done(victims);
      if (inside && !over && done.isEmpty() && victims.stream().allMatch(Role::isJava)) {
        say(suspends ? "STOP" : "KILL", victims, writtenBytes, handedOver);
        if (suspends) {
          Patience.pause(SUSPENSION);
          goOn(victims);
          suspensions += victims.size();
        } else {
          replace(victims);
        }
        return Blow.HIT;
      }
      goOn(victims);
      if (over) {
        return Blow.TOO_LATE;
      }
      victims.removeAll(done);
      if (victims.isEmpty()) {
        return Blow.MISSED;
      }
      Patience.pause(BETWEEN_TRIES);
    }
    return Blow.MISSED;
  }

  /** Those whose stream is over, one of many: started again they would begin another one. */
  private static List<Role> done(List<Role> roles) throws IOException {
    List<Role> done = new ArrayList<>();
    for (Role role : roles) {
      if (role.isDone()) {
        done.add(role);
      }
    }
    return done;
  }

  private void goOn(List<Role> victims) throws IOException, InterruptedException {
    for (Role victim : victims) {
      victim.goOn();
    }
  }

  private void replace(List<Role> victims) throws IOException, InterruptedException {
    for (Role victim : victims) {
      victim.kill();
      kills++;
    }
    shuffle(victims);
    for (Role victim : victims) {
      Patience.pause(Duration.ofMillis(random.nextInt(RESTART_MILLIS_MAX)));
      victim.start();
    }
  }

  /** Mostly one, sometimes all. */
  private List<Role> victims() {
    List<Role> roles = new ArrayList<>(stage.roles());
    roles.removeIf(Role::hasEnded);
    shuffle(roles);
    return random.nextInt(4) == 0 ? roles : new ArrayList<>(List.of(roles.getFirst()));
  }

  private void shuffle(List<Role> roles) {
    Collections.shuffle(roles, new Random(random.nextLong()));
  }

  private void say(String what, List<Role> victims, long writtenBytes, long handedOver) {
    out.printf(
        "seed %d: %s %s at %,d of %,d; %,d more handed over%n",
        seed,
        what,
        victims.stream().map(Role::toString).collect(Collectors.joining(", ")),
        writtenBytes,
        stage.sizeBytes(),
        handedOver - writtenBytes);
  }

  /** The promise was broken. */
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1;

    Failed(String message) {
      super(message);
    }
  }
}
