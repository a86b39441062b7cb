package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One session with the simplest host around it. The settings are changed before it is started. */
final class Side {
  static final long HEARTBEAT = TimeUnit.SECONDS.toNanos(5);
  static final long HANDSHAKE = TimeUnit.SECONDS.toNanos(4);
  static final long ACK_DELAY = TimeUnit.MILLISECONDS.toNanos(20);
  static final long LINGER = TimeUnit.SECONDS.toNanos(30);

  String name = "orders";
  String stream;
  boolean sends = true;
  boolean receives = true;
  Frame.AckLevel ackLevel = Frame.AckLevel.APPLIED;
  String encoding = "raw";
  Frame.Id instance;
  Frame.Id receiver;
  final Map<String, SessionConfig.InboundStart> starts = new HashMap<>();
  long windowBytesMin = 64 << 10;
  long windowBytesMax = 1 << 20;
  boolean keepsLinks;
  Set<Frame.AckLevel> kept = SessionConfig.KEPT_IN_MEMORY;
  boolean spooled;
  boolean takesOver;
  CreditBudget budget = CreditBudget.UNLIMITED;

  /** What this side has put on its links, newest last. */
  final List<Frame> sent = new ArrayList<>();

  final CountedMemory memory = new CountedMemory();
  final Transmit transmit;

  /** Of sides that are done: they are large, and direct memory is slow to get. */
  private static final ArrayDeque<Transmit> SPARE = new ArrayDeque<>();

  private final StringBuilder taken = new StringBuilder();
  private final List<Delivery> held = new ArrayList<>();
  private @Nullable Session session;

  Side(String streamId, long id) {
    stream = streamId;
    transmit = SPARE.isEmpty() ? new Transmit() : SPARE.pop();
    instance = new Frame.Id(id, 1);
    receiver = new Frame.Id(id, 2);
  }

  /** Nobody uses this side any more. */
  void recycle() {
    transmit.clear();
    SPARE.push(transmit);
  }

  /** It remembers what comes, and a spool says what survives. */
  Side spooled() {
    kept = Set.of(Frame.AckLevel.values());
    spooled = true;
    return this;
  }

  void remember(SessionConfig.InboundStart start) {
    starts.put(start.stream(), start);
  }

  Session start() {
    session =
        new Session(
            new SessionConfig(
                name,
                stream,
                sends,
                receives,
                ackLevel,
                encoding,
                instance,
                receiver,
                starts,
                kept,
                spooled,
                takesOver,
                HEARTBEAT,
                HANDSHAKE,
                ACK_DELAY,
                LINGER,
                windowBytesMin,
                windowBytesMax,
                keepsLinks,
                Side::extend,
                budget));
    return session;
  }

  Session session() {
    Session started = session;
    return started == null ? start() : started;
  }

  /** A digest that depends on every byte and its place. */
  static long extend(long digest, ByteBuffer bytes) {
    long extended = digest;
    for (int index = bytes.position(); index < bytes.limit(); index++) {
      extended = extended * 31 + bytes.get(index) + 1;
    }
    return extended;
  }

  static long digest(String text) {
    return extend(DigestFunction.EMPTY, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  void send(String text) {
    send(text, null);
  }

  void send(String text, @Nullable String cursor) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    session()
        .append(
            ByteBuffer.wrap(bytes),
            memory.lease(),
            cursor == null ? null : cursor.getBytes(StandardCharsets.UTF_8));
  }

  /** Takes over what came and lets go of it; all that was ever taken over. */
  String take(long nowNanos) {
    hold();
    for (Delivery delivery : held) {
      session().onConsumed(delivery.bytes().remaining(), nowNanos);
      delivery.lease().release();
    }
    held.clear();
    return taken.toString();
  }

  /** Takes over what came, but keeps its memory; all that was ever taken over. */
  String hold() {
    for (Delivery next = session().pollDelivery(); next != null; next = session().pollDelivery()) {
      byte[] bytes = new byte[next.bytes().remaining()];
      next.bytes().duplicate().get(bytes);
      taken.append(new String(bytes, StandardCharsets.UTF_8));
      held.add(next);
    }
    return taken.toString();
  }

  /** Takes over what came and applies all of it. */
  String apply(long nowNanos) {
    String all = take(nowNanos);
    session().onApplied(session().incoming().received(), null, nowNanos);
    return all;
  }

  List<Frame.Reject> rejects() {
    List<Frame.Reject> rejects = new ArrayList<>();
    for (Frame.Reject next = session().pollReject(); next != null; next = session().pollReject()) {
      rejects.add(next);
    }
    return rejects;
  }

  <F extends Frame> List<F> sent(Class<F> type) {
    return sent.stream().filter(type::isInstance).map(type::cast).toList();
  }

  <F extends Frame> F lastSent(Class<F> type) {
    return sent(type).getLast();
  }

  int failureCode() {
    SessionFailure failure = session().failure();
    return failure == null ? 0 : failure.code();
  }

  String failureReason() {
    SessionFailure failure = session().failure();
    return failure == null ? "" : failure.reason();
  }
}
