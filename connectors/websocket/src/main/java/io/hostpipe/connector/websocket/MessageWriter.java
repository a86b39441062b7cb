package io.hostpipe.connector.websocket;

import io.hostpipe.runtime.Link;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Puts each write on the connection as one binary message.
 *
 * <p>A server sends the buffers as they are, behind a head. A client has to mask them, and does so
 * into a lent buffer, a piece at a time.
 *
 * <p>What the reader has to answer, and the last word, are left here, and are written by whoever
 * has the turn next, or by a thread of their own: a reader must not wait for the peer's reader. One
 * ping waits at most; a peer that sends more gets the answer to the last one, as the RFC allows.
 *
 * <p>Thread rule: the link's writer writes; the rest from any thread.
 */
final class MessageWriter {
  private static final SecureRandom KEYS = new SecureRandom();

  private final Link carrier;
  private final boolean masks;

  /** Who has it writes. */
  private final Semaphore turn = new Semaphore(1);

  private final AtomicReference<byte @Nullable []> pong = new AtomicReference<>();
  private final AtomicReference<@Nullable ByteBuffer> lastWord = new AtomicReference<>();

  /** Written by who has the turn. */
  private volatile boolean ended;

  MessageWriter(Link carrier, boolean masks) {
    this.carrier = carrier;
    this.masks = masks;
  }

  /** As {@link Link#write}. */
  void write(ByteBuffer[] buffers, int count) throws IOException {
    turn.acquireUninterruptibly();
    try {
      if (ended) {
        throw new IOException(carrier.peer() + ": the WebSocket is closed for writing");
      }
      send(FrameHead.BINARY, buffers, count);
    } finally {
      turn.release();
      sayWhatWaits();
    }
  }

  /** Closes this side when its turn comes; nothing may be written afterwards. Idempotent. */
  void end(ByteBuffer payload) throws IOException {
    if (lastWord.compareAndSet(null, payload)) {
      sayWhatWaits();
    }
  }

  /** As {@link #end}, from a thread that must not write. */
  void endElsewhere(ByteBuffer payload) {
    if (lastWord.compareAndSet(null, payload)) {
      sayElsewhere();
    }
  }

  /** Answers a ping, from a thread that must not write. */
  void pongElsewhere(byte[] payload) {
    if (pong.getAndSet(payload) == null) {
      sayElsewhere();
    }
  }

  private void sayElsewhere() {
    Thread.ofVirtual()
        .name("hostpipe-websocket-answer")
        .start(() -> {
          try {
            sayWhatWaits();
          } catch (IOException e) {
            // Its reader finds out, too.
          }
        });
  }

  /** Who is denied the turn leaves it to who has it: that one looks again behind its write. */
  private void sayWhatWaits() throws IOException {
    while (somethingWaits() && turn.tryAcquire()) {
      try {
        sayOne();
      } finally {
        turn.release();
      }
    }
  }

  private boolean somethingWaits() {
    return !ended && (pong.get() != null || lastWord.get() != null);
  }

  private void sayOne() throws IOException {
    if (ended) {
      return;
    }
    byte[] answer = pong.getAndSet(null);
    if (answer != null) {
      send(FrameHead.PONG, new ByteBuffer[] {ByteBuffer.wrap(answer)}, 1);
    }
    ByteBuffer word = lastWord.get();
    if (word != null) {
      ended = true;
      send(FrameHead.CLOSE, new ByteBuffer[] {word}, 1);
    }
  }

  private void send(int opcode, ByteBuffer[] buffers, int count) throws IOException {
    long payloadBytes = 0;
    for (int index = 0; index < count; index++) {
      payloadBytes += buffers[index].remaining();
    }
    if (masks) {
      sendMasked(opcode, buffers, count, payloadBytes);
      return;
    }
    ByteBuffer head = ByteBuffer.allocate(FrameHead.BYTES_MAX);
    FrameHead.whole(opcode, false, 0, payloadBytes).write(head);
    ByteBuffer[] all = new ByteBuffer[count + 1];
    all[0] = head.flip();
    int allCount = 1;
    for (int index = 0; index < count; index++) {
      if (buffers[index].hasRemaining()) {
        all[allCount++] = buffers[index];
      }
    }
    carrier.write(all, allCount);
  }

  private void sendMasked(int opcode, ByteBuffer[] buffers, int count, long payloadBytes)
      throws IOException {
    int key = KEYS.nextInt();
    ByteBuffer out = MaskBuffers.take();
    try {
      FrameHead.whole(opcode, true, key, payloadBytes).write(out);
      long offset = 0;
      for (int index = 0; index < count; index++) {
        ByteBuffer buffer = buffers[index];
        while (buffer.hasRemaining()) {
          if (!out.hasRemaining()) {
            put(out);
          }
          int lengthBytes = Math.min(buffer.remaining(), out.remaining());
          Mask.copy(buffer, out, lengthBytes, key, offset);
          offset += lengthBytes;
        }
      }
      put(out);
    } finally {
      MaskBuffers.give(out);
    }
  }

  private void put(ByteBuffer out) throws IOException {
    carrier.write(new ByteBuffer[] {out.flip()}, 1);
    out.clear();
  }
}
