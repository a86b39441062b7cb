package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Makes frames of any kind, and spoils them: often so that length and checksums are right. */
final class FrameMutator {
  private static final long[] ODD_NUMBERS = {
    0,
    1,
    2,
    255,
    65_535,
    65_536,
    1L << 20,
    Integer.MAX_VALUE,
    1L << 48,
    Long.MAX_VALUE,
    -1,
    Long.MIN_VALUE
  };

  private final SplittableRandom random;

  FrameMutator(SplittableRandom random) {
    this.random = random;
  }

  /** The bytes of a frame near the given position, perhaps spoilt. */
  ByteBuffer next(long position) {
    ByteBuffer frame = Frames.bytes(frame(position));
    return switch (random.nextInt(8)) {
      case 0 -> noise();
      case 1 -> flipped(frame);
      case 2 -> frame;
      default -> rewritten(frame);
    };
  }

  /** The bytes of a HELLO that is mostly right. */
  ByteBuffer nextHello() {
    ByteBuffer frame = Frames.bytes(hello(random.nextInt(100)));
    return random.nextBoolean() ? frame : rewritten(frame);
  }

  private Frame frame(long position) {
    return switch (random.nextInt(15)) {
      case 13 -> new Frame.Challenge(binding(), id());
      case 14 -> new Frame.Proof(new byte[TokenKey.MAC_BYTES]);
      case 0 -> hello(position);
      case 1 ->
          new Frame.Welcome(
              id(), number(1), number(position), digest(), number(position), cursor(), 0);
      case 2 -> new Frame.Ack(number(position), number(0), number(position), number(position));
      case 3 -> new Frame.Reject(number(position), random.nextInt(20), text());
      case 4 -> new Frame.Ping(random.nextLong());
      case 5 -> new Frame.Pong(random.nextInt(4));
      case 6 -> new Frame.Fin(number(position), random.nextInt(2));
      case 7 -> new Frame.FinAck(number(position), random.nextInt(2));
      case 8 -> random.nextInt(4) == 0 ? new Frame.Bye() : new Frame.Ping(0);
      case 9 ->
          random.nextInt(8) == 0
              ? new Frame.Abort(number(position), text())
              : new Frame.Ping(random.nextLong());
      case 10 -> new Frame.Failure(random.nextInt(17), text());
      default ->
          Frames.received(
              number(position),
              cursor(),
              ByteBuffer.allocate(random.nextInt(4) == 0 ? 5_000 : random.nextInt(60)),
              Lease.UNPOOLED);
    };
  }

  private Frame.Hello hello(long position) {
    Frame.Hello plain = plainHello(position);
    return random.nextInt(3) == 0
        ? plain.withClaim(new Frame.Claim(binding(), id(), "ops"))
        : plain;
  }

  private Frame.Binding binding() {
    return random.nextBoolean() ? Frame.Binding.NONE : Frame.Binding.TLS_EXPORTER;
  }

  private Frame.Hello plainHello(long position) {
    return new Frame.Hello(
        1,
        1,
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean() ? Frame.AckLevel.DURABLE : Frame.AckLevel.APPLIED,
        "raw",
        id(),
        random.nextInt(1, 5),
        "orders",
        "stream-1",
        random.nextBoolean(),
        0,
        Math.max(0, position),
        random.nextInt(3),
        random.nextBoolean());
  }

  /** Other type, flags or content; length and checksums are right again. */
  private ByteBuffer rewritten(ByteBuffer frame) {
    byte[] body = Frames.body(frame);
    int type = frame.get(4) & 0xFF;
    int flags = frame.get(5) & 0xFF;
    switch (random.nextInt(6)) {
      case 0 -> type = random.nextInt(8) == 0 ? random.nextInt(128, 256) : random.nextInt(20);
      case 1 -> flags = random.nextInt(256);
      case 2 -> body = Arrays.copyOf(body, random.nextInt(body.length + 8));
      case 3 -> {
        for (int count = random.nextInt(1, 4); count > 0 && body.length > 0; count--) {
          body[random.nextInt(body.length)] = (byte) random.nextInt();
        }
      }
      default -> {
        if (body.length >= Long.BYTES) {
          int slots = body.length / Long.BYTES;
          ByteBuffer.wrap(body).putLong(random.nextInt(slots) * Long.BYTES, odd());
        }
      }
    }
    return Frames.frame(type, flags, body);
  }

  private ByteBuffer flipped(ByteBuffer frame) {
    int bit = random.nextInt(frame.limit() * Byte.SIZE);
    int index = bit / Byte.SIZE;
    return frame.put(index, (byte) (frame.get(index) ^ (1 << (bit % Byte.SIZE))));
  }

  private ByteBuffer noise() {
    byte[] bytes = new byte[random.nextInt(1, 200)];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private long number(long near) {
    return switch (random.nextInt(6)) {
      case 0 -> Math.max(0, odd());
      case 1 -> Math.max(0, near - random.nextInt(100));
      case 2 -> near + random.nextInt(100);
      default -> near;
    };
  }

  private long odd() {
    return ODD_NUMBERS[random.nextInt(ODD_NUMBERS.length)];
  }

  private Frame.Id id() {
    return random.nextBoolean() ? Frames.ALICE : Frames.BOB;
  }

  private @Nullable Long digest() {
    return random.nextBoolean() ? null : Long.valueOf(random.nextInt(2));
  }

  private byte @Nullable [] cursor() {
    return random.nextInt(3) == 0 ? new byte[random.nextInt(FrameCodec.CURSOR_BYTES_MAX)] : null;
  }

  private String text() {
    return "x".repeat(random.nextInt(1_200));
  }
}
