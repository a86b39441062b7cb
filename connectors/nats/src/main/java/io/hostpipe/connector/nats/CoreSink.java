package io.hostpipe.connector.nats;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;
import io.hostpipe.spi.PipeContext;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Publishes one stream under a subject, at most once: a batch is committed when the server has
 * answered behind it, and never sent again.
 *
 * <p>A batch whose answer was lost with its connection is doubtful: the pipe says so at once, goes
 * on behind it, and does not finish well.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}.
 */
final class CoreSink extends CommittingSink {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final int HEADERS_BYTES_MAX = 1 << 10;
  private static final int DOUBTS_MAX = 100;

  private final NatsOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Encoding encoding;
  private final Attempts attempts;
  private final Digester digester = new Digester(Digest.EMPTY);
  private final List<String> doubts = new ArrayList<>();
  private volatile boolean closed;
  private volatile NatsConnection connection;
  private long position;
  private boolean finished;

  private CoreSink(
      NatsOptions options, PipeContext context, StreamId stream, Encoding encoding, Attempts tries)
      throws PipeException, InterruptedException {
    super(new Commits(0));
    this.options = options;
    this.context = context;
    this.stream = stream;
    this.encoding = encoding;
    this.attempts = tries;
    this.connection = connect();
  }

  /** Connects. Blocks. */
  static CoreSink open(NatsOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    return new CoreSink(
        options,
        context,
        stream,
        encoding,
        new Attempts(context.retry(), context.events(), "" + options.address()));
  }

  @Override
  public Resume resume() {
    return new Resume(position, null, digester.digest());
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException {
    checkOpen();
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
      checkOpen();
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
  public void finish() throws PipeException {
    if (finished) {
      return;
    }
    checkOpen();
    if (!doubts.isEmpty()) {
      PipeException why =
          new PipeException.Closed(
              Status.ABORTED,
              options.address()
                  + ": the stream "
                  + stream
                  + " was published up to position "
                  + position
                  + ", and it is uncertain whether what lies between these positions was: "
                  + String.join(", ", doubts)
                  + "; connections broke there, and a subject keeps nothing");
      commits.fail(why);
      throw why;
    }
    finished = true;
  }

  @Override
  public void close() {
    closed = true;
    attempts.stop();
    commits.fail(closedHere());
    connection.close();
  }

  private void publish(Batch batch) throws PipeException, InterruptedException {
    digester.update(batch.bytes());
    long end = batch.endPosition();
    NatsConnection over = standing();
    try {
      if (encoding == Encoding.RAW) {
        publishBytes(over, batch.bytes());
      } else {
        batch.forEach((to, payload, headers) -> publish(over, to, payload, headers));
      }
      over.flush();
    } catch (IllegalStateException | IOException e) {
      checkOpen();
      doubt(position, end, e);
    }
    position = end;
    commits.advance(end);
  }

  private void publishBytes(NatsConnection over, ByteBuffer rest) {
    int mostBytes = (int) Math.min(over.nats().getMaxPayload() - HEADERS_BYTES_MAX, BLOCK_BYTES);
    while (rest.hasRemaining()) {
      byte[] part = new byte[Math.min(mostBytes, rest.remaining())];
      rest.get(part);
      over.nats().publish(options.subject(), part);
    }
  }

  private void publish(NatsConnection over, long end, ByteBuffer payload, Headers headers) {
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    io.nats.client.impl.Headers out = null;
    if (!headers.isEmpty()) {
      out = new io.nats.client.impl.Headers();
      NatsHeaders.write(headers, out);
    }
    long lengthBytes = copy.length + (out == null ? 0L : out.serializedLength());
    if (lengthBytes > over.nats().getMaxPayload()) {
      commits.reject(
          end,
          new Rejection(
              Status.OUT_OF_RANGE,
              "a message of "
                  + copy.length
                  + " bytes, and the server takes at most "
                  + over.nats().getMaxPayload()
                  + " with its headers (max_payload)"));
    } else {
      over.nats()
          .publish(new NatsMessage(options.subject(), headers.text(Headers.REPLY_TO), out, copy));
    }
  }

  private void doubt(long from, long to, Exception why) {
    String range = from + " to " + to;
    if (doubts.size() < DOUBTS_MAX) {
      doubts.add(range);
    } else if (doubts.size() == DOUBTS_MAX) {
      doubts.add("and more behind them");
    }
    context
        .events()
        .warning(
            options.address()
                + ": it is uncertain whether what lies between positions "
                + range
                + " was published: "
                + NatsConnection.reason(why));
    connection.close();
  }

  /** The connection, or a new one where it broke. */
  private NatsConnection standing() throws PipeException, InterruptedException {
    NatsConnection now = connection;
    if (!now.stands()) {
      now.close();
      now = connect();
      connection = now;
      attempts.succeeded(position);
      if (closed) {
        now.close();
      }
    }
    return now;
  }

  private NatsConnection connect() throws PipeException, InterruptedException {
    while (true) {
      try {
        return NatsConnection.open(options, () -> {});
      } catch (PipeException e) {
        checkOpen();
        attempts.pauseAfter(e);
      }
    }
  }

  private void checkOpen() throws PipeException {
    if (closed) {
      throw closedHere();
    }
  }

  private PipeException closedHere() {
    return new PipeException.Closed(
        Status.CANCELLED, options.address() + " was closed on this side");
  }
}
