package io.hostpipe.testkit.simulator;

import io.hostpipe.Digest;
import io.hostpipe.session.SessionConfig;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a receiver's spool has of its stream, in front of a sink. What was written outlives the
 * process; what was synced outlives a loss of power, too.
 */
final class ReceiverSpool {
  private final String stream;
  private final boolean tellsDigest;
  private boolean met;
  private State written;
  private State synced;

  ReceiverSpool(Scenario.Stream stream, Content content) {
    this.stream = stream.id;
    this.tellsDigest = stream.tellsDigest;
    long base = content.base();
    met = base > 0;
    written = new State(0, base, content.digestAt(base), met ? content.cursorAt(base) : null, base);
    synced = written;
  }

  /** The end of what a process finds here when it comes up. */
  long position() {
    return written.position;
  }

  /** What would be there after a loss of power. */
  long durable() {
    return synced.position;
  }

  /** The epoch that would be. */
  long epoch() {
    return synced.epoch;
  }

  State written() {
    return written;
  }

  void write(ByteBuffer bytes, byte @Nullable [] cursor, long epoch) {
    met = true;
    long end = written.position + bytes.remaining();
    written =
        new State(
            epoch,
            end,
            Digest.fromLong(written.digest).extend(bytes).toLong(),
            cursor == null ? written.cursor : cursor,
            cursor == null ? written.cursorPosition : end);
  }

  void sync(State reached) {
    synced = reached;
  }

  /** Comes back with other bytes than it had. */
  void alter() {
    written = written.withDigest(Trace.mix(written.digest + 1));
    synced = written;
  }

  /** The process is gone; whoever comes next syncs what it finds, before it says so. */
  void onKilled(boolean powerLost) {
    if (powerLost) {
      written = synced;
    }
    synced = written;
  }

  /** What a receiver's session begins with. */
  Map<String, SessionConfig.InboundStart> held() {
    return met
        ? Map.of(
            stream,
            new SessionConfig.InboundStart(
                stream,
                written.epoch,
                written.position,
                tellsDigest ? written.digest : null,
                written.cursor,
                written.cursorPosition))
        : Map.of();
  }

  /** How far it is. */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  record State(
      long epoch, long position, long digest, byte @Nullable [] cursor, long cursorPosition) {
    State withDigest(long other) {
      return new State(epoch, position, other, cursor, cursorPosition);
    }
  }
}
