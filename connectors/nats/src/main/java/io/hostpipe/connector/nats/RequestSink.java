package io.hostpipe.connector.nats;

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
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Publishes messages as requests: each is committed when it was answered, in their order. One that
 * nobody answers in time is rejected, and the others go on; one whose connection broke is doubtful.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}; a thread of its own waits for the answers.
 */
final class RequestSink extends MessageSink {
  private static final int UNANSWERED_MAX = 1_024;
  private static final int HEADERS_BYTES_MAX = 1 << 10;
  private static final int NO_RESPONDERS = 503;
  private static final long CLOSED_LOOK_MILLIS = 100;

  private final NatsOptions options;
  private final Attempts attempts;
  private final Doubts doubts;
  private final Inbox<Message> answers;
  private final BlockingQueue<Asked> unanswered = new LinkedBlockingQueue<>();
  private final AnswerRoom room = new AnswerRoom(UNANSWERED_MAX);
  private final Thread settling;
  private volatile boolean closed;

  /** Why no more answers are waited for: a right is missing, or a mistake; null while they are. */
  private volatile @Nullable PipeException failure;

  private volatile Line line;
  private long asked;

  private RequestSink(
      NatsOptions options, PipeContext context, StreamId stream, Inbox<Message> answers)
      throws PipeException, InterruptedException {
    super(options.address(), context, stream, Encoding.RECORDS, Resume.START, new Commits(0));
    this.options = options;
    this.attempts = new Attempts(context, options.address());
    this.doubts = new Doubts(options.address(), context.events());
    this.answers = answers;
    this.line = connect();
    this.settling = Thread.ofVirtual().name("nats-answers").unstarted(this::settle);
  }

  /**
   * Connects. Blocks.
   *
   * @param answers where they go; ended behind the last one
   */
  static RequestSink open(
      NatsOptions options, PipeContext context, StreamId stream, Inbox<Message> answers)
      throws PipeException, InterruptedException {
    RequestSink sink = new RequestSink(options, context, stream, answers);
    sink.settling.start();
    return sink;
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    awaitRoom();
    Line over = standing();
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    io.nats.client.impl.Headers out = new io.nats.client.impl.Headers();
    NatsHeaders.write(headers, out);
    CompletableFuture<Message> answer = new CompletableFuture<>();
    Asked request = new Asked(endPosition, System.nanoTime(), answer, false);
    long mostBytes = over.connection.nats().getMaxPayload();
    if (copy.length + out.serializedLength() > mostBytes) {
      Rejection why =
          PayloadLimit.passed("a request", copy.length, mostBytes, PayloadLimit.OF_SERVER);
      refusing(endPosition, why);
      request.answer.completeExceptionally(new PipeException.Rejected(why.status(), why.reason()));
      room.answered(0);
      unanswered.add(request);
      return;
    }
    unanswered.add(request);
    String number = "" + asked++;
    over.waiting.put(number, answer);
    var _ =
        answer.whenComplete((got, why) -> {
          over.waiting.remove(number);
          room.answered(got == null ? 0 : got.consumeByteCount());
        });
    try {
      over.connection
          .nats()
          .publish(
              new NatsMessage(
                  options.subject(), over.inbox + number, out.isEmpty() ? null : out, copy));
    } catch (IllegalStateException e) {
      request.answer.completeExceptionally(e);
    }
  }

  /**
   * Blocks while too many are unanswered, or their answers would take too much, until it is closed.
   * What a request waits here is no part of the time that its answer may take.
   */
  private void awaitRoom() throws PipeException, InterruptedException {
    checkAnswered();
    while (!room.enter(CLOSED_LOOK_MILLIS)) {
      checkOpen();
      checkAnswered();
    }
  }

  private void checkAnswered() throws PipeException {
    PipeException why = failure;
    if (why != null) {
      throw why;
    }
  }

  @Override
  protected long rawBytesMax() {
    return line.connection.nats().getMaxPayload() - HEADERS_BYTES_MAX;
  }

  @Override
  protected void complete() throws PipeException, InterruptedException {
    checkAnswered();
    unanswered.add(Asked.LAST);
    settling.join();
    checkOpen();
    checkAnswered();
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
    commits.fail(closedHere());
    settling.interrupt();
    line.close();
  }

  /** Waits for one answer after the other. */
  private void settle() {
    try {
      long from = 0;
      for (Asked next = unanswered.take(); !next.last; next = unanswered.take()) {
        settle(from, next);
        room.leave(next.answerBytes());
        if (failure != null) {
          return;
        }
        from = next.endPosition;
        commits.advance(from);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // Who waits must not wait for a thread that is gone.
      failed(
          new PipeException.Unreachable(
              Status.INTERNAL,
              options.address() + ": what waits for answers has failed: " + Attempts.reason(e),
              e));
    } finally {
      answers.end();
    }
  }

  private void failed(PipeException why) {
    failure = why;
    commits.fail(why);
  }

  private void settle(long from, Asked request) throws InterruptedException {
    long restNanos = options.timeout().toNanos() - (System.nanoTime() - request.sentNanos);
    try {
      Message answer = request.answer.get(Math.max(0, restNanos), TimeUnit.NANOSECONDS);
      if (answer.isStatusMessage() && answer.getStatus().getCode() == NO_RESPONDERS) {
        commits.reject(
            request.endPosition,
            new Rejection(Status.NOT_FOUND, "nobody answers at the subject " + options.subject()));
      } else {
        answers.put(answer);
      }
    } catch (TimeoutException e) {
      request.answer.cancel(false);
      commits.reject(
          request.endPosition,
          new Rejection(
              Status.DEADLINE_EXCEEDED,
              "no answer within "
                  + options.timeout().toMillis()
                  + " ms; whether the request was worked on is not known"));
    } catch (ExecutionException e) {
      Throwable why = Objects.requireNonNullElse(e.getCause(), e);
      if (why instanceof PipeException.Rejected refused) {
        commits.reject(
            request.endPosition, new Rejection(refused.status(), Attempts.reason(refused)));
      } else if (why instanceof PipeException.Refused refused) {
        failed(refused);
      } else {
        doubts.add(from, request.endPosition, why);
      }
    }
  }

  /** The connection, or a new one where it broke. */
  private Line standing() throws PipeException, InterruptedException {
    Line now = line;
    if (!now.connection.stands()) {
      now.close();
      now = connect();
      line = now;
      attempts.succeeded(position());
      if (closed) {
        now.close();
      }
    }
    return now;
  }

  private Line connect() throws PipeException, InterruptedException {
    while (true) {
      try {
        return Line.open(options);
      } catch (PipeException e) {
        checkOpen();
        attempts.pauseAfter(e);
      }
    }
  }

  /** A request on its way. */
  private record Asked(
      long endPosition, long sentNanos, CompletableFuture<Message> answer, boolean last) {
    /** Behind the last one. */
    static final Asked LAST = new Asked(0, 0, new CompletableFuture<>(), true);

    /** What its answer takes; 0 without one. */
    long answerBytes() {
      return answer.state() == Future.State.SUCCESS ? answer.resultNow().consumeByteCount() : 0;
    }
  }

  /** A connection, and who waits for which answer over it. */
  private record Line(
      NatsConnection connection, String inbox, Map<String, CompletableFuture<Message>> waiting) {
    static Line open(NatsOptions options) throws PipeException, InterruptedException {
      Map<String, CompletableFuture<Message>> waiting = new ConcurrentHashMap<>();
      AtomicReference<NatsConnection> opened = new AtomicReference<>();
      NatsConnection connection =
          NatsConnection.open(options, () -> abandon(waiting, opened.get()));
      opened.set(connection);
      boolean whole = false;
      try {
        String inbox = connection.nats().createInbox() + ".";
        Dispatcher dispatcher =
            connection
                .nats()
                .createDispatcher(answer -> {
                  CompletableFuture<Message> asked =
                      waiting.remove(answer.getSubject().substring(inbox.length()));
                  if (asked != null) {
                    asked.complete(answer);
                  }
                });
        dispatcher.subscribe(inbox + "*");
        connection.flush();
        whole = true;
        return new Line(connection, inbox, waiting);
      } catch (IllegalStateException e) {
        throw connection.failed("no answers can be listened to", e);
      } finally {
        if (!whole) {
          connection.close();
        }
      }
    }

    private static void abandon(
        Map<String, CompletableFuture<Message>> waiting, @Nullable NatsConnection over) {
      PipeException denied = over == null ? null : over.denial();
      IOException why = denied != null ? denied : new IOException("the connection broke");
      waiting.values().forEach(each -> each.completeExceptionally(why));
      waiting.clear();
    }

    void close() {
      connection.close();
      abandon(waiting, null);
    }
  }
}
