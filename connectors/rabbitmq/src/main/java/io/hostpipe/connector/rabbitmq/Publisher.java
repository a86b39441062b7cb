package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmCallback;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RefusesFirst;
import io.hostpipe.spi.Republisher;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the messages of one stream, each of which the server has to confirm.
 *
 * <p>On any doubt (a broken connection, a message that no queue takes or that one refuses, no
 * answer) nothing more is sent: the connection is closed, and over another one everything that was
 * not confirmed is sent once more, with a header that says so. What was confirmed and whose
 * confirmation was lost is twice in the queue then; a reader knows it by its place.
 *
 * <p>A queue that refuses messages when it is full may take one behind another that it has refused.
 * So from when this is known, each message is sent when the one before it is confirmed.
 *
 * <p>How long a message a server takes it says only when one is longer, by closing the channel.
 * Such a message is refused when all before it is confirmed, and the rest goes on.
 *
 * <p>Thread rule: one thread publishes; a thread of its own clears up; {@link #close} from any.
 */
final class Publisher implements AutoCloseable {
  private static final long LOOK_MILLIS = 1_000;

  private final QueueOptions options;
  private final PipeContext context;
  private final Commits commits;
  private final Window window;

  private final Attempts attempts;
  private final Republisher<Unconfirmed, Way> publishing;

  private volatile RefusesFirst.@Nullable Refusal refusal;

  /** The most bytes of a message, as far as the server has said so. */
  private volatile int messageBytesMax = Integer.MAX_VALUE;

  /** Whether the queue is one that refuses messages when it is full. Once and for all. */
  private volatile boolean oneByOne;

  /** Whether it was said what passed what was refused. Of the thread that clears up. */
  private boolean saidPassed;

  private Publisher(QueueOptions options, PipeContext context, Commits commits)
      throws PipeException, InterruptedException {
    this.options = options;
    this.context = context;
    this.commits = commits;
    this.window = new Window(commits, options.inFlight());
    this.attempts = new Attempts(context, options.address());
    this.publishing = new Republisher<>(options.address(), attempts, new Steps());
    Way first = attempts.first(() -> connect(true));
    attempts.succeeded(0);
    publishing.start(first, commits, window, "rabbitmq-" + options.queue());
  }

  /** Connects, and makes the queue where there is none. Blocks. */
  static Publisher open(QueueOptions options, PipeContext context, Commits commits)
      throws PipeException, InterruptedException {
    return new Publisher(options, context, commits);
  }

  /** Why the server does not take such a message; null where it does. */
  @Nullable Rejection refusal(
      int lengthBytes, Headers headers, BasicProperties properties, String routingKey) {
    RabbitConnection connection = publishing.route().connection();
    int mostBytes = messageBytesMax;
    return lengthBytes > mostBytes
        ? RabbitConnection.tooLong(lengthBytes, mostBytes)
        : connection.refusal(lengthBytes, headers, properties, routingKey);
  }

  /** The most bytes of a message, as far as is known. */
  int messageBytesMax() {
    return messageBytesMax;
  }

  /** Has a message kept that the server refuses for good, before anything behind it is sent. */
  void onRefusal(RefusesFirst.Refusal told) {
    refusal = told;
  }

  boolean closed() {
    return publishing.closed();
  }

  /**
   * Hands over a message, which goes out with those behind it, at the latest when they are flushed.
   * Blocks while too much is unconfirmed, or the server takes nothing.
   */
  void publish(Unconfirmed message) throws PipeException, InterruptedException {
    if (oneByOne) {
      awaitConfirmed();
    } else if (!window.hasRoom()) {
      flush();
    }
    window.add(message);
    if (message.refusal() != null) {
      return;
    }
    publishing.send(over -> {
      over.connection().gather();
      send(message, over, false);
    });
  }

  /** Sends what was handed over. */
  void flush() {
    publishing.send(this::flush);
  }

  /** Blocks until the server has confirmed all. */
  void awaitConfirmed() throws PipeException, InterruptedException {
    flush();
    window.awaitEmpty();
  }

  @Override
  public void close() {
    publishing.close();
  }

  /** Within {@link Republisher#send}. */
  private void send(Unconfirmed message, Way over, boolean again) {
    Channel channel = over.channel();
    if (!window.sends(message, over, channel.getNextPublishSeqNo())) {
      return;
    }
    try {
      publish(message, channel, again);
    } catch (IOException | ShutdownSignalException e) {
      doubt(over, failed("the server cannot be written to", e));
    } catch (IllegalArgumentException e) {
      window.end(fitsInNone(message, e));
    }
  }

  /** It was looked at before it was taken in, by what another server takes. */
  private PipeException fitsInNone(Unconfirmed message, IllegalArgumentException why) {
    return new PipeException.Refused(
        Status.OUT_OF_RANGE,
        options.address()
            + ": the server takes smaller frames than the one before, and the headers of the"
            + " message that ends at position "
            + message.endPosition()
            + " fit in none (frame_max)",
        why);
  }

  private void publish(Unconfirmed message, Channel channel, boolean again) throws IOException {
    BasicProperties properties =
        again ? AmqpHeaders.again(message.properties()) : message.properties();
    channel.basicPublish(
        options.exchange(), message.routingKey(), true, properties, message.payload());
  }

  /** Within {@link Republisher#send}. */
  private void flush(Way over) {
    try {
      over.connection().flush();
    } catch (IOException e) {
      doubt(over, failed("the server cannot be written to", e));
    }
  }

  private void doubt(Way over, PipeException why) {
    over.doubt(why);
    publishing.doubt(over, why);
  }

  private void confirmed(Way over, long number, boolean andBefore) {
    boolean last = window.confirm(over, number, andBefore);
    publishing.confirmed(over);
    if (last) {
      doubt(over, full());
    }
  }

  private void turnedAway(Way over, long number, boolean andBefore) {
    oneByOne = true;
    if (window.turnAway(over, number, andBefore)) {
      doubt(over, full());
    }
  }

  private PipeException full() {
    return new PipeException.Unreachable(
        Status.RESOURCE_EXHAUSTED,
        options.address() + ": the queue refuses messages for now: it is full",
        null);
  }

  /** What it means that a channel was closed, or is of no use any more. */
  private PipeException failed(String what, Exception why) {
    ShutdownSignalException signal = AmqpErrors.signal(why);
    int mostBytes = signal == null ? -1 : AmqpErrors.messageBytesMax(signal);
    boolean known =
        mostBytes > 0
            && window.unconfirmed().stream()
                .anyMatch(each -> !each.confirmed() && each.payload().length > mostBytes);
    if (!known) {
      return AmqpErrors.of(options.address() + ": " + what, why);
    }
    messageBytesMax = Math.min(messageBytesMax, mostBytes);
    return new PipeException.Unreachable(
        options.address()
            + ": the server takes messages of at most "
            + mostBytes
            + " bytes (max_message_size), and has closed the channel at a longer one",
        why);
  }

  private Way connect(boolean first) throws PipeException {
    Way[] opened = {null};
    RabbitConnection connection =
        RabbitConnection.open(
            options,
            why -> {
              Way lost = opened[0];
              if (lost != null) {
                doubt(lost, why);
              }
            });
    boolean whole = false;
    try {
      Queues queues = new Queues(connection, options);
      if (first) {
        oneByOne |= queues.prepare(false, context.events()).turnsAway();
      } else {
        queues.checkStillThere();
      }
      Channel channel = connection.channel();
      Way next = new Way(connection, channel);
      opened[0] = next;
      listen(next);
      whole = true;
      return next;
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

  private void listen(Way next) throws IOException {
    Channel channel = next.channel();
    ConfirmCallback refused = (number, andBefore) -> turnedAway(next, number, andBefore);
    var _ =
        channel.addConfirmListener(
            (number, andBefore) -> confirmed(next, number, andBefore), refused);
    channel.addReturnListener((code, text, exchange, key, properties, body) ->
        doubt(
            next,
            new PipeException.Unreachable(
                Status.NOT_FOUND,
                options.address()
                    + ": no queue takes what is published"
                    + (exchange.isEmpty() ? "" : " to the exchange " + exchange)
                    + (key.isEmpty() ? "" : " with the routing key " + key)
                    + " ("
                    + text
                    + "); it is sent again until one does",
                null)));
    channel.addShutdownListener(signal -> doubt(next, failed("the channel was closed", signal)));
    next.connection()
        .onBlocked(reason -> {
          next.blocked(reason != null);
          window.blocked(reason != null);
          PipeEvents events = context.events();
          events.warning(
              options.address()
                  + (reason == null
                      ? ": the server takes messages again"
                      : ": the server takes nothing for now (" + reason + "); it is waited for"));
        });
    channel.confirmSelect();
  }

  private boolean isTooLong(Unconfirmed message) {
    return message.payload().length > messageBytesMax;
  }

  /** The server does not take it, and has all before it. */
  private void refuse(Unconfirmed message) throws PipeException, InterruptedException {
    Rejection why = RabbitConnection.tooLong(message.payload().length, messageBytesMax);
    RefusesFirst.Refusal told = refusal;
    if (told != null) {
      told.refused(message.endPosition(), why);
    }
    window.refuse(message, why);
  }

  /** Sends a message over a connection that is not in use yet. */
  private void sendAlone(Unconfirmed message, Way over) throws PipeException {
    Channel channel = over.channel();
    boolean again = message.isSent();
    try {
      window.sendsAgain(message, over, channel.getNextPublishSeqNo());
      publish(message, channel, again);
    } catch (IOException | ShutdownSignalException e) {
      throw failed("the server cannot be written to", e);
    } catch (IllegalArgumentException e) {
      throw fitsInNone(message, e);
    }
  }

  /** Blocks until the server has all of these; then there are none. */
  private void awaitAnswers(List<Unconfirmed> sent, Way over)
      throws PipeException, InterruptedException {
    long begunNanos = System.nanoTime();
    while (!sent.isEmpty()) {
      publishing.checkOpen();
      try {
        boolean stored = over.channel().waitForConfirms(LOOK_MILLIS);
        over.check();
        if (!stored) {
          throw full();
        }
        window.confirm(sent);
        attempts.succeeded(commits.position());
        sent.clear();
      } catch (TimeoutException e) {
        if (!over.isBlocked() && System.nanoTime() - begunNanos > Window.PATIENCE.toNanos()) {
          throw new PipeException.Unreachable(
              options.address() + ": the server has not confirmed what was sent again", e);
        }
      } catch (ShutdownSignalException e) {
        throw failed("the channel was closed", e);
      }
    }
  }

  /** What lies before a message in the queue, and behind it in the stream. */
  private void sayPassed() {
    Window.Passed passed = window.passed();
    if (saidPassed || passed == null) {
      return;
    }
    saidPassed = true;
    PipeEvents events = context.events();
    events.warning(
        options.address()
            + ": the queue was full, and refused the message "
            + passed.message()
            + " of the stream; what was on its way behind it lies before it in the queue: "
            + passed.before().stream().map(Window.Range::toString).collect(Collectors.joining(", "))
            + ". From here on one message is sent at a time, and none passes another");
  }

  private final class Steps implements Republisher.Steps<Unconfirmed, Way> {
    @Override
    public Way connect() throws PipeException {
      return Publisher.this.connect(false);
    }

    @Override
    public void settle(Way next) throws PipeException, InterruptedException {
      sayPassed();
      List<Unconfirmed> rest =
          window.unconfirmed().stream().filter(each -> !each.confirmed()).toList();
      long tooLong = rest.stream().filter(Publisher.this::isTooLong).count();
      List<Unconfirmed> unanswered = new ArrayList<>();
      for (Unconfirmed each : rest) {
        if (isTooLong(each)) {
          awaitAnswers(unanswered, next);
          refuse(each);
          tooLong--;
          continue;
        }
        if (!oneByOne && tooLong == 0) {
          // What is left goes out together, and its answers are not waited for here.
          break;
        }
        sendAlone(each, next);
        unanswered.add(each);
        if (oneByOne) {
          awaitAnswers(unanswered, next);
        }
      }
      awaitAnswers(unanswered, next);
    }

    @Override
    public void sendAgain(List<Unconfirmed> messages, Way over) {
      over.connection().gather();
      for (Unconfirmed each : messages) {
        send(each, over, each.isSent());
      }
      flush(over);
    }
  }
}
