package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Options that mean the same for every broker: where a reader begins and ends, what it does about
 * messages that were deleted, how a writer says that its stream ends, and how long a request waits.
 *
 * <p>Thread rule: any thread.
 */
public final class BrokerOptions {
  /** Where a reader begins that has no place of its own. */
  public static final String FROM = "from";

  /** Where a reader ends. */
  public static final String UNTIL = "until";

  /** What is done when messages were deleted before they were read. */
  public static final String LOST = "lost";

  /** Whether a writer's end is written, for {@link Until#MARK}. */
  public static final String END = "end";

  /** How long a request waits for its answer. */
  public static final String TIMEOUT = "timeout";

  /** One more server of a cluster. */
  public static final String SERVER = "server";

  private static final int PORT_MAX = 65_535;

  private static final String TIME_EXAMPLE = "2026-11-28T10:00:00Z";

  private BrokerOptions() {}

  /** How a broker counts the messages of a log, and what else one is found by. */
  public enum Numbering {
    /** From 1. */
    SEQUENCE("a sequence number", "the sequence number of a message", 1, false),
    /** From 0. */
    OFFSET("an offset", "the offset of a message", 0, false),
    /** From 0, and by the time of a message. */
    OFFSET_OR_TIME("an offset", "the offset of a message", 0, true);

    private final String what;
    private final String whatOfMessage;
    private final long least;
    private final boolean timed;

    Numbering(String what, String whatOfMessage, long least, boolean timed) {
      this.what = what;
      this.whatOfMessage = whatOfMessage;
      this.least = least;
      this.timed = timed;
    }

    private String choices(String number) {
      return timed
          ? "begin, end, " + number + ", or a time as in " + TIME_EXAMPLE
          : "begin, end, or " + number;
    }
  }

  /**
   * Where a reader begins that has no place of its own.
   *
   * @param place the kind of it
   * @param number the number of a message, or the time in milliseconds since 1970; else 0
   */
  public record From(Place place, long number) {
    /** The kinds of places. */
    public enum Place {
      /** The oldest message there is. */
      BEGIN,
      /** Behind the newest message there is. */
      END,
      /** A message by its number. */
      NUMBER,
      /** The first message of a time or after it. */
      TIME
    }

    /** Whether only what comes from now on is read. */
    public boolean end() {
      return place == Place.END;
    }

    /** The option, to be put beside those of the connector. */
    public static OptionSpec option(Numbering numbering) {
      return OptionSpec.value(
              FROM,
              "WHERE",
              "begin",
              "where a new reader begins: " + numbering.choices(numbering.what))
          .ofSource();
    }

    /** Reads it from an address. */
    public static From of(Address address, Numbering numbering) throws PipeException {
      String text = address.option(FROM);
      if (text == null || text.equals("begin")) {
        return new From(Place.BEGIN, 0);
      }
      if (text.equals("end")) {
        return new From(Place.END, 0);
      }
      if (text.matches("[0-9]{1,18}") && Long.parseLong(text) >= numbering.least) {
        return new From(Place.NUMBER, Long.parseLong(text));
      }
      try {
        if (numbering.timed) {
          return new From(Place.TIME, Instant.parse(text).toEpochMilli());
        }
      } catch (DateTimeException | ArithmeticException e) {
        // Said below, with all that it may be.
      }
      throw new PipeException.Config(
          address
              + ": from is "
              + numbering.choices(numbering.whatOfMessage)
              + ", not '"
              + text
              + "'");
    }
  }

  /** Where a reader ends. */
  public enum Until {
    /** Nowhere: it waits for more. */
    NEVER("never", ""),
    /** Behind the last message that was there when it began. */
    LAST("last", "the newest message there is now"),
    /** When no message is left for it, of those that are gone when they were read. */
    EMPTY("empty", "when no message is left"),
    /** Where a writer said that its stream ends. */
    MARK("mark", "the end that a writer with end=mark has written");

    private final String word;
    private final String help;

    Until(String word, String help) {
      this.word = word;
      this.help = help;
    }

    /**
     * The option, to be put beside those of the connector.
     *
     * @param unmarked where a reader can end besides {@link #MARK}
     */
    public static OptionSpec option(Until unmarked) {
      return OptionSpec.value(
              UNTIL,
              "WHERE",
              null,
              "stop at: "
                  + unmarked.word
                  + ", "
                  + unmarked.help
                  + "; "
                  + MARK.word
                  + ", "
                  + MARK.help)
          .ofSource();
    }

    /**
     * Reads it from an address.
     *
     * @param unmarked where a reader can end besides {@link #MARK}
     */
    public static Until of(Address address, Until unmarked) throws PipeException {
      String text = address.option(UNTIL);
      if (text == null) {
        return NEVER;
      }
      for (Until until : List.of(unmarked, MARK)) {
        if (until.word.equals(text)) {
          return until;
        }
      }
      throw new PipeException.Config(
          address + ": until is " + unmarked.word + " or " + MARK.word + ", not '" + text + "'");
    }
  }

  /**
   * The option {@value #LOST}, to be put beside those of the connector.
   *
   * @param what a line says of the messages that were deleted, as in "which"
   */
  public static OptionSpec lost(String what) {
    return OptionSpec.value(
            LOST,
            "WHAT",
            "fail",
            "when messages were deleted before they were read: fail (exit code 5), or continue"
                + " with a line that says "
                + what)
        .ofSource();
  }

  /** Whether a reader goes on behind messages that were deleted, and does not fail. */
  public static boolean goesOnBehindLoss(Address address) throws PipeException {
    return OptionValues.isSecond(address, LOST, "fail", "continue");
  }

  /** The option {@value #END}, to be put beside those of the connector. */
  public static OptionSpec end() {
    return OptionSpec.value(
            END,
            "HOW",
            "silent",
            "mark: write the end of the stream as an empty message, for until=mark")
        .ofDestination();
  }

  /** Whether the end of a stream is written as a message of its own. */
  public static boolean marksEnd(Address address) throws PipeException {
    return OptionValues.isSecond(address, END, "silent", "mark");
  }

  /**
   * The servers that an address names with the option {@value #SERVER}, each as HOST or HOST:PORT.
   */
  public static List<String> servers(Address address) throws PipeException {
    List<String> servers = address.optionValues(SERVER);
    for (String server : servers) {
      if (!server.matches("([^\\s/@:]+|\\[[0-9a-fA-F:.]+])(:[0-9]{1,5})?")) {
        throw new PipeException.Config(
            address
                + ": server is HOST or HOST:PORT, not '"
                + Address.shownValue(SERVER, server)
                + "'");
      }
      int colon = server.endsWith("]") ? -1 : server.lastIndexOf(':');
      int port = colon < 0 ? 1 : Integer.parseInt(server, colon + 1, server.length(), 10);
      if (port < 1 || port > PORT_MAX) {
        throw new PipeException.Config(
            address + ": a port is a number from 1 to " + PORT_MAX + ", not '" + port + "'");
      }
    }
    return servers;
  }

  /**
   * A user or a password out of an address, which are written as they stand there: percent-encoding
   * is undone.
   */
  public static String plain(Address address, String word) throws PipeException {
    try {
      return URLDecoder.decode(word.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new PipeException.Config(
          address
              + ": a '%' in user or password stands before two hexadecimal digits; write %25 for"
              + " the sign itself");
    }
  }

  /** The option {@value #TIMEOUT}, to be put beside those of the connector. */
  public static OptionSpec timeout() {
    return OptionSpec.value(
            TIMEOUT, "DURATION", "5s", "with --duplex: how long a request waits for its answer")
        .ofDestination();
  }

  /** How long a request waits for its answer. */
  public static Duration timeout(Address address) throws PipeException {
    return OptionValues.duration(
        address, TIMEOUT, Duration.ofSeconds(5), Duration.ofMillis(10), Duration.ofDays(1));
  }

  /** Refuses the option {@value #TIMEOUT} at an end where nothing is asked. */
  public static void refuseTimeout(Address address) throws PipeException {
    if (address.option(TIMEOUT) != null) {
      throw new PipeException.Config(
          address
              + ": '"
              + TIMEOUT
              + "' means something with --duplex only, where requests are answered");
    }
  }

  /**
   * The stream that a reader makes of what has this name in a broker; a name that is too long for a
   * stream's is summed.
   */
  public static StreamId streamId(String scheme, String name) {
    String whole = scheme + ":" + name;
    byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= StreamId.LENGTH_BYTES_MAX
        ? new StreamId(whole)
        : new StreamId(scheme + ":" + UUID.nameUUIDFromBytes(bytes));
  }
}
