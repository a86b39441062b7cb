package io.hostpipe.testkit.simulator;

import io.hostpipe.session.CreditBudget;
import io.hostpipe.session.Delivery;
import io.hostpipe.session.Frame;
import io.hostpipe.session.Lease;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionConfig;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.session.Transmit;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A small pipe that a link carries before the pipe that is looked at begins on it. Its bytes are
 * others, its end comes soon, and what of it came too late would end up in the pipe behind it.
 */
final class Errand {
  static final String NAME = "errand";

  private static final long TICK_NANOS = Scenario.HEARTBEAT / 4;
  private static final long WAKE_NANOS = 1_000;
  private static final int WINDOW_BYTES = 100;
  private static final int CONTENT_BYTES_MAX = 300;

  private final VirtualProcess process;
  private final LinkEnd end;
  private final Session session;
  private final boolean sends;
  private final ByteBuffer content;
  private final ByteBuffer got = ByteBuffer.allocate(CONTENT_BYTES_MAX);
  private ByteBuffer pending = ByteBuffer.allocate(0);
  private boolean appended;
  private boolean over;

  Errand(VirtualProcess process, LinkEnd end) {
    this.process = process;
    this.end = end;
    this.sends = end.dialer == (end.link.number % 2 == 0);
    this.content = content(end.link.number);
    Frame.Id id = new Frame.Id(process.instance().high() + end.link.number, 1);
    this.session =
        new Session(
            new SessionConfig(
                NAME,
                sends ? "errand-stream" : "none",
                sends,
                !sends,
                Frame.AckLevel.APPLIED,
                SessionConfig.ENCODING_ANY,
                id,
                id,
                Map.of(),
                SessionConfig.KEPT_IN_MEMORY,
                false,
                false,
                Scenario.HEARTBEAT,
                Scenario.HANDSHAKE,
                Scenario.ACK_DELAY,
                Scenario.LINGER,
                WINDOW_BYTES,
                WINDOW_BYTES,
                true,
                (digest, bytes) -> digest * 31 + bytes.remaining(),
                CreditBudget.UNLIMITED));
  }

  private static ByteBuffer content(long number) {
    byte[] bytes = new byte[(int) (number * 37 % CONTENT_BYTES_MAX)];
    Arrays.fill(bytes, (byte) (number * 31));
    return ByteBuffer.wrap(bytes);
  }

  /** On the side that dialed. */
  void dial() {
    session.onDial(1, process.door().credentials(), process.now());
    tick();
    pump();
  }

  /** On the other side. */
  @Nullable SessionFailure accept(Door.Heard heard) {
    Frame.Hello hello = Objects.requireNonNull(heard.hello());
    SessionFailure refusal = session.onAccept(hello, heard.admission(), process.now());
    tick();
    return refusal;
  }

  void hear(Frame frame) {
    session.onFrame(session.connection(), frame, process.now());
  }

  /** Everything that follows from what the session has become. */
  void pump() {
    if (over) {
      return;
    }
    take();
    if (sends && !appended && session.outgoing().positioned()) {
      appended = true;
      session.append(content.duplicate(), Lease.UNPOOLED, null);
      session.finish();
    }
    write();
    if (pending.hasRemaining()) {
      end.out.tellRoom(() -> process.later(WAKE_NANOS, this::pump));
    } else if (session.linkIsKept()) {
      if (!sends && !got.flip().equals(content)) {
        throw new Violation(process.name() + " got other bytes on an errand");
      }
      over = true;
      process.onErrandOver(end, true);
    } else if (session.linkIsToClose()) {
      over = true;
      process.onErrandOver(end, false);
    }
  }

  /** The link is gone. */
  void close() {
    over = true;
    session.onLinkDown(session.connection(), process.now());
    session.close();
  }

  private void take() {
    Delivery next = session.pollDelivery();
    while (next != null) {
      session.onConsumed(next.bytes().remaining(), process.now());
      got.put(next.bytes().duplicate());
      next.lease().release();
      next = session.pollDelivery();
    }
    if (!sends) {
      session.onApplied(session.incoming().received(), null, process.now());
    }
  }

  private void write() {
    while (writePending() && session.wantsToSend(process.now())) {
      Transmit transmit = process.run().takeTransmit();
      session.poll(transmit, process.now());
      int bytes = 0;
      for (int index = 0; index < transmit.bufferCount(); index++) {
        bytes += transmit.buffers()[index].remaining();
      }
      pending = ByteBuffer.allocate(bytes);
      for (int index = 0; index < transmit.bufferCount(); index++) {
        pending.put(transmit.buffers()[index]);
      }
      pending.flip();
      transmit.clear();
      process.run().giveBack(transmit);
    }
  }

  private boolean writePending() {
    end.out.write(pending);
    return !pending.hasRemaining();
  }

  private void tick() {
    process.later(
        TICK_NANOS,
        () -> {
          if (!over) {
            session.onTime(process.now());
            pump();
            tick();
          }
        });
  }
}
