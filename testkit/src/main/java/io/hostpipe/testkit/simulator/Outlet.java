package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.Session;
import io.hostpipe.session.Transmit;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a process writes: one gathering write at a time, which waits, leases and all, until the
 * kernel has taken the last byte.
 */
final class Outlet {
  private static final long WAKE_NANOS = 1_000;

  private final VirtualProcess process;
  private final @Nullable Repeater repeater;
  private @Nullable Transmit writing;
  private @Nullable LinkEnd writingTo;
  private int bufferIndex;
  private boolean wakeDue;

  Outlet(VirtualProcess process, boolean repeats) {
    this.process = process;
    this.repeater = repeats ? new Repeater(process) : null;
  }

  boolean isIdle() {
    return writing == null;
  }

  /** Writes what the session wants to say, as far as there is room. */
  void write(LinkEnd end) {
    Session session = process.session();
    while (proceed(end) && session.wantsToSend(process.now())) {
      Transmit transmit = process.run().takeTransmit();
      writing = transmit;
      writingTo = end;
      bufferIndex = 0;
      if (!session.poll(transmit, process.now())) {
        throw new Violation(process.name() + " wanted to send, and then had nothing to say");
      }
      if (transmit.connection() != end.connection) {
        throw new Violation(process.name() + " says on another link what is for this one");
      }
    }
  }

  /** Says one frame outside of any session. */
  void say(LinkEnd end, Frame frame) {
    ByteBuffer bytes = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(frame, bytes);
    end.out.write(bytes.flip());
  }

  /** What is not written yet never will be. */
  void forget() {
    Transmit transmit = writing;
    if (transmit != null) {
      transmit.clear();
      process.run().giveBack(transmit);
    }
    writing = null;
    writingTo = null;
    Repeater repeating = repeater;
    if (repeating != null) {
      repeating.begin();
    }
  }

  /** Goes on with the write that is under way; true when there is none left. */
  private boolean proceed(LinkEnd end) {
    Transmit transmit = writing;
    if (transmit == null) {
      return true;
    }
    if (writingTo != end) {
      throw new Violation(process.name() + " writes on a link that is gone");
    }
    Repeater repeating = repeater;
    if (repeating != null && bufferIndex == 0) {
      repeating.take(transmit);
      bufferIndex = transmit.bufferCount();
    }
    if (repeating != null && !repeating.write(end.out)) {
      wakeWhenThereIsRoom(end);
      return false;
    }
    while (bufferIndex < transmit.bufferCount()) {
      ByteBuffer buffer = transmit.buffers()[bufferIndex];
      end.out.write(buffer);
      if (buffer.hasRemaining()) {
        wakeWhenThereIsRoom(end);
        return false;
      }
      bufferIndex++;
    }
    transmit.clear();
    process.run().giveBack(transmit);
    writing = null;
    writingTo = null;
    return true;
  }

  private void wakeWhenThereIsRoom(LinkEnd end) {
    end.out.tellRoom(() -> {
      if (!wakeDue) {
        wakeDue = true;
        process.later(
            WAKE_NANOS,
            () -> {
              wakeDue = false;
              process.pump();
            });
      }
    });
  }
}
