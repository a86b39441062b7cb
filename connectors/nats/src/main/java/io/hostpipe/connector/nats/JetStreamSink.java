package io.hostpipe.connector.nats;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.CommittingSink;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
final class JetStreamSink extends CommittingSink {
  private static final int BLOCK_BYTES = 256 << 10;

  /** What the headers of Hostpipe take at most, beside those of the message. */
  private static final int HEADERS_BYTES_MAX = 2 << 10;

  private final NatsOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Encoding encoding;
  private final Publisher publisher;
  private final Digester digester;
  private long position;
  private long storedPosition;
  private @Nullable Cursor cursor;
  private long cursorPosition;
  private long epoch;
  private boolean finished;

  private JetStreamSink(
      NatsOptions options,
      PipeContext context,
      StreamId stream,
      Encoding encoding,
      Publisher publisher,
      Resume from) {
    super(publisher.commits());
    this.options = options;
    this.context = context;
    this.stream = stream;
    this.encoding = encoding;
    this.publisher = publisher;
    this.position = from.position();
    this.storedPosition = position;
    this.cursor = from.cursor();
    this.cursorPosition = from.cursorPosition();
    this.epoch = from.epoch();
    this.digester = new Digester(Objects.requireNonNullElse(from.digest(), Digest.EMPTY));
  }

  /** Connects, makes the stream where there is none, and finds the place. Blocks. */
  static JetStreamSink open(
      NatsOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    Publisher publisher = Publisher.open(options, context, stream, encoding);
    return new JetStreamSink(options, context, stream, encoding, publisher, publisher.held());
  }

  StreamId stream() {
    return stream;
  }

  /** Whether it was not closed. Any thread. */
  boolean isOpen() {
    return !publisher.closed();
  }

  @Override
  public Resume resume() {
    return new Resume(position, cursor, digester.digest(), cursorPosition, epoch);
  }

  @Override
  public void fence(long newEpoch) throws PipeException {
    if (newEpoch < epoch) {
      throw new PipeException.Refused(
          Status.ABORTED,
          options.address()
              + ": a later writer of the stream "
              + stream
              + " has written already (epoch "
              + epoch
              + ", this one is "
              + newEpoch
              + ")");
    }
    epoch = newEpoch;
    publisher.fence(newEpoch);
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException {
    publisher.checkOpen();
    return new BatchWriter(context.pool(), encoding, leastBytes == 0 ? BLOCK_BYTES : leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, position));
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    Batch owned = batch;
    try {
      publisher.checkOpen();
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted before writing to " + options.address());
      }
      if (finished) {
        throw new IllegalStateException("the stream " + stream + " was finished");
      }
      if (batch.encoding() != encoding || batch.position() > position) {
        throw new IllegalArgumentException(
            batch + " does not follow on position " + position + " of " + encoding);
      }
      if (batch.endPosition() > position) {
        owned = batch.from(position);
        publish(owned);
      }
      return position;
    } finally {
      owned.close();
    }
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    if (finished) {
      return;
    }
    publisher.checkOpen();
    if (options.marksEnd()) {
      Place place = new Place(stream, encoding, storedPosition, resume(), true);
      io.nats.client.impl.Headers headers = new io.nats.client.impl.Headers();
      place.writeTo(headers);
      publisher.publish(new Unconfirmed(place, new byte[0], headers));
    }
    publisher.awaitConfirmed();
    finished = true;
  }

  @Override
  public void close() {
    publisher.close();
  }

  private void publish(Batch batch) throws PipeException, InterruptedException {
    if (encoding == Encoding.RAW) {
      publishBytes(batch);
      return;
    }
    ByteBuffer wire = batch.bytes();
    long[] begin = {batch.position()};
    try {
      batch.forEach((end, payload, headers) -> {
        int index = wire.position() + (int) (begin[0] - batch.position());
        digester.update(wire.slice(index, (int) (end - begin[0])));
        begin[0] = end;
        try {
          publish(end, end == batch.endPosition() ? batch.cursor() : null, payload, headers);
        } catch (InterruptedException e) {
          throw new Interrupted(e);
        }
      });
    } catch (Interrupted e) {
      throw e.cause;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("a batch in memory cannot fail to be read", e);
    }
  }

  /** One message where the server takes so much, else several: raw bytes have no borders. */
  private void publishBytes(Batch batch) throws PipeException, InterruptedException {
    ByteBuffer rest = batch.bytes();
    int mostBytes = (int) Math.min(publisher.maxPayload() - HEADERS_BYTES_MAX, BLOCK_BYTES);
    while (rest.hasRemaining()) {
      ByteBuffer part = rest.slice(rest.position(), Math.min(mostBytes, rest.remaining()));
      rest.position(rest.position() + part.remaining());
      digester.update(part);
      long end = position + part.remaining();
      publish(end, rest.hasRemaining() ? null : batch.cursor(), part, Headers.EMPTY);
    }
  }

  private void publish(long end, @Nullable Cursor behind, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    if (behind != null) {
      cursor = behind;
      cursorPosition = end;
    }
    position = end;
    Place place = new Place(stream, encoding, storedPosition, resume(), false);
    io.nats.client.impl.Headers out = new io.nats.client.impl.Headers();
    NatsHeaders.write(headers, out);
    place.writeTo(out);
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    long lengthBytes = (long) copy.length + out.serializedLength() + 128;
    if (lengthBytes > publisher.maxPayload()) {
      publisher.publish(Unconfirmed.refused(place, tooLong(copy.length)));
    } else {
      publisher.publish(new Unconfirmed(place, copy, out));
      storedPosition = end;
    }
  }

  private Rejection tooLong(int lengthBytes) {
    return new Rejection(
        Status.OUT_OF_RANGE,
        "a message of "
            + lengthBytes
            + " bytes, and the server takes at most "
            + publisher.maxPayload()
            + " with its headers (max_payload)");
  }

  /** Carries an interrupt out of a visitor. */
  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient InterruptedException cause;

    Interrupted(InterruptedException cause) {
      super(cause);
      this.cause = cause;
    }
  }
}
