package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.connector.rabbitmq.StreamWay.Outgoing;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;

/**
 * Writes one stream of a pipe into a stream of RabbitMQ: a message for each record, or for each run
 * of raw bytes, with the stream's place in its properties. A message is committed when the servers
 * have confirmed it and all before it.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}.
 */
final class StreamSink extends MessageSink {
  private static final int RAW_BYTES_MAX = 256 << 10;

  private final StreamOptions options;
  private final StreamPublisher publisher;
  private long storedPosition;

  private StreamSink(
      StreamOptions options,
      PipeContext context,
      StreamId stream,
      Encoding encoding,
      StreamPublisher publisher) {
    super(options.address(), context, stream, encoding, publisher.held(), publisher.commits());
    this.options = options;
    this.publisher = publisher;
    this.storedPosition = publisher.held().position();
  }

  /** Connects, makes the stream where there is none, and finds the place. Blocks. */
  static StreamSink open(
      StreamOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    StreamPublisher publisher = StreamPublisher.open(options, context, stream, encoding);
    return new StreamSink(options, context, stream, encoding, publisher);
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    StreamPlace place = new StreamPlace(stream(), encoding(), storedPosition, resume(), false);
    byte[] bytes = StreamMessage.write(headers, place, payload);
    if (bytes.length > publisher.messageBytesMax()) {
      Rejection why =
          new Rejection(
              Status.OUT_OF_RANGE,
              "a message of "
                  + payload.remaining()
                  + " bytes, and the server takes at most "
                  + publisher.messageBytesMax()
                  + " with its headers (stream.frame_max)");
      // So letters lie in the order of the stream, and none hides an end before it.
      publisher.awaitConfirmed();
      refusing(endPosition, why);
      publisher.publish(new Outgoing(endPosition, why));
      return;
    }
    storedPosition = endPosition;
    publisher.publish(new Outgoing(place, bytes));
  }

  @Override
  protected void putAll(long fromPosition) {
    publisher.flush();
  }

  @Override
  protected long rawBytesMax() {
    return Math.clamp(publisher.messageBytesMax() / 2, 1, RAW_BYTES_MAX);
  }

  @Override
  protected void complete() throws PipeException, InterruptedException {
    if (options.marksEnd()) {
      StreamPlace place = new StreamPlace(stream(), encoding(), storedPosition, resume(), true);
      byte[] bytes = StreamMessage.write(Headers.EMPTY, place, ByteBuffer.allocate(0));
      publisher.publish(new Outgoing(place, bytes));
    }
    publisher.awaitConfirmed();
    publisher.checkAlone();
  }

  @Override
  protected boolean closed() {
    return publisher.closed();
  }

  @Override
  public void close() {
    publisher.close();
  }
}
