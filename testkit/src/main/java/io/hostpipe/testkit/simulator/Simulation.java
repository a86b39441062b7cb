package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Transmit;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * One run: all of it follows from the seed. First faults happen and every step is checked for
 * safety; then the world is in order, and everything has to end well within so many steps.
 *
 * <p>Thread rule: one thread.
 */
final class Simulation {
  /** Virtual time for the end, once the world is in order. */
  private static final long END_NANOS = 3 * Scenario.LINGER;

  private static final long STEP_COUNT_MAX = 1_000_000;

  /** What sources and sinks take for one piece of work in the end. */
  private static final long QUICK_NANOS = 100_000;

  private final long seed;
  private final Transmits transmits;
  private final Timeline timeline = new Timeline();
  private final Trace trace;
  private final Scenario scenario;
  private final Content[] contents = new Content[2];
  private final long[] alterAt = {-1, -1};
  private final boolean[] altered = new boolean[2];
  private final boolean[] ended = new boolean[2];
  private boolean inOrder;
  private final VirtualHost[] hosts = new VirtualHost[2];
  private final VirtualNetwork network;
  private final Checks checks;
  private final Chaos chaos;
  private final Intruder intruder;

  private Simulation(long seed, Transmits transmits, @Nullable PrintStream reader) {
    this.seed = seed;
    this.transmits = transmits;
    this.trace = new Trace(reader);
    Dice dice = new Dice(seed);
    this.scenario = new Scenario(dice.fork());
    Storage[] storages = new Storage[2];
    ReceiverSpool[] spools = new ReceiverSpool[2];
    SenderSpool[] sent = new SenderSpool[2];
    for (int side = 0; side < 2; side++) {
      Scenario.Stream stream = scenario.streams[side];
      if (stream != null) {
        Content content = contentOf(stream, dice.fork());
        contents[side] = content;
        storages[1 - side] = new Storage(stream, content, dice.fork());
        spools[1 - side] = stream.spooled ? new ReceiverSpool(stream, content) : null;
        sent[side] = stream.senderSpools ? new SenderSpool(content) : null;
        alterAt[side] =
            stream.alters && content.end() > content.base()
                ? dice.between(content.base(), content.end() - 1)
                : -1;
      }
    }
    this.network = new VirtualNetwork(this, dice.fork());
    this.checks = new Checks(this);
    this.chaos = new Chaos(this, dice.fork());
    for (int side = 0; side < 2; side++) {
      Kept kept = new Kept(storages[side], spools[side], sent[side]);
      hosts[side] = new VirtualHost(this, side, side == 0 ? "A" : "B", kept, dice.fork());
    }
    this.intruder = new Intruder(this, dice.fork());
  }

  private static Content contentOf(Scenario.Stream stream, Dice dice) {
    return new Content(
        dice,
        stream.messages,
        stream.contentBytes,
        stream.messageBytesMax,
        stream.rejectPercent,
        stream.base);
  }

  /** Runs a seed; the reader, if any, gets the trace. */
  static Result run(long seed, Transmits transmits, @Nullable PrintStream reader) {
    return new Simulation(seed, transmits, reader).run();
  }

  private Result run() {
    String violation = null;
    try {
      live();
    } catch (Violation e) {
      violation = e.getMessage();
    } catch (RuntimeException e) {
      violation = e + " at " + placeOf(e);
    }
    if (violation != null) {
      trace.note("VIOLATION: " + violation);
    }
    return new Result(
        seed, trace.hash(), timeline.stepCount(), timeline.now(), checks.outcome(), violation);
  }

  private void live() {
    hosts[0].start();
    hosts[1].start();
    long faultsEnd = timeline.now() + scenario.faultsNanos;
    chaos.begin(faultsEnd);
    stepUntil(faultsEnd);
    chaos.end();
    network.heal();
    inOrder = true;
    trace.event(timeline.now(), "net", "the world is in order", 0, 0);
    stepUntil(timeline.now() + END_NANOS);
    checks.verdict();
  }

  private void stepUntil(long endNanos) {
    while (!isSettled() && timeline.step(endNanos)) {
      if (timeline.stepCount() > STEP_COUNT_MAX) {
        throw new Violation("no end after " + STEP_COUNT_MAX + " steps");
      }
    }
  }

  /** Whether nothing is to be expected of either side any more. */
  private boolean isSettled() {
    return hosts[0].outcome() != null && hosts[1].outcome() != null && checks.rivalIsSettled();
  }

  private static String placeOf(RuntimeException e) {
    StackTraceElement[] stack = e.getStackTrace();
    return stack.length == 0 ? "?" : stack[0].toString();
  }

  /** The sink of that stream alters a byte now, if this is where it does. */
  boolean altersNow(int stream, long from, long to) {
    boolean now = alterAt[stream] >= from && alterAt[stream] < to;
    altered[stream] |= now;
    return now;
  }

  boolean mayBeAltered(int stream) {
    return altered[stream] || checks.diverged(stream);
  }

  /** How long something takes; not long any more, when only the end is waited for. */
  long delay(Dice dice, long nanosMax) {
    return dice.between(0, inOrder ? Math.min(nanosMax, QUICK_NANOS) : nanosMax);
  }

  /** The source of that side has come to its end, once. */
  void onEnded(int side) {
    ended[side] = true;
  }

  boolean hasEnded(int side) {
    return ended[side];
  }

  boolean wasAltered(int stream) {
    return altered[stream];
  }

  /** The process that a dialer reaches on that side; null for none. */
  @Nullable VirtualProcess listener(int side) {
    return scenario.listens(side) ? hosts[side].process() : null;
  }

  Transmit takeTransmit() {
    return transmits.take();
  }

  void giveBack(Transmit transmit) {
    transmits.giveBack(transmit);
  }

  Timeline timeline() {
    return timeline;
  }

  Trace trace() {
    return trace;
  }

  Scenario scenario() {
    return scenario;
  }

  VirtualNetwork network() {
    return network;
  }

  Checks checks() {
    return checks;
  }

  Intruder intruder() {
    return intruder;
  }

  VirtualHost host(int side) {
    return hosts[side];
  }

  /** What this side sends. */
  Content content(int side) {
    return contents[side];
  }

  /**
   * What became of a run.
   *
   * @param hash of everything that happened
   * @param outcome in a word or two
   * @param violation the invariant that did not hold; null when all did
   */
  record Result(
      long seed, long hash, long steps, long nanos, String outcome, @Nullable String violation) {}
}
