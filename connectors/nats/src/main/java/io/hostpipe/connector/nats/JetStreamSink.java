package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.StreamId;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;

/**
 * Writes one stream into a subject of JetStream: a message for each record, or for each run of raw
 * bytes, with the stream's place in its headers.
 *
 * <p>Messages are published without waiting, and are committed when the server has confirmed them
 * and all before them. What is doubtful after a break the subject's last message tells: see {@link
 * Publisher}.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}.
 */
final class JetStreamSink extends MessageSink {
  private final NatsOptions options;
  private final Publisher publisher;
  private long storedPosition;

  private JetStreamSink(
      NatsOptions options,
      PipeContext context,
      StreamId stream,
      Encoding encoding,
      Publisher publisher) {
    super(options.address(), context, stream, encoding, publisher.held(), publisher.commits());
    this.options = options;
    this.publisher = publisher;
    this.storedPosition = publisher.held().position();
    publisher.onRefusal(this::refusing);
  }

  /** Connects, makes the stream where there is none, and finds the place. Blocks. */
  static JetStreamSink open(
      NatsOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    Publisher publisher = Publisher.open(options, context, stream, encoding);
    return new JetStreamSink(options, context, stream, encoding, publisher);
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    Place place = new Place(stream(), encoding(), storedPosition, resume(), false);
    io.nats.client.impl.Headers own = null;
    if (!headers.isEmpty()) {
      own = new io.nats.client.impl.Headers();
      NatsHeaders.write(headers, own);
    }
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    Unconfirmed message = new Unconfirmed(place, copy, own);
    Rejection why = publisher.refusal(message);
    if (why != null) {
      // One before it may be refused by the server yet, and is put aside first.
      publisher.awaitConfirmed();
      refusing(endPosition, why);
      publisher.publish(Unconfirmed.refused(place, why));
    } else {
      publisher.publish(message);
      storedPosition = endPosition;
    }
  }

  @Override
  protected long rawBytesMax() {
    return Math.max(1, publisher.maxPayload() - Unconfirmed.HEADERS_BYTES_MAX);
  }

  @Override
  protected void complete() throws PipeException, InterruptedException {
    if (options.marksEnd()) {
      Place place = new Place(stream(), encoding(), storedPosition, resume(), true);
      publisher.publish(new Unconfirmed(place, new byte[0], null));
    }
    publisher.awaitConfirmed();
  }

  @Override
  protected void fenced(long newEpoch) {
    publisher.fence(newEpoch);
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
