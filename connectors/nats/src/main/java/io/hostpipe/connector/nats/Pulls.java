package io.hostpipe.connector.nats;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Inbox;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.PullRequestOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Asks for the messages of a consumer as there is room for them, over one connection: the server
 * sends what was asked for and no more, however slowly it is taken (NATS documentation, "JetStream
 * wire API Reference", "Consumer Next Message").
 *
 * <p>Two questions are open at most, and the second is asked when half of the first has come. Each
 * has a subject of its own for what comes, which says what belongs to which; a server may answer
 * both in turns. A question is for so many messages and so many bytes; a message that is longer
 * than that is asked for alone, without a limit.
 *
 * <p>A server from 2.12 on drops a question without a word where a consumer has as many as it may
 * have: one of which nothing was heard keeps nobody from asking another, and is given up when that
 * one was answered, since a server answers the older one first. Whatever comes of it late is taken
 * all the same.
 *
 * <p>Whatever ends a reader here ends its inbox, and {@link #failure} says why: another one begins
 * behind what was taken, and finds out what has become of the consumer.
 *
 * <p>Thread rule: messages arrive on a thread of the library, the inbox is taken from by any, and a
 * thread of its own looks whether the server is still there.
 */
final class Pulls implements AutoCloseable {
  /** How much may be on its way: together with what lies in an inbox that has room. */
  private static final long AHEAD_BYTES = 8L << 20;

  /** So many messages at most, which are longer here than on the way. */
  static final int AHEAD_MESSAGES = 16 << 10;

  /** What a message takes in memory beside its bytes, about: its strings, headers and numbers. */
  private static final int MESSAGE_BYTES = 400;

  private static final String NEXT = "$JS.API.CONSUMER.MSG.NEXT.";
  private static final Duration EXPIRES = Duration.ofSeconds(30);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(1);
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A server that has said nothing for so many looks, while it was asked something, is lost. */
  private static final int SILENT_LOOKS_MAX = 16;

  private static final int TIMEOUT = 408;
  private static final int NO_MESSAGES = 404;
  private static final int CONFLICT = 409;
  private static final int NO_RESPONDERS = 503;
  private static final int HEARTBEATS = 100;

  private final NatsConnection connection;
  private final String what;
  private final String subject;
  private final Inbox<Message> inbox;
  private final Predicate<Message> looks;
  private final Dispatcher dispatcher;
  private final long askBytes;
  private final int askMessages;
  private final int messagesMax;
  private final Duration expires;
  private final Duration heartbeat;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Under the lock, as all that follows. */
  private final Question[] questions;

  private boolean heard;
  private int silentLooks;
  private long asked;

  /** The server was said to stop, or to be leader no more: it is not asked at once. */
  private boolean pauses;

  /** A whole question was too small for the next message. */
  private boolean asksForOne;

  private boolean closed;
  private volatile @Nullable PipeException failure;

  /**
   * Begins to ask.
   *
   * @param what is read, in messages to people
   * @param consumer which is asked
   * @param inbox where its messages go; {@link Inbox#hasRoom} says when more is asked for
   * @param looks at each message as it comes; false when it is not the one that was to come
   * @param messagesMax how many may be on their way
   */
  Pulls(
      NatsConnection connection,
      String what,
      ConsumerInfo consumer,
      Inbox<Message> inbox,
      Predicate<Message> looks,
      int messagesMax) {
    ConsumerConfiguration limits = consumer.getConsumerConfiguration();
    this.connection = connection;
    this.what = what;
    this.subject = NEXT + consumer.getStreamName() + "." + consumer.getName();
    this.inbox = inbox;
    this.looks = looks;
    this.messagesMax = messagesMax;
    this.askMessages = (int) limited(Math.max(1, messagesMax * 2L / 3), limits.getMaxBatch());
    this.askBytes = limited(AHEAD_BYTES * 2 / 3, limits.getMaxBytes());
    @Nullable Duration expiresMax = limits.getMaxExpires();
    this.expires =
        expiresMax != null && expiresMax.isPositive() && expiresMax.compareTo(EXPIRES) < 0
            ? expiresMax
            : EXPIRES;
    Duration half = expires.dividedBy(2);
    this.heartbeat = half.compareTo(HEARTBEAT) < 0 ? half : HEARTBEAT;
    this.dispatcher = connection.nats().createDispatcher();
    dispatcher.setPendingLimits(0, 0); // what is asked for is the limit
    this.questions =
        limits.getMaxPullWaiting() == 1
            ? new Question[] {new Question()}
            : new Question[] {new Question(), new Question()};
  }

  /** An inbox for the messages of a consumer. */
  static Inbox<Message> newInbox() {
    return new Inbox<>(message -> MESSAGE_BYTES + message.consumeByteCount());
  }

  /** Asks, from here on. */
  void start() {
    for (Question each : questions) {
      var _ = dispatcher.subscribe(each.inbox + "*", answer -> onAnswer(each, answer));
    }
    Thread.ofVirtual().name("nats-pulls").start(this::watch);
    inbox.onRoom(this::askMore);
    askMore();
  }

  private void askMore() {
    lock.lock();
    try {
      ask();
    } finally {
      lock.unlock();
    }
  }

  /** Why nothing more comes; null for no other reason than the end of the connection. */
  @Nullable PipeException failure() {
    return failure;
  }

  /** Asks no more. What is on its way is dropped. Idempotent. */
  @Override
  public void close() {
    askNoMore();
    try {
      connection.nats().closeDispatcher(dispatcher);
    } catch (IllegalArgumentException | IllegalStateException e) {
      // The connection is gone.
    }
  }

  /**
   * Asks no more, and looks at what has come already, or does within a moment; the inbox must be
   * closed.
   */
  void closeBehindWhatCame() {
    askNoMore();
    try {
      var _ = dispatcher.drain(DRAIN_TIMEOUT).get(DRAIN_TIMEOUT.toMillis(), MILLISECONDS);
    } catch (IllegalStateException | ExecutionException | TimeoutException e) {
      // What was not looked at comes again by itself.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void askNoMore() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void onAnswer(Question question, Message answer) throws InterruptedException {
    if (answer.isStatusMessage()) {
      onStatus(question, answer);
      return;
    }
    if (looks.test(answer)) {
      inbox.put(answer);
    } else {
      fail(new PipeException.Unreachable(what + ": a message got lost on its way", null));
    }
    lock.lock();
    try {
      heard = true;
      question.heard = true;
      question.messages--;
      question.bytes -= answer.consumeByteCount();
      if (question.isDone()) {
        giveUpUnheardBefore(question);
        question.end();
      }
      if (isLow()) {
        ask();
      }
    } finally {
      lock.unlock();
    }
  }

  private void onStatus(Question question, Message answer) {
    int code = answer.getStatus().getCode();
    String said = answer.getStatus().getMessage();
    lock.lock();
    try {
      heard = true;
      if (!answer.getSubject().equals(question.subject())) {
        return;
      }
      question.heard = true;
      giveUpUnheardBefore(question);
      if (code == HEARTBEATS) {
        return;
      }
      boolean whole = question.isWhole();
      question.end();
      switch (code) {
        case TIMEOUT, NO_MESSAGES -> ask();
        case CONFLICT -> onConflict(said, whole);
        case NO_RESPONDERS ->
            fail(new PipeException.Unreachable(what + " is not there, or has no leader", null));
        default -> refuse(answer);
      }
    } finally {
      lock.unlock();
    }
  }

  private void onConflict(String said, boolean whole) {
    switch (said) {
      case "Message Size Exceeds MaxBytes" -> {
        asksForOne |= whole;
        ask();
      }
      case "Batch Completed" -> ask();
      case "Leadership Change", "Server Shutdown", "Exceeded MaxWaiting" -> pauses = true;
      case "Consumer Deleted" ->
          fail(new PipeException.Unreachable(Status.NOT_FOUND, what + " was deleted", null));
      default -> refuse(said);
    }
  }

  private void refuse(Message answer) {
    refuse(answer.getStatus().getMessageWithCode());
  }

  private void refuse(String said) {
    fail(
        new PipeException.Refused(
            Status.FAILED_PRECONDITION, what + " does not give its messages: " + said));
  }

  private void fail(PipeException why) {
    lock.lock();
    try {
      if (failure == null) {
        failure = why;
      }
    } finally {
      lock.unlock();
    }
    inbox.end();
  }

  /** What was asked before this and got nothing was dropped; under the lock. */
  private void giveUpUnheardBefore(Question answered) {
    for (Question each : questions) {
      if (!each.heard && each.order < answered.order) {
        each.end();
      }
    }
  }

  /** Whether no more than half of a question is unanswered, as far as known; under the lock. */
  private boolean isLow() {
    long bytes = 0;
    long messages = 0;
    for (Question each : questions) {
      if (!each.isDoubtful()) {
        bytes += each.bytes;
        messages += each.messages;
      }
    }
    return bytes <= askBytes / 2 || messages <= askMessages / 2;
  }

  /** Asks what there is room for; under the lock. */
  private void ask() {
    if (closed || pauses || failure != null || !isLow() || !inbox.hasRoom()) {
      return;
    }
    Question free = null;
    boolean open = false;
    long restBytes = AHEAD_BYTES;
    long restMessages = messagesMax;
    for (Question each : questions) {
      if (each.messages == 0) {
        free = each;
      } else {
        open = true;
        restBytes -= each.bytes;
        restMessages -= each.messages;
      }
    }
    if (free == null || (asksForOne && open) || restBytes <= 0) {
      return;
    }
    int messages = asksForOne ? 1 : Math.clamp(restMessages, 1, askMessages);
    long bytes = asksForOne ? Long.MAX_VALUE / 4 : Math.min(restBytes, askBytes);
    PullRequestOptions.Builder wanted =
        PullRequestOptions.builder(messages).expiresIn(expires).idleHeartbeat(heartbeat);
    if (!asksForOne) {
      wanted.maxBytes(bytes);
    }
    free.begin(messages, bytes, !open);
    asksForOne = false;
    try {
      connection.nats().publish(subject, free.subject(), wanted.build().serialize());
    } catch (IllegalStateException e) {
      // The connection is gone, and says so to whoever reads.
    }
  }

  /** Looks, once a second, whether the server is there and whether it can be asked again. */
  private void watch() {
    lock.lock();
    try {
      while (!closed && failure == null) {
        var _ = changed.awaitNanos(LOOK_NANOS);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private void look() {
    boolean open = false;
    // What the server says lies behind messages that there is no room for.
    boolean room = inbox.hasRoom();
    for (Question each : questions) {
      if (!room) {
        each.waitAnew();
      } else if (each.messages > 0 && System.nanoTime() - each.deadline > 0) {
        // The server has forgotten it, and was not able to say so.
        each.end();
      }
      open |= each.messages > 0;
    }
    silentLooks = heard || !open || !room ? 0 : silentLooks + 1;
    heard = false;
    pauses = false;
    if (silentLooks > SILENT_LOOKS_MAX) {
      fail(
          new PipeException.Unreachable(
              what + " has said nothing for " + silentLooks + " s", null));
    }
    ask();
  }

  private static long limited(long wanted, long limit) {
    return limit > 0 ? Math.min(wanted, limit) : wanted;
  }

  /** What was asked and has not come yet; under the lock. */
  private final class Question {
    /** What comes goes to a subject that begins so; the number of the question follows. */
    private final String inbox = connection.nats().createInbox() + ".";

    private long number;
    private int messages;
    private long bytes;
    private int wanted;
    private long deadline;

    /** Of all questions, which one it is. */
    private long order;

    /** Whether anything was heard of it. */
    private boolean heard;

    /** When something is heard of it at the latest, where the server has it. */
    private long heardBy;

    void begin(int messagesMax, long bytesMax, boolean alone) {
      number++;
      order = ++asked;
      heard = false;
      messages = messagesMax;
      wanted = messagesMax;
      bytes = bytesMax;
      heardBy = System.nanoTime() + (alone ? heartbeat.toNanos() + LOOK_NANOS : 0);
      waitAnew();
    }

    /** Whether the server may have dropped it, and another one is not to wait for it. */
    boolean isDoubtful() {
      return !heard && System.nanoTime() - heardBy >= 0;
    }

    void waitAnew() {
      deadline = System.nanoTime() + 2 * expires.toNanos();
    }

    void end() {
      messages = 0;
      bytes = 0;
    }

    /** The server counts the same, and says nothing when one of them is used up. */
    boolean isDone() {
      return messages <= 0 || bytes <= 0;
    }

    /** Whether nothing of it has come. */
    boolean isWhole() {
      return messages == wanted;
    }

    String subject() {
      return inbox + number;
    }
  }
}
