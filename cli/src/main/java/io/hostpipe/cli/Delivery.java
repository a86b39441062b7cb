package io.hostpipe.cli;

import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Framing;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.FramedTarget;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * One destination of a {@link Replay}.
 *
 * <p>Where the destination keeps places, messages are delivered one by one under one name for all
 * replays, with a cursor that says which was the last: a process that was killed before it took
 * that one out does not deliver it again. Anywhere else messages are taken out when the destination
 * has confirmed the end, and a kill before that delivers them again.
 *
 * <p>Thread rule: one thread.
 */
final class Delivery implements AutoCloseable {
  /** So many may be delivered and not taken out, where there are no places. */
  private static final int UNREMOVED_COUNT_MAX = 100_000;

  private final Replay replay;
  private final End to;
  private final Closings closings;
  private final Sink sink;
  private final boolean keepsPlace;

  /** What an earlier process had delivered last, and may not have taken out. */
  private final String lastDelivered;

  /** Numbers by where their messages end, where there are no places. */
  private final Map<Long, Long> unremoved = new LinkedHashMap<>();

  private final Map<Long, Rejection> refused = new HashMap<>();
  private long deliveredCount;

  private Delivery(
      Replay replay,
      End to,
      Closings closings,
      Sink sink,
      boolean keepsPlace,
      String lastDelivered) {
    this.replay = replay;
    this.to = to;
    this.closings = closings;
    this.sink = sink;
    this.keepsPlace = keepsPlace;
    this.lastDelivered = lastDelivered;
  }

  /** Opens a destination; blocks until it is there. */
  static Delivery open(Replay replay, End to, End from, PipeContext context, FrameFlags frames)
      throws PipeException, InterruptedException {
    if (to.listens()) {
      throw new PipeException.Config(
          to + " waits for a peer; name a destination that can be dialed");
    }
    Closings closings = new Closings();
    boolean whole = false;
    try {
      boolean keepsPlace = !to.isLink() && to.capabilities().durable();
      StreamId stream = new StreamId(keepsPlace ? nameOf(from, to) : UUID.randomUUID().toString());
      Sink sink = open(to, stream, context.withDirections(true, false), frames, closings);
      Cursor cursor = sink.resume().cursor();
      Delivery delivery =
          new Delivery(replay, to, closings, sink, keepsPlace, cursor == null ? "" : cursor.text());
      whole = true;
      return delivery;
    } finally {
      if (!whole) {
        closings.close();
      }
    }
  }

  private static Sink open(
      End to, StreamId stream, PipeContext context, FrameFlags frames, Closings closings)
      throws PipeException, InterruptedException {
    if (to.isLink()) {
      Pipe pipe = to.connector().connect(to.address(), context.withStream(stream));
      closings.add(pipe::close);
      return pipe.sink();
    }
    boolean bytes = !to.capabilities().messages();
    Framing framing = frames.frameOut();
    if (bytes && framing == null) {
      throw new PipeException.Config(
          to + " takes bytes: say with --frame-out how messages are told apart there");
    }
    Target target =
        to.connector()
            .target(to.address(), context.withEncoding(bytes ? Encoding.RAW : Encoding.RECORDS));
    closings.add(target::close);
    Target framed =
        framing == null || !bytes
            ? target
            : new FramedTarget(target, framing, Hostpipe.pool(), false);
    Sink sink = framed.open(stream, Encoding.RECORDS);
    closings.add(sink::close);
    return sink;
  }

  private static String nameOf(End from, End to) {
    byte[] both = (from.place() + " " + to.place()).getBytes(StandardCharsets.UTF_8);
    return "replay.%016x".formatted(Digest.of(ByteBuffer.wrap(both)).toLong());
  }

  /** Delivers one message. Blocks; where there are places until it is taken out. */
  void deliver(long number, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    String mark = number + " " + "%016x".formatted(Digest.of(payload).toLong());
    if (keepsPlace && mark.equals(lastDelivered)) {
      replay.delivered(number);
      deliveredCount++;
      return;
    }
    if (unremoved.size() >= UNREMOVED_COUNT_MAX) {
      throw new PipeException.Config(
          to + " takes at most " + UNREMOVED_COUNT_MAX + " messages at a time; name them");
    }
    BatchWriter batch =
        sink.newBatch(Records.lengthBytes(payload.remaining(), headers.lengthBytes()));
    try {
      if (!batch.add(payload.duplicate(), headers)) {
        throw new IllegalStateException("an empty batch has room for any message");
      }
    } catch (PipeException | RuntimeException e) {
      batch.close();
      throw e;
    }
    if (keepsPlace) {
      batch.cursor(Cursor.of(mark));
      long end = sink.write(batch);
      settle(number, sink.awaitCommitted(end));
    } else {
      unremoved.put(sink.write(batch), number);
      if (!sink.commitsAtEnd()) {
        take(sink.committed());
      }
    }
  }

  /** Where there are no places: everything has arrived, or was refused by name. */
  void finish() throws PipeException, InterruptedException {
    if (keepsPlace) {
      return; // the same stream goes on with the next replay
    }
    sink.finish();
    take(sink.committed());
    for (Map.Entry<Long, Long> each : unremoved.entrySet()) {
      Rejection why = refused.get(each.getKey());
      if (why == null) {
        replay.delivered(each.getValue());
        deliveredCount++;
      } else {
        replay.refused(each.getValue(), to, why);
      }
    }
  }

  /** One line on how it went. */
  String summary() {
    return DlqCommand.count(deliveredCount)
        + (deliveredCount == 1 ? " was delivered to " : " were delivered to ")
        + to
        + (keepsPlace || deliveredCount == 0
            ? ""
            : " (at least once: a kill in between would have delivered them again)");
  }

  @Override
  public void close() {
    closings.close();
  }

  private void settle(long number, Committed news) throws PipeException, InterruptedException {
    if (news.rejected().isEmpty()) {
      replay.delivered(number);
      deliveredCount++;
    } else {
      replay.refused(number, to, news.rejected().getFirst().why());
    }
  }

  private void take(Committed news) {
    news.rejected().forEach(each -> refused.put(each.endPosition(), each.why()));
  }
}
