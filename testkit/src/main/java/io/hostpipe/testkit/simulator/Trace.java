package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import java.io.PrintStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Everything that happens in a run, in order: a hash of it always, and its text when somebody reads
 * it.
 */
final class Trace {
  private static final double NANOS_PER_SECOND = 1e9;

  private final @Nullable PrintStream out;
  private long hash;

  Trace(@Nullable PrintStream out) {
    this.out = out;
  }

  static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
    return z ^ (z >>> 31);
  }

  long hash() {
    return hash;
  }

  void event(long nowNanos, String who, String what, long first, long second) {
    absorb(nowNanos);
    absorb(who.hashCode() * 31L + what.hashCode());
    absorb(first);
    absorb(second);
    PrintStream reader = out;
    if (reader != null) {
      reader.printf(
          "%12.6f  %-4s %s %d %d%n", nowNanos / NANOS_PER_SECOND, who, what, first, second);
    }
  }

  void frame(long nowNanos, String who, long link, Frame frame) {
    absorb(nowNanos);
    absorb(who.hashCode() * 31L + link);
    absorb(hashOf(frame));
    PrintStream reader = out;
    if (reader != null) {
      reader.printf(
          "%12.6f  %-4s hears on link %d: %s%n",
          nowNanos / NANOS_PER_SECOND, who, link, shown(frame));
    }
  }

  /** For readers only. */
  void note(String text) {
    PrintStream reader = out;
    if (reader != null) {
      reader.println(text);
    }
  }

  private void absorb(long value) {
    hash = mix(hash + 0x9E37_79B9_7F4A_7C15L ^ value);
  }

  private static long hashOf(Frame frame) {
    return switch (frame) {
      case Frame.Data data -> data.position() * 31 + data.payload().remaining();
      case Frame.Ack ack -> ack.received() * 31 + ack.applied() * 17 + ack.credit();
      case Frame.Hello hello -> hello.connection() * 31 + hello.next();
      case Frame.Challenge challenge -> challenge.nonce().low() + 11;
      case Frame.Proof proof -> Arrays.hashCode(proof.mac());
      case Frame.Welcome welcome -> welcome.position() * 31 + welcome.epoch();
      case Frame.Reject reject -> reject.endPosition();
      case Frame.Fin fin -> fin.position() * 31 + fin.digest();
      case Frame.FinAck finAck -> finAck.position() * 31 + finAck.digest() + 1;
      case Frame.Failure failure -> failure.code() * 31L + failure.reason().hashCode();
      case Frame.Abort abort -> abort.position() + 7;
      case Frame.AppliesAtEnd atEnd -> 5;
      case Frame.Ping ping -> ping.nonce() + 1;
      case Frame.Pong pong -> pong.nonce() + 2;
      case Frame.Bye bye -> 3;
      case Frame.GoAway goAway -> 4;
      case Frame.Skipped skipped -> skipped.type();
    };
  }

  private static String shown(Frame frame) {
    return switch (frame) {
      case Frame.Data data ->
          "DATA "
              + data.position()
              + " to "
              + (data.position() + data.payload().remaining())
              + (data.cursor() == null ? "" : " with a cursor");
      default -> frame.toString();
    };
  }
}
