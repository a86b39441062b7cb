package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.BackWay;
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
  private static final String FROM = "from";
  private static final String UNTIL = "until";
  private static final String LOST = "lost";
  private static final String REPLICAS = "replicas";
  private static final String IN_FLIGHT = "in-flight";
  private static final String ACK_WAIT = "ack-wait";
  private static final String END = "end";
  private static final String SERVER = "server";
  private static final String CREDENTIALS = "creds";
  private static final String TIMEOUT = "timeout";

  /** Where a reader begins that has no place of its own. */
  record From(boolean end, long sequence) {
    static final From BEGIN = new From(false, 0);
    static final From END = new From(true, 0);
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
  static NatsOptions of(Address address, boolean asSource) throws PipeException {
    if (address.option(TIMEOUT) != null) {
      throw new PipeException.Config(
          address + ": 'timeout' means something with --duplex only, where requests are answered");
    }
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
            from(address),
            until(address),
            choice(address, LOST, "fail", "continue"),
            OptionValues.integer(address, REPLICAS, 1, 1, 5),
            OptionValues.integer(address, IN_FLIGHT, 4096, 1, 1_000_000),
            OptionValues.duration(
                address,
                ACK_WAIT,
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                Duration.ofHours(1)),
            choice(address, END, "silent", "mark"),
            credentials == null ? null : Path.of(credentials),
            OptionValues.duration(
                address, TIMEOUT, Duration.ofSeconds(5), Duration.ofMillis(10), Duration.ofDays(1)),
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
        OptionSpec.value(
                FROM,
                "WHERE",
                "begin",
                "where a new reader begins: begin, end, or a sequence number")
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
                    + " continue with a line that says how many")
            .ofSource(),
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
        OptionSpec.value(
                END,
                "HOW",
                "silent",
                "mark: write the end of the stream as an empty message, for until=mark")
            .ofDestination(),
        OptionSpec.value(SERVER, "HOST:PORT", null, "one more server of the cluster").repeated(),
        OptionSpec.value(CREDENTIALS, "PATH", null, "a credentials file of NATS (.creds)"),
        BackWay.option("subject"),
        OptionSpec.value(
                TIMEOUT, "DURATION", "5s", "with --duplex: how long a request waits for its answer")
            .ofDestination());
  }

  private void checkTogether() throws PipeException {
    for (String name :
        List.of(STREAM, DURABLE, FROM, UNTIL, LOST, REPLICAS, ACK_WAIT, END, IN_FLIGHT)) {
      if (!jetStream && address.option(name) != null) {
        throw new PipeException.Config(
            address
                + ": '"
                + name
                + "' means something with jetstream only; without that word a subject keeps"
                + " nothing");
      }
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
    for (String more : address.optionValues(SERVER)) {
      if (!more.matches("[^\\s/@:]+(:[0-9]{1,5})?|\\[[0-9a-fA-F:.]+](:[0-9]{1,5})?")) {
        throw new PipeException.Config(
            address + ": server is HOST or HOST:PORT, not '" + more + "'");
      }
      servers.add("nats://" + more);
    }
    return List.copyOf(servers);
  }

  private static From from(Address address) throws PipeException {
    String text = address.option(FROM);
    if (text == null || text.equals("begin")) {
      return From.BEGIN;
    }
    if (text.equals("end")) {
      return From.END;
    }
    if (text.matches("[1-9][0-9]{0,17}")) {
      return new From(false, Long.parseLong(text));
    }
    throw new PipeException.Config(
        address + ": from is begin, end, or the sequence number of a message, not '" + text + "'");
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

  /** Whether the second of two words was given; the first is what holds without any. */
  private static boolean choice(Address address, String name, String standard, String other)
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
