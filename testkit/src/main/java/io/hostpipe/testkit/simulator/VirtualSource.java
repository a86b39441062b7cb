package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Memory;
import io.hostpipe.session.Outbound;
import io.hostpipe.session.Session;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The source of one process: goes to where the receiver is, then hands over batches. */
final class VirtualSource {
  private final VirtualProcess process;
  private final Scenario.Stream stream;
  private final Content content;
  private final Dice dice;
  private final @Nullable SpoolFiller spool;
  private boolean placed;
  private boolean finished;
  private long readyNanos;
  private boolean waiting;

  VirtualSource(VirtualProcess process, Scenario.Stream stream, Content content, Dice dice) {
    this.process = process;
    this.stream = stream;
    this.content = content;
    this.dice = dice;
    SenderSpool kept = process.host().kept().sent();
    this.spool = kept == null ? null : new SpoolFiller(process, stream, content, kept, dice.fork());
  }

  /** Hands over what the pace and the memory allow. */
  void feed() {
    Session session = process.session();
    Outbound out = session.outgoing();
    SpoolFiller filler = spool;
    if (filler != null && session.failure() == null) {
      filler.release(out.acknowledged());
      filler.fill();
    }
    if (!out.positioned() || finished || session.failure() != null) {
      return;
    }
    if (!placed) {
      placed = true;
      place(session, out);
    }
    while (session.failure() == null && !finished) {
      if (out.next() - out.heldFrom() >= stream.holdBytesMax) {
        return;
      }
      if (filler != null && out.next() >= filler.readable() && !isWhole(filler, out)) {
        return;
      }
      if (filler == null && readyNanos > process.now()) {
        waitForPace();
        return;
      }
      readyNanos = process.now() + process.run().delay(dice, stream.paceNanos);
      if (out.next() < content.end()) {
        append(session, out, filler == null ? content.end() : filler.readable());
      } else {
        finished = true;
        process.run().onEnded(process.side());
        process.trace("finishes at", out.next(), 0);
        session.finish();
      }
    }
  }

  private void waitForPace() {
    if (!waiting) {
      waiting = true;
      process.later(
          readyNanos - process.now(),
          () -> {
            waiting = false;
            process.pump();
          });
    }
  }

  /** Whether all was appended, and the end of it is safe. */
  private boolean isWhole(SpoolFiller filler, Outbound out) {
    return filler.isWhole() && out.next() == content.end();
  }

  private void append(Session session, Outbound out, long readable) {
    long from = out.next();
    long to = Math.min(readable, content.batchEnd(from, 1 + dice.below(stream.batchBytesMax)));
    Memory.Piece piece = process.memory().take((int) (to - from));
    ByteBuffer bytes = piece.buffer().put(content.slice(from, to)).flip();
    byte[] cursor = stream.cursors ? content.cursorAt(to) : null;
    long next = session.append(bytes, piece.lease(), cursor);
    if (next != to && session.failure() == null) {
      throw new Violation("appended up to " + to + ", but the session says " + next);
    }
  }

  /** Seeks: what the receiver told must be true, and enough to go on from. */
  private void place(Session session, Outbound out) {
    long start = out.startPosition();
    process.trace("starts at", start, out.startCursorPosition());
    SpoolFiller filler = spool;
    if (filler != null && !filler.goesOnAt(start)) {
      loseData(session, "the spool does not hold what follows " + start);
      return;
    }
    if (!stream.replayable && filler == null) {
      placeWithoutReplay(start);
      return;
    }
    if (start < content.base() || start > content.end()) {
      throw new Violation("a source is to start at " + start + ", it has up to " + content.end());
    }
    Long digest = out.startDigest();
    if (digest != null && digest != content.digestAt(start)) {
      if (content.isAnother()) {
        // What the last life had sent came after this one began with something else.
        process.run().checks().onSpoolBehind(process.side());
      } else if (!process.run().mayBeAltered(process.side())) {
        throw new Violation("the digest at the start " + start + " is not the source's");
      }
      loseData(session, "the receiver holds other bytes");
      return;
    }
    if (stream.cursors) {
      checkCursor(out, start);
    }
    if (digest != null && dice.percent(50)) {
      session.onStartVerified();
    }
  }

  private void loseData(Session session, String why) {
    process.host().sawDataLoss();
    session.abort(why);
  }

  private void placeWithoutReplay(long start) {
    boolean ended = process.run().hasEnded(process.side()) && start == content.end();
    if (process.host().lives() > 1 && !ended) {
      int bytes = dice.below(stream.contentBytes + 1);
      process.run().checks().onContentReplaced(process.side(), start);
      content.replaceFrom(dice, start, bytes);
      process.trace("goes on without replay, to", content.end(), 0);
    } else if (!ended && start != content.base()) {
      throw new Violation("a first source is to start at " + start);
    }
  }

  /**
   * A broker's source finds its place by the cursor alone. At most one batch of each sender lies
   * behind it, since a new sender may begin inside of a batch and be killed before its end.
   */
  private void checkCursor(Outbound out, long start) {
    byte[] cursor = out.startCursor();
    long place = cursor == null ? content.base() : content.positionOf(cursor);
    if (cursor != null && place != out.startCursorPosition()) {
      throw new Violation(
          "the cursor for " + place + " came back as one for " + out.startCursorPosition());
    }
    int batchBytes = stream.batchBytesMax + stream.messageBytesMax;
    if (place > start || start - place >= batchBytes * (long) process.life()) {
      throw new Violation("the cursor for " + place + " came back for position " + start);
    }
  }
}
