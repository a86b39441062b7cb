package io.hostpipe.connector.nats;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the server answers to the messages that were published over one connection.
 *
 * <p>Each message names a subject of its own for its answer, with its number at the end, and one
 * subscription hears them all: so an answer costs neither a future nor an entry in a table, and an
 * answer of the plain shape is read where it lies (NATS documentation, "JetStream wire API
 * Reference", publish acknowledgement).
 *
 * <p>Thread rule: {@link #expect} by one thread at a time; answers arrive on a thread of the
 * library.
 */
final class Confirmations {
  /** So many answers at most are taken in before they are told. */
  private static final int TOGETHER_MAX = 64;

  private static final byte[] NUMBER = bytes("\"seq\":");

  /** Longer than any number that a server gives would be. */
  private static final int DIGITS_MAX = 18;

  private final Way way;
  private final Listener listener;
  private final Dispatcher answers;
  private final String subjectPrefix;

  /** What an answer of the stream that is written begins with. */
  private final byte[] beginning;

  /** What is not answered. */
  private final Expected<Unconfirmed> open;

  /** Of the library's thread. */
  private int untold;

  /** Is told what the server answers, on the library's thread. */
  interface Listener {
    /** The server has the message, under this number. */
    void stored(Unconfirmed message, Way over, long sequence);

    /** The server has answered otherwise: it knows the message already, or does not take it. */
    void doubtful(Unconfirmed message, Way over, @Nullable Exception failure);

    /** No further answer is there at the moment, or many were. */
    void told();
  }

  /**
   * Subscribes to the answers.
   *
   * @param unansweredMax how many messages may be without an answer at a time
   */
  Confirmations(Way way, int unansweredMax, Listener listener) {
    this.way = way;
    this.listener = listener;
    this.beginning = beginning(way.streamName());
    this.open = new Expected<>(unansweredMax);
    Connection nats = way.connection().nats();
    this.subjectPrefix = nats.createInbox() + ".";
    this.answers = nats.createDispatcher(this::onAnswer);
    answers.setPendingLimits(0, 0); // the window is the limit
    answers.subscribe(subjectPrefix + "*");
  }

  /** The subject for the answer to this message, which is published behind those before it. */
  String expect(Unconfirmed message) {
    return subjectPrefix + open.add(message);
  }

  private void onAnswer(Message answer) {
    untold++;
    try {
      long number = number(answer.getSubject());
      long sequence = plainSequence(answer.getData(), beginning);
      if (sequence > 0) {
        stored(number, sequence);
      } else {
        onOther(number, answer);
      }
    } finally {
      // The library counts a message behind handing it over, and so may be at less than none.
      if (untold >= TOGETHER_MAX || answers.getPendingMessageCount() <= 0) {
        untold = 0;
        listener.told();
      }
    }
  }

  /** Anybody may answer: other streams that hear the subject as well, and programs. */
  private void onOther(long number, Message answer) {
    // What was confirmed before it is told first, so that it is known which message is the oldest.
    untold = 0;
    listener.told();
    PublishAnswer told = new PublishAnswer(answer);
    switch (told.kind(way.streamName())) {
      case STORED -> stored(number, told.sequence());
      case KNOWN -> doubtful(number, null);
      case REFUSED -> doubtful(number, told.failure());
      case UNHEARD -> doubtful(number, new IOException(answer.getStatus().getMessageWithCode()));
      case FOREIGN -> {
        // That of the stream is still to come, or is missed in time.
      }
    }
  }

  private void stored(long number, long sequence) {
    Unconfirmed message = open.take(number);
    if (message != null) {
      listener.stored(message, way, sequence);
    }
  }

  private void doubtful(long number, @Nullable Exception failure) {
    Unconfirmed message = open.take(number);
    if (message != null) {
      listener.doubtful(message, way, failure);
    }
  }

  /** Of the message that is answered there; -1 when the subject has none. */
  private long number(String subject) {
    try {
      return Long.parseLong(subject, subjectPrefix.length(), subject.length(), 10);
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      return -1;
    }
  }

  /** What answers of a stream begin with, as servers write them. */
  static byte[] beginning(String streamName) {
    return bytes("{\"stream\":\"" + streamName + '"');
  }

  /**
   * The number in an answer that says nothing but the stream and the number.
   *
   * @return 0 for every other answer
   */
  static long plainSequence(byte[] answer, byte[] beginning) {
    if (!holds(answer, 0, beginning)) {
      return 0;
    }
    int at = beginning.length;
    while (at < answer.length && (answer[at] == ',' || answer[at] == ' ')) {
      at++;
    }
    if (!holds(answer, at, NUMBER)) {
      return 0;
    }
    long number = 0;
    int first = at + NUMBER.length;
    for (at = first; at < answer.length && answer[at] >= '0' && answer[at] <= '9'; at++) {
      number = 10 * number + (answer[at] - '0');
    }
    boolean ends = at == answer.length - 1 && answer[at] == '}' && at - first <= DIGITS_MAX;
    return ends ? number : 0;
  }

  private static boolean holds(byte[] answer, int at, byte[] what) {
    return at + what.length <= answer.length
        && Arrays.equals(answer, at, at + what.length, what, 0, what.length);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
