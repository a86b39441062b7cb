package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.Digest;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a queue. A queue shows a message only to whom it gives it, so what is looked at
 * is held, unacknowledged, over one channel, and given back when this closes or its process dies;
 * what is taken out is acknowledged.
 *
 * <p>The server has no numbers that stay, so a number is a digest of the message: of the place that
 * it tells and of the queue that refused it, or of all of it. Messages that agree in both are
 * copies of one letter, are shown as one, and are taken out together. Messages of other programs
 * that are the same are counted: which of them is taken out makes no difference.
 *
 * <p>Thread rule: as {@link Letterbox}.
 */
final class QueueLetterbox implements Letterbox {
  /** Numbers have twelve digits. */
  private static final long NUMBER_MIN = 100_000_000_000L;

  private static final long NUMBER_COUNT = 900_000_000_000L;

  private static final String FIRST_REFUSED_BY = "x-first-death-queue";

  private final QueueOptions options;
  private final RabbitConnection connection;
  private final Channel channel;
  private final Map<Long, Held> letters = new HashMap<>();

  /** How often the queues give a message out that put some of these aside. */
  private final Map<String, Integer> givenOut = new HashMap<>();

  /** How many of those that lay there when the look began were not read yet; -1: no look began. */
  private long unread = -1;

  private boolean shows;
  private boolean removed;

  private QueueLetterbox(QueueOptions options, RabbitConnection connection, Channel channel) {
    this.options = options;
    this.connection = connection;
    this.channel = channel;
  }

  /** A letter that was read. */
  private static final class Held {
    /** What its copies have in common; null for a message that tells no place. */
    private final @Nullable String identity;

    /** Of the message, and of its copies. */
    private final List<Long> tags = new ArrayList<>();

    private boolean takenOut;

    Held(@Nullable String identity) {
      this.identity = identity;
    }
  }

  /** Looks whether such a queue is there, and what it does with what is given back. Blocks. */
  static QueueLetterbox open(QueueOptions options, PipeEvents events) throws PipeException {
    if (options.ownQueue() || !options.exchange().isEmpty()) {
      throw new PipeException.Config(
          options.address() + ": messages lie in a queue; name it, and leave exchange out");
    }
    RabbitConnection connection = RabbitConnection.open(options, why -> {});
    boolean whole = false;
    try {
      Queues queues = new Queues(connection, options);
      Queues.Found found = queues.find(options.queue());
      QueueShape shape = found == null ? null : queues.look();
      if (found == null || shape == null) {
        throw new PipeException.Unreachable(
            Status.NOT_FOUND,
            options.address() + ": there is no such queue yet: nothing lies there",
            null);
      }
      queues.check(shape, true, events);
      if (found.readers() > 0) {
        events.warning(
            options.address()
                + ": the queue is read meanwhile (readers: "
                + found.readers()
                + "), and what a reader holds is not seen from here");
      }
      QueueLetterbox box = new QueueLetterbox(options, connection, connection.channel());
      whole = true;
      return box;
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  @Override
  public void forEach(Visitor visitor) throws PipeException, InterruptedException {
    if (unread >= 0) {
      giveBack();
      letters.clear();
    }
    removed = false;
    unread = Long.MAX_VALUE;
    shows = true;
    try {
      boolean wanted = true;
      for (GetResponse next = next(); next != null; next = wanted ? next() : null) {
        Headers headers = headers(next);
        long number = hold(next, headers);
        if (number > 0) {
          Headers shown = ServersLetter.addTo(headers, next.getProps(), options, this::givesOut);
          wanted = visitor.letter(number, ByteBuffer.wrap(next.getBody()), shown);
        }
      }
    } finally {
      shows = false;
    }
    if (removed) {
      readRest();
      settle(0);
    }
  }

  @Override
  public void remove(long number) throws PipeException {
    removeAll(List.of(number));
  }

  @Override
  public void removeAll(List<Long> numbers) throws PipeException {
    for (long number : numbers) {
      Held letter = letters.get(number);
      if (letter != null) {
        letter.takenOut = true;
        removed = true;
      }
    }
    if (!shows && removed) {
      readRest();
    }
    for (long number : numbers) {
      Held letter = letters.get(number);
      if (letter != null) {
        for (long tag : letter.tags) {
          acknowledge(tag, numbers.size());
        }
        letter.tags.clear();
      }
    }
    settle(numbers.size());
  }

  @Override
  public void close() {
    try {
      if (channel.isOpen()) {
        giveBack();
      }
    } catch (PipeException e) {
      // The server does it by itself, when it hears that the channel is gone.
    } finally {
      connection.close();
    }
  }

  /** Copies of what is taken out may lie behind what was looked at. */
  private void readRest() throws PipeException {
    for (GetResponse next = next(); next != null; next = next()) {
      hold(next, headers(next));
    }
  }

  private @Nullable GetResponse next() throws PipeException {
    if (unread <= 0) {
      return null;
    }
    try {
      GetResponse next = channel.basicGet(options.queue(), false);
      // What comes later is for the next look.
      unread = next == null ? 0 : unread == Long.MAX_VALUE ? next.getMessageCount() : unread - 1;
      return next;
    } catch (IOException | ShutdownSignalException e) {
      throw AmqpErrors.of(options.address() + ": its messages cannot be looked at", e);
    }
  }

  /** Its number; 0 when it is not to be shown: a copy, or the mark of an end. */
  private long hold(GetResponse message, Headers headers) throws PipeException {
    Place place = Place.of(message.getProps());
    if (place != null && place.isEnd()) {
      return 0;
    }
    String identity = place == null ? null : identity(place, message);
    long number = number(identity, message.getBody(), headers);
    Held known = letters.get(number);
    while (known != null && (identity == null || !identity.equals(known.identity))) {
      number++;
      known = letters.get(number);
    }
    long tag = message.getEnvelope().getDeliveryTag();
    if (known == null) {
      Held letter = new Held(identity);
      letter.tags.add(tag);
      letters.put(number, letter);
      return number;
    }
    if (known.takenOut) {
      acknowledge(tag, 1);
    } else {
      known.tags.add(tag);
    }
    return 0;
  }

  private static Headers headers(GetResponse message) {
    boolean routed = !message.getEnvelope().getExchange().isEmpty();
    return AmqpHeaders.read(
        message.getProps(), routed ? message.getEnvelope().getRoutingKey() : "");
  }

  private int givesOut(String queue) {
    return givenOut.computeIfAbsent(queue, new Queues(connection, options)::givesOut);
  }

  /** The queues that an exchange gave one message may each have refused it. */
  private static String identity(Place place, GetResponse message) {
    Object refusedBy = AmqpHeaders.table(message.getProps()).get(FIRST_REFUSED_BY);
    return place.toText() + " " + (refusedBy == null ? "" : refusedBy);
  }

  private static long number(@Nullable String identity, byte[] body, Headers headers) {
    Digest[] all = {Digest.of(identity == null ? ByteBuffer.wrap(body) : UTF_8.encode(identity))};
    if (identity == null) {
      headers.forEach((name, value) ->
          all[0] = all[0].extend(UTF_8.encode("\n" + name + "=")).extend(ByteBuffer.wrap(value)));
    }
    return NUMBER_MIN + Long.remainderUnsigned(all[0].toLong(), NUMBER_COUNT);
  }

  private void acknowledge(long tag, int count) throws PipeException {
    try {
      channel.basicAck(tag, false);
    } catch (IOException | ShutdownSignalException e) {
      throw notTakenOut(count, e);
    }
  }

  /** An acknowledgement has no answer; a question behind it has one. */
  private void settle(int count) throws PipeException {
    try {
      channel.queueDeclarePassive(options.queue());
    } catch (IOException | ShutdownSignalException e) {
      throw notTakenOut(count, e);
    }
  }

  private PipeException notTakenOut(int count, Exception why) {
    return AmqpErrors.of(
        options.address()
            + ": "
            + (count > 1 ? count + " messages" : "a message")
            + " may lie there still, though they were to be taken out",
        why);
  }

  /** When this returns, the next one that looks finds all of them. */
  private void giveBack() throws PipeException {
    try {
      channel.basicRecover(true);
      channel.queueDeclarePassive(options.queue());
    } catch (IOException | ShutdownSignalException e) {
      throw AmqpErrors.of(options.address() + ": its messages cannot be given back", e);
    }
  }
}
