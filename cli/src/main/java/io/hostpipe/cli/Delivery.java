package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.DeadLetter;
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
import io.hostpipe.spi.Settling;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * One destination of a {@link Replay}.
 *
 * <p>Where the destination keeps places, messages are delivered one by one under one name for all
 * replays, with a cursor that says which was the last: a process that was killed before it took
 * that one out does not deliver it again. Anywhere else messages are taken out as the destination
 * confirms them, and as they are synced in a file: a kill before that delivers again those that
 * were not. A destination that confirms the end only gets them in parts, each with an end of its
 * own.
 *
 * <p>Thread rule: one thread.
 */
final class Delivery implements AutoCloseable {
  /** So many may be delivered and not taken out, where there are no places. */
  private static final int UNREMOVED_COUNT_MAX = 1000;

  /** The same where only the end of a stream is confirmed. */
  private static final int PART_COUNT_MAX = 100_000;

  private final Replay replay;
  private final End to;
  private final PipeContext context;
  private final FrameFlags frames;
  private final boolean keepsPlace;
  private Closings closings;
  private Sink sink;

  /** What an earlier process had delivered last, and may not have taken out. */
  private final String lastDelivered;

  /** Numbers by where their messages end, where there are no places. */
  private final NavigableMap<Long, Long> unremoved = new TreeMap<>();

  private final Map<Long, Rejection> refused = new HashMap<>();
  private long deliveredCount;

  private Delivery(
      Replay replay,
      End to,
      PipeContext context,
      FrameFlags frames,
      Closings closings,
      Sink sink,
      boolean keepsPlace,
      String lastDelivered) {
    this.replay = replay;
    this.to = to;
    this.context = context;
    this.frames = frames;
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
      boolean keepsPlace =
          !to.isLink() && to.capabilities().durable() && to.capabilities().resumes();
      StreamId stream = new StreamId(keepsPlace ? nameOf(from, to) : UUID.randomUUID().toString());
      Sink sink = open(to, stream, context, frames, closings);
      Cursor cursor = sink.resume().cursor();
      Delivery delivery =
          new Delivery(
              replay,
              to,
              context,
              frames,
              closings,
              sink,
              keepsPlace,
              cursor == null ? "" : cursor.text());
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
      Pipe pipe =
          to.connector()
              .connect(to.address(), context.withDirections(true, false).withStream(stream));
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
    byte[] both = (from.place() + " " + to.place()).getBytes(UTF_8);
    return "replay.%016x".formatted(Digest.of(ByteBuffer.wrap(both)).toLong());
  }

  /**
   * Delivers one message. Blocks; where there are places until it is taken out.
   *
   * @param headers as they lie there: with what was said of the message when it was put aside
   */
  void deliver(long number, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    String mark = mark(number, payload, headers);
    if (keepsPlace && mark.equals(lastDelivered)) {
      delivered(List.of(number));
      return;
    }
    if (unremoved.size() >= (sink.commitsAtEnd() ? PART_COUNT_MAX : UNREMOVED_COUNT_MAX)) {
      confirm();
    }
    Headers original = DeadLetter.original(headers);
    BatchWriter batch =
        sink.newBatch(Records.lengthBytes(payload.remaining(), original.lengthBytes()));
    try {
      if (!batch.add(payload.duplicate(), original)) {
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
      if (!sink.commitsAtEnd() && !(sink instanceof Settling)) {
        takeOut(sink.committed());
      }
    }
  }

  /** Two letters may hold the same message; what was said of each tells them apart. */
  private static String mark(long number, ByteBuffer payload, Headers headers) {
    Digest[] all = {Digest.of(payload.duplicate())};
    headers.forEach((name, value) ->
        all[0] = all[0].extend(UTF_8.encode(name + "=")).extend(ByteBuffer.wrap(value)));
    return number + " " + "%016x".formatted(all[0].toLong());
  }

  /** Where there are no places: everything has arrived, or was refused by name. */
  void finish() throws PipeException, InterruptedException {
    if (keepsPlace) {
      return; // the same stream goes on with the next replay
    }
    sink.finish();
    takeOutAll();
  }

  /** What has surely arrived is taken out, before more is delivered. */
  private void confirm() throws PipeException, InterruptedException {
    if (sink.commitsAtEnd()) {
      sink.finish();
      takeOutAll();
      closings.close();
      closings = new Closings();
      StreamId next = new StreamId(UUID.randomUUID().toString());
      sink = open(to.goingOn(), next, context, frames, closings);
    } else {
      Committed news = sink.awaitCommitted(unremoved.lastKey());
      if (sink instanceof Settling settling) {
        settling.settle();
      }
      takeOut(news);
    }
  }

  /** Something has failed, here or elsewhere: takes out what has surely arrived by now. */
  void salvage() {
    if (unremoved.isEmpty() || sink.commitsAtEnd()) {
      return; // only an end would confirm it
    }
    try {
      Committed news = sink.committed();
      if (sink instanceof Settling settling) {
        settling.settle();
      }
      takeOut(news);
    } catch (PipeException e) {
      // What is not known to have arrived stays, and the summary counts it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One line on how it went. */
  String summary() {
    return DlqCommand.count(deliveredCount)
        + (deliveredCount == 1 ? " was delivered to " : " were delivered to ")
        + to
        + (keepsPlace || deliveredCount == 0
            ? ""
            : " (at least once: a kill in between would have delivered some of them again)")
        + (unremoved.isEmpty()
            ? ""
            : "; "
                + DlqCommand.count(unremoved.size())
                + " may have arrived there as well, and will be delivered again");
  }

  @Override
  public void close() {
    closings.close();
  }

  private void settle(long number, Committed news) throws PipeException, InterruptedException {
    if (news.rejected().isEmpty()) {
      delivered(List.of(number));
    } else {
      replay.refused(number, to, news.rejected().getFirst().why());
    }
  }

  private void delivered(List<Long> numbers) throws PipeException, InterruptedException {
    replay.delivered(numbers);
    deliveredCount += numbers.size();
  }

  private void takeOutAll() throws PipeException, InterruptedException {
    takeOut(new Committed(Long.MAX_VALUE, sink.committed().rejected()));
  }

  private void takeOut(Committed news) throws PipeException, InterruptedException {
    news.rejected().forEach(each -> refused.put(each.endPosition(), each.why()));
    NavigableMap<Long, Long> settled = unremoved.headMap(news.position(), true);
    List<Long> arrived = new ArrayList<>();
    for (Map.Entry<Long, Long> each : settled.entrySet()) {
      if (!refused.containsKey(each.getKey())) {
        arrived.add(each.getValue());
      }
    }
    if (!arrived.isEmpty()) {
      delivered(arrived);
    }
    settled.forEach((end, number) -> {
      Rejection why = refused.remove(end);
      if (why != null) {
        replay.refused(number, to, why);
      }
    });
    settled.clear();
  }
}
