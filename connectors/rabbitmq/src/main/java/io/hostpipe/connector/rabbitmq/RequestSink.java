package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Publishes messages as requests: each is committed when it was answered, in their order. One that
 * no queue takes, or that nobody answers in time, is refused, and the others go on.
 *
 * <p>An answer finds its way over the connection that its request went out by, and over no other.
 * So when that breaks, what has no answer is asked once more over the next one, as long as its time
 * is not up: whoever answers may be asked twice, and each request has one answer here.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}; one thread of its own hands the answers on, another
 * one connects again.
 */
final class RequestSink extends MessageSink {
  private final QueueOptions options;
  private final Attempts attempts;
  private final Inbox<Answer> answers;
  private final Unanswered unanswered;
  private final Strays strays;
  private final Thread settling;

  /** Held while requests are handed to the library: they go out in the order of the stream. */
  private final ReentrantLock sending = new ReentrantLock();

  private volatile boolean closed;
  private volatile RequestLine line;
  private volatile @Nullable PipeException failure;
  private long count;

  private RequestSink(
      QueueOptions options, PipeContext context, StreamId stream, Inbox<Answer> answers)
      throws PipeException, InterruptedException {
    super(options.address(), context, stream, Encoding.RECORDS, Resume.START, new Commits(0));
    this.options = options;
    this.attempts = new Attempts(context, options.address());
    this.answers = answers;
    this.unanswered = new Unanswered(options.inFlight(), options.timeout());
    this.strays =
        new Strays(
            options.address(),
            context.events(),
            "that nobody waits for: it came too late, came twice, or has a correlation_id that is"
                + " no request's");
    this.line = connectFirst();
    this.settling = Thread.ofVirtual().name("rabbitmq-answers").unstarted(this::settle);
  }

  /**
   * Connects. Blocks.
   *
   * @param answers where they go; ended behind the last one
   */
  static RequestSink open(
      QueueOptions options, PipeContext context, StreamId stream, Inbox<Answer> answers)
      throws PipeException, InterruptedException {
    RequestSink sink = new RequestSink(options, context, stream, answers);
    sink.settling.start();
    Thread.ofVirtual().name("rabbitmq-requests").start(sink::keepUp);
    return sink;
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    String number = Long.toString(count++);
    BasicProperties properties = AmqpHeaders.writeRequest(headers, RequestLine.REPLY_TO, number);
    String key = options.routingKey(headers);
    Asked request = new Asked(endPosition, number, key, copy, properties);
    Rejection refusal = line.connection().refusal(copy.length, headers, properties, key);
    if (refusal != null) {
      refusing(endPosition, refusal);
      request.refused(refusal);
    }
    unanswered.add(request);
    sending.lock();
    try {
      send(request, line);
    } finally {
      sending.unlock();
    }
  }

  /** Nothing is cut: requests and answers are messages. */
  @Override
  protected long rawBytesMax() {
    return Long.MAX_VALUE;
  }

  @Override
  protected void complete() throws PipeException, InterruptedException {
    unanswered.finish();
    settling.join();
    checkOpen();
    unanswered.check();
  }

  @Override
  protected boolean closed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    PipeException why = closedHere();
    commits.fail(why);
    unanswered.end(why);
    attempts.stop();
    settling.interrupt();
    line.close();
  }

  /** Hands on one answer after the other. On a thread of its own. */
  private void settle() {
    try {
      for (Asked next = unanswered.awaitSettled(); next != null; next = unanswered.awaitSettled()) {
        Answer answer = next.answer();
        Rejection refusal = next.refusal();
        if (answer != null) {
          answers.put(answer);
        } else if (refusal != null) {
          commits.reject(next.endPosition(), refusal);
        }
        commits.advance(next.endPosition());
      }
    } catch (PipeException e) {
      failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failed(closedHere());
    } catch (RuntimeException e) {
      // Who waits must not wait for a thread that is gone.
      failed(AmqpErrors.of(options.address() + ": the answers are not understood", e));
    } finally {
      answers.end();
    }
  }

  private void failed(PipeException why) {
    if (!closed) {
      failure = why;
    }
    unanswered.end(why);
    commits.fail(why);
  }

  /**
   * Why there are no more answers; null where all were given, or this sink was closed, which
   * whoever did it knows. Known when these have ended.
   */
  @Nullable PipeException failure() {
    return failure;
  }

  /** Under {@link #sending}. */
  private void send(Asked request, RequestLine over) {
    boolean again = request.sentOver() != null;
    if (!unanswered.sends(request, over)) {
      return;
    }
    // Whoever works on requests is not given what nobody waits for any more.
    long restMillis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(request.restNanos()));
    BasicProperties properties =
        (again ? AmqpHeaders.again(request.properties()) : request.properties())
            .builder()
            .expiration(Long.toString(restMillis))
            .build();
    try {
      over.channel()
          .basicPublish(
              options.exchange(), request.routingKey(), true, properties, request.payload());
    } catch (IOException | ShutdownSignalException e) {
      // Also where its break was heard already, and forgotten with that of the line before it.
      over.retire();
      unanswered.doubt(AmqpErrors.of(options.address() + ": the server cannot be written to", e));
    } catch (IllegalArgumentException e) {
      // It was looked at before it was taken in, by what another server takes.
      unanswered.refused(
          request.number(),
          new Rejection(
              Status.OUT_OF_RANGE, "its headers fit in no frame of this server (frame_max)"));
    }
  }

  /** Connects again as often as that is needed. On a thread of its own. */
  private void keepUp() {
    try {
      for (PipeException trouble = unanswered.awaitTrouble();
          trouble != null;
          trouble = unanswered.awaitTrouble()) {
        line.retire();
        line.connection().abandon();
        askAgain(connectAfter(trouble));
      }
    } catch (PipeException e) {
      unanswered.end(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      unanswered.end(closedHere());
    } catch (RuntimeException e) {
      // Who waits must not wait for a thread that is gone.
      unanswered.end(AmqpErrors.of(options.address() + ": the server is not understood", e));
    }
  }

  private RequestLine connectAfter(PipeException trouble)
      throws PipeException, InterruptedException {
    PipeException why = trouble;
    while (true) {
      attempts.pauseAfter(why);
      checkOpen();
      try {
        RequestLine next = connect();
        attempts.succeeded(commits.position());
        return next;
      } catch (PipeException e) {
        why = e;
      }
    }
  }

  private void askAgain(RequestLine next) {
    sending.lock();
    try {
      line = next;
      for (Asked each : unanswered.clearUp()) {
        send(each, next);
      }
    } finally {
      sending.unlock();
    }
    if (closed) {
      next.close();
    }
  }

  private RequestLine connectFirst() throws PipeException, InterruptedException {
    while (true) {
      try {
        RequestLine opened = connect();
        attempts.succeeded(0);
        return opened;
      } catch (PipeException e) {
        attempts.pauseAfter(e);
      }
    }
  }

  private RequestLine connect() throws PipeException {
    return RequestLine.open(options, new Heard(), context.events());
  }

  private final class Heard implements RequestLine.Heard {
    @Override
    public void answered(String number, Answer answer) {
      if (!unanswered.answered(number, answer)) {
        strays.add();
      }
    }

    @Override
    public void returned(String number, Rejection why) {
      unanswered.refused(number, why);
    }

    @Override
    public void doubt(PipeException why) {
      unanswered.doubt(why);
    }
  }
}
