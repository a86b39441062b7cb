package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.BrokerOptions;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.BrokerOptions.Numbering;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.tls.BrokerTls;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  private static final String IN_FLIGHT = "in-flight";
  private static final String MAX_AGE = "max-age";
  private static final String MAX_BYTES = "max-bytes";
  private static final String SEGMENT_BYTES = "segment-bytes";
  private static final String REPLICAS = "replicas";
  private static final int PORT = 5552;
  private static final int ENCRYPTED_PORT = 5551;

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
                address, tls.wanted() ? ENCRYPTED_PORT : PORT, "rabbitmq-stream://host/orders"),
            tls,
            From.of(address, Numbering.OFFSET_OR_TIME),
            Until.of(address, Until.LAST),
            BrokerOptions.goesOnBehindLoss(address),
            OptionValues.integer(address, IN_FLIGHT, 10_000, 1, 1_000_000),
            BrokerOptions.marksEnd(address),
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
    return BrokerOptions.streamId(SCHEME, name);
  }

  private static List<OptionSpec> ownSpecs() {
    return List.of(
        From.option(Numbering.OFFSET_OR_TIME),
        Until.option(Until.LAST),
        BrokerOptions.lost("which"),
        OptionSpec.value(IN_FLIGHT, "N", "10000", "how many messages may be unconfirmed")
            .ofDestination(),
        BrokerOptions.end(),
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
        OptionSpec.value(BrokerOptions.SERVER, "HOST:PORT", null, "one more server of the cluster")
            .repeated());
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
}
