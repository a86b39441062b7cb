package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.tls.BrokerTls;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * How a stream of RabbitMQ is used.
 *
 * @param address as it was written
 * @param virtualHost the part of the server that the stream is in
 * @param name of the stream
 * @param servers all that may be tried
 * @param tls how the connection is encrypted
 * @param from where a reader begins that has no place of its own
 * @param until where a reader ends
 * @param goesOnBehindLoss whether a reader goes on behind messages that were deleted
 * @param inFlight how many messages a writer may have unconfirmed
 * @param marksEnd whether the end of a stream is written as a message of its own
 * @param shape what a stream that is made is like, in the words of the server
 */
record StreamOptions(
    Address address,
    String virtualHost,
    String name,
    List<Server> servers,
    BrokerTls tls,
    From from,
    Until until,
    boolean goesOnBehindLoss,
    int inFlight,
    boolean marksEnd,
    Map<String, String> shape) {
  static final String SCHEME = "rabbitmq-stream";
  static final String ENCRYPTED_SCHEME = "rabbitmq-stream+tls";

  private static final String FROM = "from";
  private static final String UNTIL = "until";
  private static final String LOST = "lost";
  private static final String IN_FLIGHT = "in-flight";
  private static final String END = "end";
  private static final String MAX_AGE = "max-age";
  private static final String MAX_BYTES = "max-bytes";
  private static final String SEGMENT_BYTES = "segment-bytes";
  private static final String REPLICAS = "replicas";
  private static final String SERVER = "server";
  private static final int PORT = 5552;
  private static final int ENCRYPTED_PORT = 5551;

  /**
   * Where a reader begins.
   *
   * @param place the kind of it
   * @param number the offset, or the time in milliseconds
   */
  record From(Place place, long number) {
    /** The kinds of places. */
    enum Place {
      BEGIN,
      END,
      OFFSET,
      TIME
    }
  }

  /** Where a reader ends. */
  enum Until {
    /** Nowhere: it waits for more. */
    NEVER,
    /** Behind the last message that was there when it began. */
    LAST,
    /** Where a writer said that its stream ends. */
    MARK
  }

  static final List<OptionSpec> SPECS =
      Stream.concat(ownSpecs().stream(), BrokerTls.SPECS.stream()).toList();

  /** Reads them from an address. */
  static StreamOptions of(Address address, boolean asSource) throws PipeException {
    OptionValues.checkNames(address, SPECS, asSource);
    BackWay.refuse(address);
    String path = address.path();
    int slash = path.lastIndexOf('/');
    BrokerTls tls = BrokerTls.of(address, address.scheme().equals(ENCRYPTED_SCHEME));
    StreamOptions options =
        new StreamOptions(
            address,
            slash < 0 ? "/" : path.substring(0, slash),
            path.substring(slash + 1),
            Server.of(
                address,
                SERVER,
                tls.wanted() ? ENCRYPTED_PORT : PORT,
                "rabbitmq-stream://host/orders"),
            tls,
            from(address),
            until(address),
            isSecond(address, LOST, "fail", "continue"),
            OptionValues.integer(address, IN_FLIGHT, 10_000, 1, 1_000_000),
            isSecond(address, END, "silent", "mark"),
            shape(address));
    if (options.name.isEmpty()) {
      throw new PipeException.Config(
          address + " has no stream; write it as in rabbitmq-stream://host/orders");
    }
    if (options.name.getBytes(StandardCharsets.UTF_8).length > 255) {
      throw new PipeException.Config(address + " names a stream of more than 255 bytes");
    }
    return options;
  }

  /** The stream of a pipe that a reader makes of it; a name that is too long is summed. */
  StreamId streamId() {
    String whole = SCHEME + ":" + name;
    byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= StreamId.LENGTH_BYTES_MAX
        ? new StreamId(whole)
        : new StreamId(SCHEME + ":" + UUID.nameUUIDFromBytes(bytes));
  }

  private static List<OptionSpec> ownSpecs() {
    return List.of(
        OptionSpec.value(
                FROM,
                "WHERE",
                "begin",
                "where a new reader begins: begin, end, an offset, or a time as in"
                    + " 2026-11-28T10:00:00Z")
            .ofSource(),
        OptionSpec.value(
                UNTIL,
                "WHERE",
                null,
                "stop at: last, the newest message there is now; mark, the end that a writer with"
                    + " end=mark has written")
            .ofSource(),
        OptionSpec.value(
                LOST,
                "WHAT",
                "fail",
                "when messages were deleted before they were read: fail (exit code 5), or"
                    + " continue with a line that says which")
            .ofSource(),
        OptionSpec.value(IN_FLIGHT, "N", "10000", "how many messages may be unconfirmed")
            .ofDestination(),
        OptionSpec.value(
                END,
                "HOW",
                "silent",
                "mark: write the end of the stream as an empty message, for until=mark")
            .ofDestination(),
        OptionSpec.value(
                MAX_AGE,
                "DURATION",
                null,
                "a stream that is made deletes what is older, as in 168h")
            .ofDestination(),
        OptionSpec.value(
                MAX_BYTES,
                "SIZE",
                null,
                "a stream that is made deletes its oldest messages when it is larger, as in 20GB")
            .ofDestination(),
        OptionSpec.value(
                SEGMENT_BYTES,
                "SIZE",
                null,
                "of a stream that is made: what it deletes at a time; else 500 MB")
            .ofDestination(),
        OptionSpec.value(
                REPLICAS,
                "N",
                null,
                "how many servers keep a stream that is made; else all, as far as there are few")
            .ofDestination(),
        BackWay.option("stream"),
        OptionSpec.value(SERVER, "HOST:PORT", null, "one more server of the cluster").repeated());
  }

  private static Map<String, String> shape(Address address) throws PipeException {
    Map<String, String> shape = new TreeMap<>();
    if (address.option(MAX_AGE) != null) {
      Duration age =
          OptionValues.duration(
              address, MAX_AGE, Duration.ZERO, Duration.ofSeconds(1), Duration.ofDays(36_500));
      shape.put("max-age", age.toSeconds() + "s");
    }
    if (address.option(MAX_BYTES) != null) {
      shape.put(
          "max-length-bytes",
          "" + OptionValues.bytes(address, MAX_BYTES, 0, 1, Long.MAX_VALUE / 2));
    }
    if (address.option(SEGMENT_BYTES) != null) {
      shape.put(
          "stream-max-segment-size-bytes",
          "" + OptionValues.bytes(address, SEGMENT_BYTES, 0, 1000, 3_000_000_000L));
    }
    if (address.option(REPLICAS) != null) {
      shape.put("initial-cluster-size", "" + OptionValues.integer(address, REPLICAS, 0, 1, 100));
    }
    return Map.copyOf(shape);
  }

  private static From from(Address address) throws PipeException {
    String text = address.option(FROM);
    if (text == null || text.equals("begin")) {
      return new From(From.Place.BEGIN, 0);
    }
    if (text.equals("end")) {
      return new From(From.Place.END, 0);
    }
    if (text.matches("[0-9]{1,18}")) {
      return new From(From.Place.OFFSET, Long.parseLong(text));
    }
    try {
      return new From(From.Place.TIME, Instant.parse(text).toEpochMilli());
    } catch (DateTimeException | ArithmeticException e) {
      throw new PipeException.Config(
          address
              + ": from is begin, end, the offset of a message, or a time as in"
              + " 2026-11-28T10:00:00Z, not '"
              + text
              + "'");
    }
  }

  private static Until until(Address address) throws PipeException {
    return switch (address.option(UNTIL)) {
      case null -> Until.NEVER;
      case "last" -> Until.LAST;
      case "mark" -> Until.MARK;
      case String other ->
          throw new PipeException.Config(address + ": until is last or mark, not '" + other + "'");
    };
  }

  private static boolean isSecond(Address address, String name, String standard, String other)
      throws PipeException {
    String word = address.option(name);
    if (word == null || word.equals(standard)) {
      return false;
    }
    if (word.equals(other)) {
      return true;
    }
    throw new PipeException.Config(
        address + ": " + name + " is " + standard + " or " + other + ", not '" + word + "'");
  }
}
