package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a seed decides before its run begins: who sends, over what, to whom, and which faults may
 * happen. Each run has only some of the faults: so one kind can happen often without the others
 * hiding what it does.
 */
final class Scenario {
  static final long HEARTBEAT = TimeUnit.SECONDS.toNanos(1);
  static final long HANDSHAKE = TimeUnit.SECONDS.toNanos(2);
  static final long ACK_DELAY = TimeUnit.MILLISECONDS.toNanos(20);

  /** Longer than all faults of a run together, so that nobody who finished goes too early. */
  static final long LINGER = TimeUnit.SECONDS.toNanos(90);

  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int PERCENT_OF_A_FAULT = 35;
  private static final int SLOW_CHUNK_BYTES = 64;
  private static final int SLOW_GAP_NANOS = 8_000_000;

  /** Which sides dial: 0, 1, or 2 for both. */
  final int dialing;

  /** What each side sends; null when it only receives. */
  final @Nullable Stream[] streams = new Stream[2];

  final Set<Fault> faults = EnumSet.noneOf(Fault.class);
  final long faultIntervalNanos;
  final long faultsNanos;
  final long delayNanosMin;
  final long delayNanosMax;
  final int laneBytes;
  final int chunkBytesMax;
  final long readGapNanos;
  final long lagNanos;

  /** Whether links may carry one pipe after the other. */
  final boolean keepsLinks;

  /** How many of the links have carried another pipe before. */
  final int errandPercent;

  /** Whether the writers of a stream that goes one way take it over from one that lives. */
  final boolean takesOver;

  /** Whether a dialer has to prove a token on each link, and to see one proved. */
  final boolean tokens;

  /** The side that has not the token that the other one asks for, or shows; -1 for neither. */
  final int outsider;

  /** Whether that side has another secret under the same name; otherwise it has no token. */
  final boolean outsiderHasAnother;

  /** Whether a receiver that forgets everything may be killed: the run must then fail. */
  final boolean mayForget;

  Scenario(Dice dice) {
    dialing = dice.oneIn(20) ? 2 : dice.below(2);
    boolean duplex = dice.percent(35);
    int sender = dice.below(2);
    boolean tiny = dice.oneIn(6);
    // A slow link: what is on its way takes seconds, and questions and answers stand behind it.
    boolean slow = !tiny && dice.oneIn(8);
    int least = slow ? 20_000 : 0;
    int most = tiny ? 1_500 : 60_000;
    streams[sender] = new Stream(dice, "stream-" + sender, least, most);
    if (duplex) {
      streams[1 - sender] = new Stream(dice, "stream-" + (1 - sender), least, most);
    }
    chooseFaults(dice);
    // Two writers meet only where links break one after the other.
    boolean often = faults.contains(Fault.RIVAL);
    faultIntervalNanos = dice.between(20, often ? 400 : 2_000) * MILLISECOND;
    faultsNanos = dice.between(500, 15_000) * MILLISECOND;
    int distance = dice.below(3);
    delayNanosMin = distance == 0 ? 10_000 : distance == 1 ? MILLISECOND : 20 * MILLISECOND;
    delayNanosMax = delayNanosMin * dice.oneOf(1, 2, 5);
    chunkBytesMax =
        tiny ? dice.oneOf(1, 2, 7) : slow ? SLOW_CHUNK_BYTES : dice.oneOf(64, 1_000, 1 << 20);
    laneBytes = slow ? 40_000 : dice.oneOf(300, 4_000, 40_000);
    readGapNanos = slow ? SLOW_GAP_NANOS : tiny ? 10_000 : dice.oneOf(1_000, 20_000, 500_000);
    lagNanos = dice.oneIn(3) ? dice.between(1, 5) * MILLISECOND : 0;
    mayForget = dice.oneIn(12);
    keepsLinks = dice.percent(60);
    int errands = dice.oneOf(0, 40, 100);
    takesOver = !duplex && dice.oneIn(3);
    tokens = dice.oneIn(3);
    outsider = tokens && dice.oneIn(12) ? dice.below(2) : -1;
    outsiderHasAnother = dice.percent(60);
    errandPercent = outsider < 0 ? errands : 0;
  }

  /** One fault alone as often as many together. */
  private void chooseFaults(Dice dice) {
    Fault[] all = Fault.values();
    if (dice.percent(50)) {
      faults.add(all[dice.below(all.length)]);
    } else {
      for (Fault fault : all) {
        if (dice.percent(PERCENT_OF_A_FAULT)) {
          faults.add(fault);
        }
      }
    }
    if (faults.contains(Fault.RIVAL)) {
      // A rival only comes in where a link breaks.
      faults.add(Fault.CUT);
    }
    if (!dice.oneIn(12)) {
      faults.remove(Fault.ABORT);
    }
  }

  /** Whether no link may ever come to stand, because one side has not the token. */
  boolean isShut() {
    return outsider >= 0;
  }

  boolean sends(int side) {
    return streams[side] != null;
  }

  boolean receives(int side) {
    return streams[1 - side] != null;
  }

  boolean dials(int side) {
    return dialing == 2 || dialing == side;
  }

  boolean listens(int side) {
    return dialing == 2 || dialing != side;
  }

  /** One direction: its content, its source and its sink. */
  static final class Stream {
    final String id;
    final boolean messages;
    final int contentBytes;
    final int messageBytesMax;
    final int rejectPercent;
    final long base;
    final Frame.AckLevel ackLevel;
    final int windowBytesMin;
    final int windowBytesMax;
    final long budgetBytes;

    /** Whether the source can go back. */
    final boolean replayable;

    /** Whether it goes back to cursors only, as a broker does. */
    final boolean cursors;

    final int batchBytesMax;
    final int holdBytesMax;
    final long paceNanos;

    /** Whether the sink outlives its process. */
    final boolean durable;

    /** Whether there is a spool in front of the sink, which outlives its process then. */
    final boolean spooled;

    /** Whether the sender has a spool behind its source. */
    final boolean senderSpools;

    /** Whether what it sends was synced there, and not only written. */
    final boolean syncsBefore;

    final boolean tellsDigest;
    final boolean consumesEarly;
    final int takesMax;
    final long applyNanosMax;
    final long syncNanosMax;

    /** Whether the sink alters a byte: the session must notice. */
    final boolean alters;

    /** Whether a restarted sink holds other bytes than before: the session must notice. */
    final boolean diverges;

    /** Whether the peer is one that sends again what it has sent: the receiver must drop it. */
    final boolean repeats;

    Stream(Dice dice, String id, int contentBytesMin, int contentBytesMax) {
      this.id = id;
      messages = dice.percent(60);
      int size = dice.below(10);
      int sizeBytes =
          size == 0
              ? dice.below(2)
              : size < 4 ? dice.below(300) : size < 9 ? dice.below(8_000) : dice.below(60_000);
      contentBytes = Math.clamp(sizeBytes, contentBytesMin, contentBytesMax);
      messageBytesMax = contentBytes < 1_000 ? dice.oneOf(1, 30) : dice.oneOf(10, 300, 3_000);
      rejectPercent = dice.percent(40) ? dice.oneOf(3, 30, 100) : 0;
      durable = dice.percent(70);
      base = durable && dice.oneIn(4) ? (1L << 31) - dice.below(3_000) : 0;
      spooled = durable && dice.percent(45);
      ackLevel =
          dice.oneIn(6)
              ? Frame.AckLevel.RECEIVED
              : durable && dice.percent(40) ? Frame.AckLevel.DURABLE : Frame.AckLevel.APPLIED;
      senderSpools = dice.percent(35);
      syncsBefore = dice.oneIn(3);
      windowBytesMin = dice.oneOf(40, 500, 5_000, 64 << 10);
      windowBytesMax = windowBytesMin * dice.oneOf(1, 4, 32);
      budgetBytes = windowBytesMin * (long) dice.oneOf(0, 2, 100);
      replayable = messages || dice.percent(60);
      cursors = replayable && !senderSpools && dice.percent(50);
      batchBytesMax = dice.oneOf(1, 60, 900, 10_000, 40_000);
      holdBytesMax = dice.oneOf(100, 3_000, 100_000);
      paceNanos = dice.oneOf(1_000, 100_000, 5_000_000);
      tellsDigest = dice.percent(60);
      // A message that is longer than the window can only be taken piece by piece.
      consumesEarly = dice.percent(50) || (messages && windowBytesMin < 2 * messageBytesMax);
      takesMax = dice.oneOf(1, 4, 1_000);
      applyNanosMax = dice.oneOf(1_000, 1_000_000, 200_000_000);
      syncNanosMax = dice.oneOf(1_000, 10_000_000, 300_000_000);
      alters = tellsDigest && ackLevel == Frame.AckLevel.APPLIED && dice.oneIn(25);
      diverges = durable && dice.oneIn(10);
      repeats = dice.oneIn(8);
    }
  }
}
