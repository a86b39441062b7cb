package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.BrokerOptions;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.BrokerOptions.Numbering;
import io.hostpipe.spi.BrokerOptions.Until;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.tls.BrokerTls;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a subject is used.
 *
 * @param address as it was written
 * @param subject what stands behind the slash
 * @param servers all that may be tried, as URLs of NATS
 * @param jetStream whether what is written is kept, and what was kept is read
 * @param stream the name of the stream in JetStream; null: the one that has the subject
 * @param durable the name of a consumer that others may share; null reads in order for itself
 * @param queue a group whose members share what is published; null for none
 * @param from where a new reader begins
 * @param until where a reader ends
 * @param goesOnBehindLoss say what was lost and go on, instead of ending
 * @param replicas of a stream that is made
 * @param inFlight how many messages may be unconfirmed
 * @param ackWait how long JetStream waits before it gives an unacknowledged message to another
 * @param marksEnd whether the end of a stream is written as a message of its own
 * @param credentials a file of NATS with a token and a key; null for none
 * @param timeout how long a request waits for its answer
 * @param tls how the connection is encrypted
 */
record NatsOptions(
    Address address,
    String subject,
    List<String> servers,
    boolean jetStream,
    @Nullable String stream,
    @Nullable String durable,
    @Nullable String queue,
    From from,
    Until until,
    boolean goesOnBehindLoss,
    int replicas,
    int inFlight,
    Duration ackWait,
    boolean marksEnd,
    @Nullable Path credentials,
    Duration timeout,
    BrokerTls tls) {
  static final String SCHEME = "nats";

  private static final int PORT = 4222;
  private static final String JETSTREAM = "jetstream";
  private static final String STREAM = "stream";
  private static final String DURABLE = "durable";
  private static final String QUEUE = "queue";
  private static final String REPLICAS = "replicas";
  private static final String IN_FLIGHT = "in-flight";
  private static final String ACK_WAIT = "ack-wait";
  private static final String CREDENTIALS = "creds";

  static final List<OptionSpec> SPECS =
      Stream.concat(ownSpecs().stream(), BrokerTls.SPECS.stream()).toList();

  /** Reads them from an address. */
  static NatsOptions of(Address address, boolean asSource) throws PipeException {
    BrokerOptions.refuseTimeout(address);
    return ofDialogue(address, asSource);
  }

  /** The same for both directions over one subject. */
  static NatsOptions ofDialogue(Address address, boolean asSource) throws PipeException {
    OptionValues.checkNames(address, SPECS, asSource);
    BackWay.refuse(address);
    boolean jetStream = address.option(JETSTREAM) != null;
    String subject = address.path();
    Subjects.check(address, subject, asSource);
    String credentials = address.option(CREDENTIALS);
    NatsOptions options =
        new NatsOptions(
            address,
            subject,
            servers(address),
            jetStream,
            name(address, STREAM),
            name(address, DURABLE),
            name(address, QUEUE),
            From.of(address, Numbering.SEQUENCE),
            Until.of(address, Until.LAST),
            BrokerOptions.goesOnBehindLoss(address),
            OptionValues.integer(address, REPLICAS, 1, 1, 5),
            OptionValues.integer(address, IN_FLIGHT, 4096, 1, 1_000_000),
            OptionValues.duration(
                address,
                ACK_WAIT,
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                Duration.ofHours(1)),
            BrokerOptions.marksEnd(address),
            credentials == null ? null : Path.of(credentials),
            BrokerOptions.timeout(address),
            BrokerTls.of(address, false));
    options.checkTogether();
    return options;
  }

  /** The name of a stream that is made for the subject. */
  String streamName() {
    String asked = stream;
    return asked != null ? asked : Subjects.streamNameOf(subject);
  }

  private static List<OptionSpec> ownSpecs() {
    return List.of(
        OptionSpec.flag(
            JETSTREAM, "keep what is written, and read what was kept; without it nothing is"),
        OptionSpec.value(
            STREAM,
            "NAME",
            null,
            "the stream of JetStream; else the one that has the subject, and where none has, one"
                + " that is made and named after the subject"),
        OptionSpec.value(
                DURABLE,
                "NAME",
                null,
                "read through a consumer of this name, which keeps the place in the server and"
                    + " which several may share; else all is read, in order")
            .ofSource(),
        OptionSpec.value(
                QUEUE,
                "GROUP",
                null,
                "each message goes to one of those that name the same group (not with jetstream)")
            .ofSource(),
        From.option(Numbering.SEQUENCE),
        Until.option(Until.LAST),
        BrokerOptions.lost("how many"),
        OptionSpec.value(
                REPLICAS, "N", "1", "how many servers keep a stream that is made: 1, 3 or 5")
            .ofDestination(),
        OptionSpec.value(IN_FLIGHT, "N", "4096", "how many messages may be unconfirmed"),
        OptionSpec.value(
                ACK_WAIT,
                "DURATION",
                "30s",
                "when a consumer that is made gives a message to another reader, should this one"
                    + " fall silent")
            .ofSource(),
        BrokerOptions.end(),
        OptionSpec.value(BrokerOptions.SERVER, "HOST:PORT", null, "one more server of the cluster")
            .repeated(),
        OptionSpec.value(CREDENTIALS, "PATH", null, "a credentials file of NATS, or of a key"),
        BackWay.option("subject"),
        BrokerOptions.timeout());
  }

  private void checkTogether() throws PipeException {
    for (String name :
        List.of(
            STREAM,
            DURABLE,
            BrokerOptions.FROM,
            BrokerOptions.UNTIL,
            BrokerOptions.LOST,
            REPLICAS,
            ACK_WAIT,
            BrokerOptions.END,
            IN_FLIGHT)) {
      if (!jetStream && address.option(name) != null) {
        throw new PipeException.Config(
            address
                + ": '"
                + name
                + "' means something with jetstream only; without that word a subject keeps"
                + " nothing");
      }
    }
    if (durable != null && until != Until.NEVER) {
      throw new PipeException.Config(
          address
              + ": a consumer that is shared has no end, others may have what lies before it;"
              + " without durable="
              + durable
              + " all is read, up to until="
              + address.option(BrokerOptions.UNTIL));
    }
    if (jetStream && queue != null) {
      throw new PipeException.Config(
          address + ": with jetstream a group is a consumer that is shared: durable=" + queue);
    }
  }

  private static List<String> servers(Address address) throws PipeException {
    if (address.host().isEmpty()) {
      throw new PipeException.Config(
          address + " has no host; write it as in nats://host:4222/subject");
    }
    List<String> servers = new ArrayList<>();
    String host = address.host().indexOf(':') >= 0 ? "[" + address.host() + "]" : address.host();
    servers.add("nats://" + host + ":" + (address.port() < 0 ? PORT : address.port()));
    for (String more : BrokerOptions.servers(address)) {
      servers.add("nats://" + more);
    }
    return List.copyOf(servers);
  }

  private static @Nullable String name(Address address, String option) throws PipeException {
    String name = address.option(option);
    if (name != null && !name.matches("[A-Za-z0-9_-]{1,200}")) {
      throw new PipeException.Config(
          address
              + ": "
              + option
              + " is a name of letters, digits, hyphens and underscores, not '"
              + name
              + "'");
    }
    return name;
  }
}
