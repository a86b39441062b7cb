package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The answers to requests, in their order; ends when the last request was answered.
 *
 * <p>Thread rule: as {@link Source}.
 *
 * @param <M> an answer of the library
 */
public final class AnswerSource<M> implements Source {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  private final Address address;
  private final PipeContext context;
  private final Inbox<M> answers;
  private final Function<M, byte[]> payloads;
  private final Function<M, Headers> headers;
  private final Supplier<@Nullable PipeException> failure;
  private final StreamId stream;
  private volatile boolean closed;
  private long position;
  private boolean finished;

  /** What a batch had no room for. */
  private @Nullable M unread;

  /**
   * Answers to what is asked at an address.
   *
   * @param answers where they come in, ended behind the last one
   * @param payloads the bytes of an answer, which nobody changes
   * @param headers its headers in a record
   * @param failure once they have ended, why others will not come; null where all have
   */
  public AnswerSource(
      Address address,
      PipeContext context,
      Inbox<M> answers,
      Function<M, byte[]> payloads,
      Function<M, Headers> headers,
      Supplier<@Nullable PipeException> failure) {
    this.address = address;
    this.context = context;
    this.answers = answers;
    this.payloads = payloads;
    this.headers = headers;
    this.failure = failure;
    this.stream = new StreamId(address.scheme() + ":" + UUID.randomUUID());
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return Encoding.RECORDS;
  }

  @Override
  public boolean replayable() {
    return false;
  }

  @Override
  public boolean wantsCommits() {
    return false;
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    if (from.position() > 0) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION, address + ": an answer comes once, and cannot be read again");
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null && !finished) {
      batch = read(FOREVER_NANOS);
    }
    return batch;
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.compareTo(Duration.ofDays(365)) > 0 ? FOREVER_NANOS : timeout.toNanos());
  }

  @Override
  public boolean finished() {
    return finished;
  }

  /** Nothing: nobody waits for it. */
  @Override
  public void commit(long committedPosition) {}

  /** Nothing: who answered has done its work. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    closed = true;
    answers.close();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    M message = unread != null ? unread : answers.poll(timeoutNanos);
    unread = null;
    if (closed) {
      throw new PipeException.Closed(Status.CANCELLED, address + " was closed on this side");
    }
    if (message == null) {
      boolean ended = answers.ended();
      PipeException why = ended ? failure.get() : null;
      if (why != null) {
        throw why;
      }
      finished = ended;
      return null;
    }
    try (BatchWriter batch =
        new BatchWriter(
            context.pool(),
            Encoding.RECORDS,
            Math.max(BLOCK_BYTES, payloads.apply(message).length))) {
      M next = message;
      while (next != null) {
        byte[] payload = payloads.apply(next);
        if (!batch.add(payload, 0, payload.length, headers.apply(next))) {
          unread = next;
          break;
        }
        next = batch.lengthBytes() < BLOCK_BYTES ? answers.poll() : null;
      }
      Batch full = batch.toBatch(stream, position);
      position = full.endPosition();
      return full;
    }
  }
}
