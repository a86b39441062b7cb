package io.hostpipe.connector.kafka;

import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes one stream into one partition of a topic, or into all by the keys of its messages: a
 * message for each record, or for each run of raw bytes, and in one transaction with them the
 * stream's place. See {@link Writer}.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}.
 */
final class KafkaSink extends MessageSink {
  /** What Kafka has around a message that is alone in its batch, and what our own header takes. */
  private static final int AROUND_BYTES = 2 << 10;

  /** What an object takes beside its bytes, about. */
  private static final int OBJECT_BYTES = 160;

  private final KafkaOptions options;
  private final Writer writer;
  private final int messageBytesMax;
  private final boolean compacted;

  /** Of the batch that is being put. */
  private List<Load.Written> messages = new ArrayList<>();

  private long heldBytes;

  private KafkaSink(
      KafkaOptions options,
      PipeContext context,
      StreamId stream,
      Encoding encoding,
      Writer writer) {
    super(options.address(), context, stream, encoding, writer.held(), writer.commits());
    this.options = options;
    this.writer = writer;
    int topicBytesMax = writer.topic().messageBytesMax();
    this.messageBytesMax = topicBytesMax - Math.min(AROUND_BYTES, topicBytesMax / 2);
    this.compacted = writer.topic().compacts();
    writer.onRefusal(this::refusing);
  }

  /** Connects, makes the topic where there is none, and finds the place. Blocks. */
  static KafkaSink open(
      KafkaOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    Writer writer = Writer.open(options, context, stream, encoding);
    return new KafkaSink(options, context, stream, encoding, writer);
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    KafkaHeaders.Written beside = KafkaHeaders.write(headers);
    int lengthBytes = payload.remaining() + Load.Written.lengthBytes(beside);
    if (lengthBytes > messageBytesMax) {
      refuse(
          endPosition,
          new Rejection(
              Status.OUT_OF_RANGE,
              "a message of "
                  + lengthBytes
                  + " bytes with its headers, and the topic takes at most "
                  + messageBytesMax
                  + " (max.message.bytes)"));
      return;
    }
    if (compacted && beside.key() == null) {
      refuse(
          endPosition,
          new Rejection(
              Status.INVALID_ARGUMENT, "a message without a key, and the topic is compacted"));
      return;
    }
    byte[] value = null;
    if (!beside.isNull() || payload.hasRemaining()) {
      value = new byte[payload.remaining()];
      payload.get(value);
    }
    Place behind = writer.topic().tellsMessageBytesMax() ? null : place(Place.Kind.MORE);
    messages.add(new Load.Written(value, beside, behind));
    heldBytes += lengthBytes + OBJECT_BYTES;
  }

  @Override
  protected void putAll(long fromPosition) throws PipeException, InterruptedException {
    boolean bare = messages.isEmpty();
    Place place = place(bare ? Place.Kind.BARE : Place.Kind.MORE);
    Load load = new Load(messages, place, position(), heldBytes);
    messages = new ArrayList<>(messages.size());
    heldBytes = 0;
    writer.add(load);
  }

  @Override
  protected long rawBytesMax() {
    return messageBytesMax;
  }

  @Override
  protected void complete() throws PipeException, InterruptedException {
    if (options.marksEnd()) {
      Place place = place(Place.Kind.END);
      Load.Written mark = new Load.Written(new byte[0], KafkaHeaders.write(Headers.EMPTY), null);
      writer.add(new Load(List.of(mark), place, position(), OBJECT_BYTES));
    }
    writer.awaitCommitted();
  }

  /** What stands before it in its partition is known when it is sent. */
  private Place place(Place.Kind kind) {
    return new Place(stream(), encoding(), options.byKey(), writer.id(), 0, resume(), kind);
  }

  @Override
  protected void fenced(long newEpoch) {
    writer.fence(newEpoch);
  }

  @Override
  protected boolean closed() {
    return writer.closed();
  }

  @Override
  public void close() {
    writer.close();
  }
}
