package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BrokerOptions;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The rules for names of subjects (NATS documentation, "Subject-Based Messaging"). */
final class Subjects {
  private Subjects() {}

  /** Refuses what is no subject, or a pattern where a message has to have one subject. */
  static void check(Address address, String subject, boolean asSource) throws PipeException {
    if (subject.isEmpty()) {
      throw new PipeException.Config(
          address + " has no subject; write it as in nats://host:4222/orders.new");
    }
    String[] tokens = subject.split("\\.", -1);
    for (int index = 0; index < tokens.length; index++) {
      String token = tokens[index];
      boolean wild = token.equals("*") || (token.equals(">") && index == tokens.length - 1);
      if (token.isEmpty()
          || (!wild && (token.contains("*") || token.contains(">")))
          || !token.chars().allMatch(Subjects::isVisible)) {
        throw new PipeException.Config(
            address
                + ": '"
                + subject
                + "' is no subject: words without spaces, with dots between them, as in orders.new;"
                + " to read, * stands for one word and > for all that follow");
      }
      if (wild && !asSource) {
        throw new PipeException.Config(
            address
                + ": a message is published under one subject, and '"
                + subject
                + "' is a pattern");
      }
    }
    if (subject.startsWith("$")) {
      throw new PipeException.Config(address + ": subjects that begin with $ belong to the server");
    }
  }

  /** Where an answer is wanted; null for nowhere, or where it is the name of no subject. */
  static @Nullable String replyOf(Headers headers) {
    String replyTo = headers.text(Headers.REPLY_TO);
    return replyTo == null || replyTo.isEmpty() || !replyTo.chars().allMatch(Subjects::isVisible)
        ? null
        : replyTo;
  }

  private static boolean isVisible(int character) {
    return character > ' ' && character != 127;
  }

  /** The stream that a reader makes of a subject; a name that is too long is summed. */
  static StreamId streamIdOf(NatsOptions options) {
    return BrokerOptions.streamId(NatsOptions.SCHEME, options.subject());
  }

  /** Whether it stands for more than one subject. */
  static boolean isPattern(String subject) {
    return subject.contains("*") || subject.endsWith(">");
  }

  /** Whether a pattern has every subject that another one has. */
  static boolean covers(String pattern, String other) {
    String[] words = pattern.split("\\.", -1);
    String[] others = other.split("\\.", -1);
    for (int index = 0; index < words.length; index++) {
      if (index >= others.length) {
        return false;
      }
      if (words[index].equals(">")) {
        return true;
      }
      boolean same = words[index].equals(others[index]);
      if (!same && !(words[index].equals("*") && !others[index].equals(">"))) {
        return false;
      }
    }
    return words.length == others.length;
  }

  /** A stream's name for a subject: streams have no dots and no wildcards in their names. */
  static String streamNameOf(String subject) {
    return subject
        .replace('.', '_')
        .replace("*", "any")
        .replace(">", "all")
        .replaceAll("[^A-Za-z0-9_-]", "-")
        .toUpperCase(Locale.ROOT);
  }
}
