package io.hostpipe.runtime;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.SessionFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * One link of a pipe while it carries it. All fields are guarded by the pipe's lock, but for the
 * link and the assembler, which belong to whoever holds the reading role.
 */
final class Attachment {
  /** How seldom the background thread looks whether users still read, when they always did. */
  private static final long LOOK_NANOS_MAX = 8 * LinkDriver.GRACE_NANOS;

  /** How long a link may take to end after the last word was written. */
  private static final long CLOSING_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The same where data before it was not acknowledged: it may still be on a slow way. */
  private static final long CLOSING_NANOS_BEHIND_DATA = TimeUnit.SECONDS.toNanos(5);

  /** What is read at a time behind garbage, while our answer to it is on its way. */
  private static final int DISCARD_BYTES = 4 << 10;

  final Link link;
  final FrameAssembler assembler;
  final long connection;

  /** Signalled when the thread in the background may have to read. */
  final Condition handover;

  /** Whether someone holds the reading role. */
  boolean reading;

  /** Since when, by the ticker's clock. */
  long readingSinceNanos;

  /** When anybody last read. */
  long readNanos = Ticker.now();

  /** When a user of the pipe last wrote; long ago when never. */
  long userWroteNanos = readNanos - Long.MAX_VALUE / 2;

  /** When a user of the pipe last read; 0 for never. */
  long userReadNanos;

  /** How long the background thread waits before it looks again. */
  long lookNanos = LinkDriver.GRACE_NANOS;

  /** Whether the background thread waits for a signal, and not only for a moment. */
  boolean backgroundParked;

  /** Whether what comes can no longer be understood; written by the reader alone. */
  boolean garbled;

  /** How many bytes the last read brought. */
  long lastReadBytes;

  /** Whether both sides welcomed each other on it. */
  boolean opened;

  boolean down;
  boolean closing;

  /** What breaks it when its time is over; null while nothing limits that. */
  private @Nullable Future<?> ending;

  /** Whether a write has failed: what came before that is still read. */
  boolean unwritable;

  /** Whether it was let go of without a fault: it may carry another pipe. */
  boolean kept;

  Attachment(Link link, FrameAssembler assembler, long connection, Condition handover) {
    this.link = link;
    this.assembler = assembler;
    this.connection = connection;
    this.handover = handover;
  }

  boolean isWritable() {
    return !down && !unwritable;
  }

  /** Tells the peer that nothing more comes. Never blocks. */
  void endOutput() {
    Thread.ofVirtual()
        .name("hostpipe-closer")
        .start(() -> {
          try {
            link.shutdownOutput();
          } catch (IOException e) {
            link.close();
          }
        });
  }

  /** Tells the peer why it is left, and that nothing more comes. Never blocks. */
  void sayFarewell(SessionFailure why) {
    LinkThreads.write(() -> {
      try {
        SessionPort.say(link, new Frame.Failure(why.code(), why.reason()));
        link.shutdownOutput();
      } catch (IOException e) {
        link.close();
      }
    });
  }

  /**
   * Breaks the link when it has not ended by itself in a while, from the first call on.
   *
   * @param behindData whether data is on its way before the last word
   */
  void closeInTime(boolean behindData) {
    if (ending == null) {
      long nanos = behindData ? CLOSING_NANOS_BEHIND_DATA : CLOSING_NANOS;
      ending = Ticker.SHARED.alarm(Ticker.now() + nanos, link::close);
    }
  }

  /** The link has ended: nobody has to break it. */
  void callOffEnding() {
    Future<?> pending = ending;
    if (pending != null) {
      pending.cancel(false);
      ending = null;
    }
  }

  /**
   * Takes what came up to a BYE: what stands behind it may be another pipe's. For whoever holds the
   * reading role.
   */
  void takeFrames(List<Frame> frames) throws ProtocolException {
    Frame frame = assembler.poll();
    while (frame != null) {
      frames.add(frame);
      frame = frame instanceof Frame.Bye ? null : assembler.poll();
    }
  }

  /** Where what comes next is put. For whoever holds the reading role. */
  ByteBuffer[] targets() {
    return garbled ? new ByteBuffer[] {ByteBuffer.allocate(DISCARD_BYTES)} : assembler.targets();
  }

  static boolean endWithBye(List<Frame> frames) {
    return !frames.isEmpty() && frames.getLast() instanceof Frame.Bye;
  }

  /** A user reads: the longer that goes on, the less often it is worth a look. Holds the lock. */
  @SuppressWarnings("WaitNotInLoop") // the caller's caller loops
  void awaitNextLook() throws InterruptedException {
    long waitNanos = lookNanos;
    lookNanos = Math.min(2 * waitNanos, LOOK_NANOS_MAX);
    handover.awaitNanos(waitNanos);
  }
}
