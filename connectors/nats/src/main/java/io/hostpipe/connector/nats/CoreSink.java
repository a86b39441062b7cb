package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Publishes one stream under a subject, at most once: a batch is committed when the server has
 * answered behind it, and never sent again. Some are published while the server is asked for those
 * before them.
 *
 * <p>A batch whose answer was lost with its connection is doubtful: the pipe says so at once, goes
 * on behind it, and does not finish well.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}.
 */
final class CoreSink extends MessageSink {
  private static final int HEADERS_BYTES_MAX = 1 << 10;

  private final NatsOptions options;
  private final Attempts attempts;
  private final Doubts doubts;
  private final Flushes flushes = new Flushes(this::settle);
  private volatile boolean closed;
  private volatile NatsConnection connection;

  /** What the present batch is published over; null before its first message. */
  private @Nullable NatsConnection over;

  /** What the user may not do any more; null while there is nothing. */
  private volatile @Nullable PipeException denied;

  /** Why the rest of the present batch cannot be published. */
  private @Nullable Exception broke;

  /** Where a batch begins that was put and is not with those to be flushed; -1 for none. */
  private long unsettledFrom = -1;

  private CoreSink(
      NatsOptions options, PipeContext context, StreamId stream, Encoding encoding, Attempts tries)
      throws PipeException, InterruptedException {
    super(options.address(), context, stream, encoding, Resume.START, new Commits(0));
    this.options = options;
    this.attempts = tries;
    this.doubts = new Doubts(options.address(), context.events());
    this.connection = connect();
  }

  /** Connects. Blocks. */
  static CoreSink open(NatsOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    return new CoreSink(
        options, context, stream, encoding, new Attempts(context, options.address()));
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    NatsConnection now = over;
    if (now == null) {
      checkAllowed();
      now = standing();
      over = now;
    }
    if (broke == null) {
      try {
        publish(now, endPosition, payload, headers);
      } catch (IllegalStateException e) {
        broke = e;
      }
    }
  }

  @Override
  protected void putAll(long fromPosition) throws PipeException, InterruptedException {
    if (unsettledFrom < 0) {
      unsettledFrom = fromPosition;
    }
    Exception why = broke;
    flushes.add(over, unsettledFrom, position(), why);
    unsettledFrom = -1;
    over = null;
    broke = null;
    if (why != null) {
      // What was published before over the same connection is settled, and that one closed.
      flushes.await();
    }
    checkOpen();
    checkAllowed();
  }

  private void settle(long from, long end, @Nullable Exception why) {
    if (denied != null) {
      return;
    }
    if (why instanceof PipeException.Refused refused) {
      deny(from, refused);
      return;
    }
    if (why != null) {
      doubts.add(from, end, why);
    }
    commits.advance(end);
  }

  /** The server has not taken all behind this position, and says which right is missing. */
  private void deny(long from, PipeException.Refused why) {
    PipeException end =
        new PipeException.Refused(
            why.status(),
            why.getMessage()
                + "; the stream "
                + stream()
                + " was published up to position "
                + from
                + ", and little or nothing of what came behind it",
            why);
    denied = end;
    commits.fail(end);
  }

  private void checkAllowed() throws PipeException {
    PipeException why = denied;
    if (why != null) {
      throw why;
    }
  }

  @Override
  protected long rawBytesMax() {
    return connection.nats().getMaxPayload() - HEADERS_BYTES_MAX;
  }

  @Override
  protected void complete() throws PipeException, InterruptedException {
    flushes.await();
    checkOpen();
    checkAllowed();
    doubts.check(commits, stream(), position());
  }

  @Override
  protected boolean closed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    attempts.stop();
    flushes.close();
    commits.fail(closedHere());
    connection.close();
  }

  private void publish(NatsConnection over, long end, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    io.nats.client.impl.Headers out = null;
    if (!headers.isEmpty()) {
      out = new io.nats.client.impl.Headers();
      NatsHeaders.write(headers, out);
    }
    long lengthBytes = copy.length + (out == null ? 0L : out.serializedLength());
    long mostBytes = over.nats().getMaxPayload();
    if (lengthBytes > mostBytes) {
      refuse(end, PayloadLimit.passed("a message", copy.length, mostBytes, PayloadLimit.OF_SERVER));
    } else {
      over.nats().publish(options.subject(), Subjects.replyOf(headers), out, copy);
    }
  }

  /** The connection, or a new one where it broke. */
  private NatsConnection standing() throws PipeException, InterruptedException {
    NatsConnection now = connection;
    if (!now.stands()) {
      now.close();
      now = connect();
      connection = now;
      attempts.succeeded(position());
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
}
