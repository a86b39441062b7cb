package io.hostpipe.testkit.simulator;

/**
 * Takes what a source yields into the sender's spool, whether or not anybody receives it yet, and
 * syncs it there.
 */
final class SpoolFiller {
  private final VirtualProcess process;
  private final Scenario.Stream stream;
  private final Content content;
  private final SenderSpool spool;
  private final Dice dice;
  private boolean begun;

  /** The receiver may have more than this spool: the source waits until it has said so. */
  private boolean waitsForReceiver;

  private boolean syncing;
  private long readyNanos;
  private boolean waiting;

  SpoolFiller(
      VirtualProcess process,
      Scenario.Stream stream,
      Content content,
      SenderSpool spool,
      Dice dice) {
    this.process = process;
    this.stream = stream;
    this.content = content;
    this.spool = spool;
    this.dice = dice;
  }

  /** Up to where it may be sent. */
  long readable() {
    return stream.syncsBefore ? spool.synced() : spool.written();
  }

  /** Whether all of the stream, its end too, is there for good. */
  boolean isWhole() {
    return spool.finishedForGood();
  }

  /** The receiver has the stream up to there: whether the spool can go on from that. */
  boolean goesOnAt(long position) {
    if (position > spool.written()) {
      // Another writer of the stream has a source and a spool of its own.
      if (stream.syncsBefore && !process.run().checks().hasRival(process.side())) {
        throw new Violation("sent up to " + position + " what its spool had not synced");
      }
      if (!stream.replayable) {
        process.run().checks().onSpoolBehind(process.side());
        return false;
      }
      spool.write(position);
    }
    waitsForReceiver = false;
    return position >= spool.released();
  }

  void release(long acknowledged) {
    spool.release(acknowledged);
  }

  /** Takes what the pace allows. */
  void fill() {
    if (!begun) {
      begun = true;
      begin();
    }
    while (!waitsForReceiver && !spool.finished()) {
      if (readyNanos > process.now()) {
        waitForPace();
        break;
      }
      readyNanos = process.now() + process.run().delay(dice, stream.paceNanos);
      if (spool.written() < content.end()) {
        spool.write(content.batchEnd(spool.written(), 1 + dice.below(stream.batchBytesMax)));
      } else {
        spool.finish();
        process.run().onEnded(process.side());
      }
    }
    sync();
  }

  /** A source that cannot repeat itself yields something else behind what its spool has. */
  private void begin() {
    if (process.life() == 1 || stream.replayable || spool.finished()) {
      return;
    }
    if (process.run().checks().received(process.side()) > spool.written()) {
      waitsForReceiver = true;
      return;
    }
    int bytes = dice.below(stream.contentBytes + 1);
    process.run().checks().onContentReplaced(process.side(), spool.written());
    content.replaceFrom(dice, spool.written(), bytes);
    process.trace("goes on behind its spool, to", content.end(), 0);
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

  private void sync() {
    boolean withEnd = spool.finished();
    if (syncing || (spool.synced() == spool.written() && withEnd == spool.finishedForGood())) {
      return;
    }
    syncing = true;
    long reached = spool.written();
    process.later(
        process.run().delay(dice, stream.syncNanosMax),
        () -> {
          syncing = false;
          spool.sync(reached, withEnd);
          process.trace("has spooled up to", reached, withEnd ? 1 : 0);
          process.pump();
        });
  }
}
