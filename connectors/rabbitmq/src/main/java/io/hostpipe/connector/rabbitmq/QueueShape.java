package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a queue that is there was declared as.
 *
 * <p>AMQP has no question for that. A declaration that differs is refused with one property in
 * which it does, and what that is; so the queue is declared as it is asked for, and again with each
 * property that the server names, until it agrees. A declaration that agrees changes nothing.
 *
 * <p>One that agrees with nothing would make the queue, if it was deleted a moment before. So each
 * declaration has a property that no queue can be made with, until the server names that as well;
 * what is left is the way of the last declaration.
 */
final class QueueShape {
  private static final int PROPERTIES_MAX = 32;
  private static final String DURABLE = "durable";
  private static final String AUTO_DELETE = "auto_delete";
  private static final String EXCLUSIVE = "exclusive";

  /** A server compares it with a queue that is there, and makes none with such a value. */
  private static final String IMPOSSIBLE = "x-max-age";

  private static final String IMPOSSIBLE_VALUE = "none";

  private static final Pattern DIFFERENCE =
      Pattern.compile("inequivalent arg '([^']+)' for queue .*: received .* but current is (.+)");

  private static final Pattern TYPED = Pattern.compile("the value '(.*)' of type '(.*)'");

  /** How RabbitMQ 4 names the type of a queue. */
  private static final Pattern BARE = Pattern.compile("'(.*)'");

  /** What an absent property of the queue is called. */
  private static final String NONE = "none";

  private final Map<String, Object> arguments;
  private final List<String> differences = new ArrayList<>();
  private boolean durable;
  private boolean autoDelete;
  private boolean exclusive;

  /** Whether no queue can be made so. */
  private boolean impossible = true;

  private QueueShape(QueueOptions options, Map<String, Object> asked) {
    this.durable = options.durable();
    this.arguments = new TreeMap<>(asked);
    arguments.put(IMPOSSIBLE, IMPOSSIBLE_VALUE);
  }

  /**
   * Looks at a queue that is there. Blocks.
   *
   * @param asked what it is to have; what it has beyond that is found
   * @return null when it is not there any more
   */
  static @Nullable QueueShape of(
      RabbitConnection connection, QueueOptions options, String queue, Map<String, Object> asked)
      throws PipeException {
    QueueShape shape = new QueueShape(options, asked);
    for (int count = 0; count < PROPERTIES_MAX; count++) {
      String refusal = shape.declare(connection, options, queue);
      if (refusal == null) {
        if (shape.impossible) {
          // This server compares it with no queue of this type.
          shape.arguments.remove(IMPOSSIBLE);
        }
        return shape;
      }
      if (shape.impossible && refusal.contains("invalid arg '" + IMPOSSIBLE)) {
        return null;
      }
      shape.adopt(options, queue, refusal);
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        options.address() + ": the server does not say what the queue " + queue + " is");
  }

  /** In which of its properties it is not what was asked for. */
  List<String> differences() {
    return List.copyOf(differences);
  }

  boolean isStream() {
    return Objects.equals(arguments.get("x-queue-type"), "stream");
  }

  boolean isQuorum() {
    return Objects.equals(arguments.get("x-queue-type"), "quorum");
  }

  boolean isDurable() {
    return durable;
  }

  /** A property, or null. */
  @Nullable Object argument(String name) {
    return arguments.get(name);
  }

  /** For people. */
  String describe() {
    List<String> words = new ArrayList<>();
    words.add(isStream() ? "stream" : isQuorum() ? "quorum" : "classic");
    words.add(durable ? "durable" : "not durable");
    if (autoDelete) {
      words.add("deleted with its last reader");
    }
    arguments.forEach((name, value) -> {
      if (!name.equals("x-queue-type")) {
        words.add(name + "=" + value);
      }
    });
    return String.join(", ", words);
  }

  /** Null when the server agrees, else its words. */
  private @Nullable String declare(RabbitConnection connection, QueueOptions options, String queue)
      throws PipeException {
    Channel channel = connection.channel();
    try {
      channel.queueDeclare(queue, durable, exclusive, autoDelete, arguments);
      channel.abort();
      return null;
    } catch (IOException | ShutdownSignalException e) {
      ShutdownSignalException signal = AmqpErrors.signal(e);
      if (signal != null && AmqpErrors.code(signal) == AMQP.PRECONDITION_FAILED) {
        return AmqpErrors.text(signal);
      }
      throw AmqpErrors.of(options.address() + ": the queue " + queue + " cannot be used", e);
    }
  }

  private void adopt(QueueOptions options, String queue, String refusal) throws PipeException {
    Matcher difference = DIFFERENCE.matcher(refusal);
    if (!difference.find()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address() + ": the queue " + queue + " cannot be used: " + refusal);
    }
    String name = difference.group(1);
    String current = difference.group(2);
    boolean yes = current.contains("true");
    switch (name) {
      case DURABLE -> {
        differences.add(yes ? "it is durable" : "it is not durable, and is gone with its server");
        durable = yes;
      }
      case AUTO_DELETE -> autoDelete = yes;
      case EXCLUSIVE -> exclusive = yes;
      default -> adoptArgument(options, queue, name, current);
    }
  }

  private void adoptArgument(QueueOptions options, String queue, String name, String current)
      throws PipeException {
    Object asked = arguments.remove(name);
    if (impossible && name.equals(IMPOSSIBLE)) {
      impossible = false;
    } else if (asked != null) {
      differences.add(name + " is " + shown(current) + ", not " + asked);
    }
    if (current.equals(NONE)) {
      return;
    }
    Matcher typed = TYPED.matcher(current);
    Matcher bare = BARE.matcher(current);
    Object value =
        typed.matches()
            ? value(typed.group(2), typed.group(1))
            : bare.matches() ? bare.group(1) : null;
    if (value == null) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address() + ": the queue " + queue + " has " + name + ": " + current);
    }
    arguments.put(name, value);
  }

  private static String shown(String current) {
    Matcher typed = TYPED.matcher(current);
    Matcher bare = BARE.matcher(current);
    return typed.matches() ? typed.group(1) : bare.matches() ? bare.group(1) : current;
  }

  private static @Nullable Object value(String type, String text) {
    return switch (type) {
      case "longstr" -> text;
      case "bool" -> Boolean.valueOf(text);
      case "signedint", "long", "short", "byte", "unsignedint", "unsignedshort", "unsignedbyte" ->
          text.matches("-?[0-9]{1,18}") ? Long.valueOf(text) : null;
      default -> null;
    };
  }
}
