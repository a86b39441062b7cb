package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.Dialogue;
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RequestSource;
import io.nats.client.Message;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Requests that come over one subject, and their answers. */
final class Responses {
  /** More than there can be of empty ones in a batch, and on their way to a program. */
  private static final int UNANSWERED_MAX = 500_000;

  /** Of answers that may not be published, so many batches are spoken of. */
  private static final int DENIALS_SAID_MAX = 100;

  private Responses() {}

  /** Subscribes. Blocks. */
  static Pipe open(NatsOptions options, PipeContext context) throws PipeException {
    return Dialogue.open(options.address(), context.encoding(), () -> subscribe(options, context));
  }

  private static Dialogue subscribe(NatsOptions options, PipeContext context)
      throws PipeException, InterruptedException {
    Asked asked = new Asked(options, context);
    asked.open();
    return new Dialogue(options.address(), asked, new Answers(options, context, asked));
  }

  /**
   * A request that was read and has no answer.
   *
   * @param end where it ends
   * @param replyTo null when it asked for no answer
   */
  private record Question(long end, @Nullable String replyTo) {}

  /** The requests; it knows which have no answer. */
  private static final class Asked extends CoreSource implements RequestSource {
    private final BlockingQueue<Question> open = new LinkedBlockingQueue<>(UNANSWERED_MAX);
    private final AtomicBoolean saidRefused = new AtomicBoolean();

    Asked(NatsOptions options, PipeContext context) {
      super(options, context);
    }

    /** The first that has no answer; null when each has one. */
    @Nullable Question next() {
      return open.poll();
    }

    @Override
    protected void taken(Message request, long endPosition) throws PipeException {
      if (!open.offer(new Question(endPosition, request.getReplyTo()))) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            address
                + ": "
                + UNANSWERED_MAX
                + " requests were read and not answered; a program answers each, in order");
      }
    }

    @Override
    public void reject(long endPosition, Rejection why) {
      if (open.removeIf(each -> each.end == endPosition) && !saidRefused.getAndSet(true)) {
        context
            .events()
            .warning(
                address
                    + ": a request is refused, and so will each like it: "
                    + why.reason()
                    + "; it gets no answer");
      }
    }
  }

  /** Publishes each message to whoever sent the request that it answers. */
  private static final class Answers extends MessageSink {
    private final Asked requests;
    private final Doubts doubts;
    private volatile boolean closed;
    private @Nullable Exception broke;
    private @Nullable NatsConnection used;

    /** Why answers were not published, the first time; null while each was. */
    private @Nullable PipeException denied;

    private int denials;

    Answers(NatsOptions options, PipeContext context, Asked requests) {
      super(
          options.address(),
          context,
          new StreamId("answers"),
          Encoding.RECORDS,
          Resume.START,
          new Commits(0));
      this.requests = requests;
      this.doubts = new Doubts(options.address(), context.events());
    }

    @Override
    protected void put(long endPosition, ByteBuffer payload, Headers headers)
        throws PipeException, InterruptedException {
      Question question = requests.next();
      if (question == null) {
        refuse(
            endPosition,
            new Rejection(
                Status.FAILED_PRECONDITION,
                "an answer too much: every request that was read has one"));
      } else if (question.replyTo != null) {
        byte[] copy = new byte[payload.remaining()];
        payload.get(copy);
        io.nats.client.impl.Headers out = new io.nats.client.impl.Headers();
        NatsHeaders.write(headers, out);
        NatsConnection over = standing();
        long mostBytes = over.nats().getMaxPayload();
        if (copy.length + out.serializedLength() > mostBytes) {
          refuse(
              endPosition,
              PayloadLimit.passed("an answer", copy.length, mostBytes, PayloadLimit.OF_SERVER));
          return;
        }
        try {
          over.nats()
              .publish(new NatsMessage(question.replyTo, null, out.isEmpty() ? null : out, copy));
        } catch (IllegalStateException e) {
          broke = e;
        }
      }
    }

    @Override
    protected void putAll(long fromPosition) throws PipeException, InterruptedException {
      Exception why = broke;
      NatsConnection over = standing();
      broke = null;
      used = null;
      if (why == null) {
        try {
          over.flush();
          onDenial(fromPosition, over.newDenial());
        } catch (IOException e) {
          why = e;
        }
      }
      if (why != null) {
        checkOpen();
        doubts.add(fromPosition, position(), why);
      }
      commits.advance(position());
    }

    /**
     * To whom answers go is said by those who ask: one that may not be published is said, and the
     * others go on.
     */
    private void onDenial(long fromPosition, @Nullable PipeException why) {
      if (why == null) {
        return;
      }
      if (denied == null) {
        denied = why;
      }
      if (++denials <= DENIALS_SAID_MAX) {
        context
            .events()
            .warning(
                why.getMessage()
                    + "; an answer between positions "
                    + fromPosition
                    + " and "
                    + position()
                    + " was not published, and who asked for it gets none");
      }
    }

    /** What all answers of one batch go over, so that one question tells of all of them. */
    private NatsConnection standing() {
      NatsConnection now = used;
      if (now == null) {
        now = requests.connection();
        used = now;
      }
      return now;
    }

    /** Nothing is cut: requests and answers are messages. */
    @Override
    protected long rawBytesMax() {
      return Long.MAX_VALUE;
    }

    @Override
    protected void complete() throws PipeException {
      doubts.check(commits, stream(), position());
      PipeException why = denied;
      if (why != null) {
        PipeException end =
            new PipeException.Refused(
                why.status(),
                why.getMessage() + "; answers that are not published are not given to who asked",
                why);
        commits.fail(end);
        throw end;
      }
    }

    @Override
    protected boolean closed() {
      return closed;
    }

    @Override
    public void close() {
      closed = true;
      commits.fail(closedHere());
    }
  }
}
