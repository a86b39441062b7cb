package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Writes one stream into a queue or an exchange: a persistent message for each record, or for each
 * run of raw bytes, with its place in its headers. A message is committed when the server has
 * confirmed it and all before it.
 *
 * <p>A queue cannot be asked what was written into it, so every process begins its stream anew.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}.
 */
final class QueueSink extends MessageSink {
  private static final int RAW_BYTES_MAX = 256 << 10;

  private final QueueOptions options;
  private final Publisher publisher;
  private long startPosition;

  private QueueSink(
      QueueOptions options,
      PipeContext context,
      StreamId stream,
      Encoding encoding,
      Commits commits,
      Publisher publisher) {
    super(options.address(), context, stream, encoding, Resume.START, commits);
    this.options = options;
    this.publisher = publisher;
    publisher.onRefusal(this::refusing);
  }

  /** Connects, and makes the queue where there is none. Blocks. */
  static QueueSink open(
      QueueOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    Commits commits = new Commits(0);
    Publisher publisher = Publisher.open(options, context, commits);
    return new QueueSink(options, context, stream, encoding, commits, publisher);
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    String key = options.routingKey(headers);
    BasicProperties properties = AmqpHeaders.write(headers, placeFrom(startPosition, endPosition));
    Rejection refusal = publisher.refusal(copy.length, headers, properties, key);
    if (refusal != null) {
      // So letters lie in the order of the stream, and none hides an end before it.
      publisher.awaitConfirmed();
      refusing(endPosition, refusal);
      publisher.publish(Unconfirmed.refused(endPosition, refusal));
      return;
    }
    long start = startPosition;
    startPosition = endPosition;
    publisher.publish(new Unconfirmed(start, endPosition, key, copy, properties));
  }

  @Override
  protected void putAll(long fromPosition) {
    publisher.flush();
  }

  @Override
  protected long rawBytesMax() {
    return Math.min(RAW_BYTES_MAX, publisher.messageBytesMax());
  }

  @Override
  protected void complete() throws PipeException, InterruptedException {
    if (options.marksEnd()) {
      BasicProperties properties =
          AmqpHeaders.write(Headers.EMPTY, placeFrom(position(), position()));
      String key = options.routingKey(Headers.EMPTY);
      publisher.publish(new Unconfirmed(position(), position(), key, new byte[0], properties));
    }
    publisher.awaitConfirmed();
  }

  @Override
  protected boolean closed() {
    return publisher.closed();
  }

  @Override
  public void close() {
    publisher.close();
  }

  private Place placeFrom(long start, long endPosition) {
    Digest digest = Objects.requireNonNull(resume().digest(), "a writer knows its digest");
    return new Place(stream(), encoding(), start, endPosition, digest);
  }
}
