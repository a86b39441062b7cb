package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
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
import io.hostpipe.spi.MessageSink;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Publishes each message to whoever sent the request that it answers: the first answers the first,
 * and so on. A request is acknowledged when the server has confirmed its answer; what was doubtful
 * when the connection broke is sent once more.
 *
 * <p>It has a connection of its own: over that of the requests no confirmation would come while
 * nobody takes what was read. Thread rule: as {@link io.hostpipe.Sink}.
 */
final class AnswerSink extends MessageSink {
  private static final long CONFIRM_TIMEOUT_MILLIS = 20_000;

  /** So often all answers of a batch are tried together. */
  private static final int TOGETHER_MAX = 2;

  /** So often one is tried alone, when the server closes the connection each time. */
  private static final int ALONE_MAX = 3;

  private final QueueOptions options;
  private final Questions questions;
  private final Attempts attempts;
  private final Strays strays;
  private final Strays unusable;
  private final Strays full;
  private final List<Questions.Question> answered = new ArrayList<>();
  private final List<Reply> replies = new ArrayList<>();
  private volatile boolean closed;
  private volatile @Nullable Line line;

  AnswerSink(QueueOptions options, PipeContext context, Questions questions) {
    super(
        options.address(),
        context,
        new StreamId("answers"),
        Encoding.RECORDS,
        Resume.START,
        new Commits(0));
    this.options = options;
    this.questions = questions;
    this.attempts = new Attempts(context, options.address());
    this.strays =
        new Strays(
            options.address(), context.events(), "that nobody waits for: whoever asked has gone");
    this.unusable =
        new Strays(
            options.address(),
            context.events(),
            "was not taken: the server breaks off each time that it is sent to where it was to go");
    this.full =
        new Strays(
            options.address(),
            context.events(),
            "was not taken: the queue that it goes to is full");
  }

  /** An answer, and where it goes. */
  private static final class Reply {
    private final String to;
    private final BasicProperties properties;
    private final byte[] payload;

    Reply(String to, BasicProperties properties, byte[] payload) {
      this.to = to;
      this.properties = properties;
      this.payload = payload;
    }
  }

  @Override
  protected void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException {
    Questions.Question question = questions.next();
    if (question == null) {
      refuse(
          endPosition,
          new Rejection(
              Status.FAILED_PRECONDITION,
              "an answer too much: every request that was read has one"));
      return;
    }
    answered.add(question);
    String to = question.replyTo();
    if (to == null) {
      return;
    }
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    BasicProperties properties = AmqpHeaders.writeAnswer(headers, question.correlationId());
    Rejection refusal = standing().connection.refusal(copy.length, headers, properties, to);
    if (refusal != null) {
      refuse(endPosition, refusal);
    } else {
      replies.add(new Reply(to, properties, copy));
    }
  }

  @Override
  protected void putAll(long fromPosition) throws PipeException, InterruptedException {
    int failures = 0;
    while (!replies.isEmpty()) {
      Line over = standing();
      // Behind two failures one by one: whoever asks says where to, and one such place may be what
      // the server closes the connection for.
      boolean alone = failures >= TOGETHER_MAX;
      List<Reply> now = List.copyOf(alone ? replies.subList(0, 1) : replies);
      try {
        if (!over.publish(now)) {
          full.add();
        }
        attempts.succeeded(position());
        replies.subList(0, now.size()).clear();
        failures = alone ? TOGETHER_MAX : 0;
        sayWhoHasGone(over, now);
      } catch (IOException | ShutdownSignalException | TimeoutException e) {
        checkOpen();
        line = null;
        over.connection.abandon();
        failures++;
        if (failures >= TOGETHER_MAX + ALONE_MAX && !(e instanceof TimeoutException)) {
          replies.removeFirst();
          failures = TOGETHER_MAX;
          unusable.add();
        } else {
          attempts.pauseAfter(AmqpErrors.of(options.address() + ": answers were not confirmed", e));
        }
      }
    }
    questions.answered(answered);
    answered.clear();
    commits.advance(position());
  }

  /** Nothing is cut: requests and answers are messages. */
  @Override
  protected long rawBytesMax() {
    return Long.MAX_VALUE;
  }

  /** Behind each batch all is confirmed. */
  @Override
  protected void complete() {}

  @Override
  protected boolean closed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    commits.fail(closedHere());
    attempts.stop();
    Line last = line;
    if (last != null) {
      last.connection.close();
    }
  }

  /** The server takes an answer to a channel that is gone, and tells of it only who asks. */
  private void sayWhoHasGone(Line over, List<Reply> answers) {
    List<String> answeredTo = answers.stream().map(each -> each.to).toList();
    for (String to : Set.copyOf(answeredTo)) {
      if (isDirect(to) && over.isGone(to)) {
        answeredTo.stream().filter(to::equals).forEach(each -> strays.add());
      }
    }
  }

  /** Whether it is a channel, and no queue. */
  private static boolean isDirect(String replyTo) {
    return replyTo.startsWith(RequestLine.REPLY_TO + ".");
  }

  /** The connection, or a new one where there is none. Blocks. */
  private Line standing() throws PipeException, InterruptedException {
    Line now = line;
    while (now == null) {
      checkOpen();
      try {
        now = Line.open(options, strays);
        line = now;
        if (closed) {
          now.connection.close();
        }
      } catch (PipeException e) {
        attempts.pauseAfter(e);
      }
    }
    return now;
  }

  /** A connection. Thread rule: one thread, but for its closing. */
  private static final class Line {
    private final RabbitConnection connection;
    private final Channel channel;

    /** For questions that the server answers by closing a channel. */
    private @Nullable Channel asking;

    private Line(RabbitConnection connection, Channel channel) {
      this.connection = connection;
      this.channel = channel;
    }

    static Line open(QueueOptions options, Strays strays) throws PipeException {
      RabbitConnection connection = RabbitConnection.open(options, why -> {});
      boolean whole = false;
      try {
        Channel channel = connection.channel();
        channel.addReturnListener((code, text, exchange, key, properties, body) -> strays.add());
        channel.confirmSelect();
        whole = true;
        return new Line(connection, channel);
      } catch (IOException | ShutdownSignalException e) {
        throw e instanceof PipeException known
            ? known
            : AmqpErrors.of(options.address() + ": no confirmations", e);
      } finally {
        if (!whole) {
          connection.close();
        }
      }
    }

    /**
     * Blocks until the server has confirmed all, and has given back what no queue takes.
     *
     * @return false when a queue refused one
     */
    boolean publish(List<Reply> replies)
        throws IOException, InterruptedException, TimeoutException {
      for (Reply each : replies) {
        // Of a channel the server says that it is no queue, though it takes the message there.
        channel.basicPublish("", each.to, !isDirect(each.to), each.properties, each.payload);
      }
      return channel.waitForConfirms(CONFIRM_TIMEOUT_MILLIS);
    }

    /** Whether the channel that asked is surely not there any more. Blocks. */
    boolean isGone(String replyTo) {
      try {
        Channel own = asking;
        if (own == null || !own.isOpen()) {
          own = connection.channel();
          asking = own;
        }
        own.queueDeclarePassive(replyTo);
        return false;
      } catch (IOException | ShutdownSignalException e) {
        ShutdownSignalException signal = AmqpErrors.signal(e);
        return signal != null && AmqpErrors.code(signal) == AMQP.NOT_FOUND;
      }
    }
  }
}
