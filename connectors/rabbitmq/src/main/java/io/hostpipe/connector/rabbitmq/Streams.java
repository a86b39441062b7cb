package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.PipeEvents;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a server about a stream of RabbitMQ. A stream that is missing is made by whoever
 * writes; one that is there is looked at, and never changed.
 *
 * <p>Thread rule: one thread; blocks.
 */
final class Streams {
  private static final int BEGIN = 1;
  private static final int LAST = 2;
  private static final int OFFSET = 4;
  private static final int TIME = 5;

  private final StreamConnection connection;
  private final StreamOptions options;

  private record Newest(int code, long publishingId) {}

  private record Found(int code, List<Server> keepers) {}

  Streams(StreamConnection connection, StreamOptions options) {
    this.connection = connection;
    this.options = options;
  }

  /** Whether there is a stream of this name. */
  boolean exists() throws PipeException, InterruptedException {
    int code = lookUp().code;
    if (code == StreamCodes.NO_STREAM) {
      return false;
    }
    if (code != StreamCodes.OK) {
      throw StreamCodes.of(what() + " cannot be used", code);
    }
    return true;
  }

  /** The servers that keep it, its leader first; none where that is not known now. */
  List<Server> keepers() throws PipeException, InterruptedException {
    return lookUp().keepers;
  }

  private Found lookUp() throws PipeException, InterruptedException {
    int number = connection.nextNumber();
    return ask(
        number,
        new FrameWriter(StreamCodes.METADATA).int32(number).texts(List.of(options.name())),
        Streams::found);
  }

  private static Found found(ByteBuffer answer) {
    Map<Integer, Server> servers = new HashMap<>();
    for (int count = answer.getInt(); count > 0; count--) {
      int reference = answer.getShort();
      servers.put(reference, new Server(FrameReader.text(answer), answer.getInt()));
    }
    if (answer.getInt() <= 0) {
      return new Found(StreamCodes.NO_STREAM, List.of());
    }
    String _ = FrameReader.text(answer);
    int code = code(answer);
    if (code != StreamCodes.OK) {
      return new Found(code, List.of());
    }
    List<Server> keepers = new ArrayList<>();
    // The leader, and behind their count those that follow it.
    int leader = answer.getShort();
    addKnown(keepers, servers.get(leader));
    for (int count = answer.getInt(); count > 0; count--) {
      int follower = answer.getShort();
      addKnown(keepers, servers.get(follower));
    }
    return new Found(code, List.copyOf(keepers));
  }

  private static void addKnown(List<Server> keepers, @Nullable Server server) {
    if (server != null) {
      keepers.add(server);
    }
  }

  /** Refuses a stream that is not there. */
  void checkExists(boolean meanwhile) throws PipeException, InterruptedException {
    if (!exists()) {
      throw new PipeException.Unreachable(
          Status.NOT_FOUND,
          what()
              + (meanwhile
                  ? " was deleted meanwhile, with what was in it; it is not made again from here,"
                      + " and is waited for"
                  : " is not there; it is waited for, and made by whoever writes into it"),
          null);
    }
  }

  /** Makes the stream where there is none, or sees whether it is what was asked for. */
  void prepare(PipeEvents events) throws PipeException, InterruptedException {
    boolean known = exists();
    int code = create(options.shape());
    if (code == StreamCodes.OK || code == StreamCodes.STREAM_EXISTS) {
      warnOfLimits(options.shape(), events);
      return;
    }
    if (known && options.shape().isEmpty()) {
      if (code == StreamCodes.PRECONDITION_FAILED) {
        events.warning(what() + limited());
      }
      // Whoever may not make streams may still write into one.
      return;
    }
    if (code == StreamCodes.PRECONDITION_FAILED) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          what()
              + " was made otherwise than is asked for (max-age, max-bytes, segment-bytes,"
              + " replicas). It is not changed from here: leave the options out, take another"
              + " name, or delete it");
    }
    throw StreamCodes.of(what() + " cannot be made", code);
  }

  /** Whether it is another one than a stream without limits; for people. */
  String limited() {
    return " has limits, or was made with other arguments: a stream with limits deletes its oldest"
        + " messages, whether or not anybody has read them";
  }

  private void warnOfLimits(Map<String, String> shape, PipeEvents events) {
    if (shape.containsKey("max-age") || shape.containsKey("max-length-bytes")) {
      events.warning(what() + " deletes its oldest messages, whether or not anybody has read them");
    }
  }

  private int create(Map<String, String> shape) throws PipeException, InterruptedException {
    int number = connection.nextNumber();
    return ask(
        number,
        new FrameWriter(StreamCodes.CREATE).int32(number).text(options.name()).map(shape),
        Streams::code);
  }

  /** This connection publishes for a stream of the pipe from here on. */
  void declarePublisher(int publisher, StreamId stream) throws PipeException, InterruptedException {
    int number = connection.nextNumber();
    int code =
        ask(
            number,
            new FrameWriter(StreamCodes.DECLARE_PUBLISHER)
                .int32(number)
                .int8(publisher)
                .text(stream.value())
                .text(options.name()),
            Streams::code);
    if (code != StreamCodes.OK) {
      throw StreamCodes.of(what() + " cannot be written to", code);
    }
  }

  /** The number of the newest message of this stream of a pipe; 0 when the server knows of none. */
  long newestPublishingId(StreamId stream) throws PipeException, InterruptedException {
    int number = connection.nextNumber();
    Newest newest =
        ask(
            number,
            new FrameWriter(StreamCodes.QUERY_PUBLISHER_SEQUENCE)
                .int32(number)
                .text(stream.value())
                .text(options.name()),
            answer -> {
              int code = code(answer);
              return new Newest(code, code == StreamCodes.OK ? answer.getLong() : 0);
            });
    if (newest.code != StreamCodes.OK) {
      throw StreamCodes.of(what() + " cannot be asked who has written into it", newest.code);
    }
    return newest.publishingId;
  }

  /** Has the messages from an offset on delivered, or from the end of the stream when beyond it. */
  void subscribeFrom(int subscription, long offset, int credit)
      throws PipeException, InterruptedException {
    subscribe(subscription, OFFSET, offset, credit);
  }

  /** Has all messages delivered. */
  void subscribeFromBegin(int subscription, int credit) throws PipeException, InterruptedException {
    subscribe(subscription, BEGIN, 0, credit);
  }

  /** Has the messages delivered that were written at a time, and those behind them. */
  void subscribeFromTime(int subscription, long timeMillis, int credit)
      throws PipeException, InterruptedException {
    subscribe(subscription, TIME, timeMillis, credit);
  }

  /**
   * The last messages that there are; null when there are none.
   *
   * <p>A server that is asked for its last chunk shows nothing when that is one of its own, which
   * holds no messages: then it is looked for from the first one, in steps that grow and shrink.
   *
   * @param shown takes what was delivered to the subscription last, if anything
   */
  @Nullable StreamChunk last(int subscription, Supplier<@Nullable StreamChunk> shown)
      throws PipeException, InterruptedException {
    StreamChunk last = show(subscription, LAST, 0, shown);
    if (last != null) {
      return last;
    }
    last = show(subscription, BEGIN, 0, shown);
    if (last == null) {
      return null;
    }
    long step = 1;
    StreamChunk found = show(subscription, OFFSET, last.lastOffset() + step, shown);
    for (; found != null; found = show(subscription, OFFSET, last.lastOffset() + step, shown)) {
      last = found;
      step *= 2;
    }
    long behind = last.lastOffset() + step;
    while (last.lastOffset() + 1 < behind) {
      long middle = last.lastOffset() + (behind - last.lastOffset()) / 2;
      found = show(subscription, OFFSET, middle, shown);
      if (found == null) {
        behind = middle;
      } else {
        last = found;
      }
    }
    return last;
  }

  /** What lies at a place now. */
  private @Nullable StreamChunk show(
      int subscription, int kind, long number, Supplier<@Nullable StreamChunk> shown)
      throws PipeException, InterruptedException {
    subscribe(subscription, kind, number, 1);
    // The server answers in turn: what it had to show came before the answer to this.
    unsubscribe(subscription);
    return shown.get();
  }

  void unsubscribe(int subscription) throws PipeException, InterruptedException {
    int number = connection.nextNumber();
    int code =
        ask(
            number,
            new FrameWriter(StreamCodes.UNSUBSCRIBE).int32(number).int8(subscription),
            Streams::code);
    if (code != StreamCodes.OK) {
      throw StreamCodes.of(what() + " cannot be read", code);
    }
  }

  /** So many chunks more may be delivered. */
  void credit(int subscription, int chunks) throws PipeException {
    connection.grant(subscription, chunks);
    connection.send(new FrameWriter(StreamCodes.CREDIT).int8(subscription).int16(chunks));
  }

  private void subscribe(int subscription, int kind, long number, int credit)
      throws PipeException, InterruptedException {
    int underNumber = connection.nextNumber();
    FrameWriter question =
        new FrameWriter(StreamCodes.SUBSCRIBE)
            .int32(underNumber)
            .int8(subscription)
            .text(options.name())
            .int16(kind);
    if (kind >= OFFSET) {
      question.int64(number);
    }
    connection.grantAnew(subscription, credit);
    int code = ask(underNumber, question.int16(credit).int32(0), Streams::code);
    if (code != StreamCodes.OK) {
      throw StreamCodes.of(what() + " cannot be read", code);
    }
  }

  private <T> T ask(int underNumber, FrameWriter question, Function<ByteBuffer, T> reading)
      throws PipeException, InterruptedException {
    ByteBuffer answer = connection.ask(underNumber, question);
    try {
      return reading.apply(answer);
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new PipeException.Unreachable(
          options.address() + ": the server is not understood: " + Attempts.reason(e), e);
    }
  }

  private String what() {
    return options.address() + ": the stream " + options.name();
  }

  private static int code(ByteBuffer answer) {
    return Short.toUnsignedInt(answer.getShort());
  }
}
