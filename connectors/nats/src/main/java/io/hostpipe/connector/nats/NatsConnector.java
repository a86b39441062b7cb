package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Guarantee;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Target;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import io.nats.client.api.StreamInfo;
import java.util.List;
import java.util.Set;

/** Subjects of NATS, and streams of JetStream ({@code nats://host:4222/subject}). */
public final class NatsConnector implements Connector {
  private static final Capabilities CORE =
      new Capabilities(
          false,
          false,
          false,
          true,
          false,
          true,
          "a subject keeps nothing: who does not listen misses what is sent, and what is on its way"
              + " when a connection breaks is lost; with jetstream it is kept",
          Guarantee.AT_MOST_ONCE);

  private static final Capabilities JETSTREAM =
      new Capabilities(
          true,
          true,
          true,
          true,
          true,
          true,
          "the server acknowledges what it has written, and syncs its disk now and then: what it"
              + " acknowledged in the last seconds before a loss of power may be lost with it");

  private static final Capabilities SHARED =
      new Capabilities(
          false,
          true,
          true,
          true,
          true,
          false,
          "a consumer gives a message again, behind later ones, when it was not acknowledged",
          Guarantee.AT_LEAST_ONCE);

  @Override
  public Set<String> schemes() {
    return Set.of(NatsOptions.SCHEME);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  @Override
  public String help(String scheme) {
    return "nats://host:4222/subject publishes to a subject of NATS or subscribes to one; with"
        + " jetstream what is written is kept, and is read in order";
  }

  @Override
  public Capabilities capabilities(Address address) {
    if (address.option("jetstream") == null) {
      return CORE;
    }
    return address.option("durable") == null ? JETSTREAM : SHARED;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return NatsOptions.SPECS;
  }

  @Override
  public String check(Address address, boolean asSource)
      throws PipeException, InterruptedException {
    NatsOptions options = NatsOptions.of(address.withoutOption(BackWay.BACK), asSource);
    try (NatsConnection connection = NatsConnection.open(options, () -> {})) {
      if (!options.jetStream()) {
        return connection.server() + "; the subject keeps nothing: at most once";
      }
      StreamInfo stream = new Streams(connection, options).find();
      if (stream == null) {
        return connection.server()
            + "; no stream has the subject yet: "
            + (asSource
                ? "it is waited for"
                : options.streamName()
                    + " would be made, in files, "
                    + options.replicas()
                    + " times");
      }
      return connection.server()
          + "; the stream "
          + stream.getConfiguration().getName()
          + " has "
          + stream.getStreamState().getMsgCount()
          + " messages, "
          + stream.getConfiguration().getReplicas()
          + " times, in "
          + stream.getConfiguration().getStorageType();
    }
  }

  /** A subject for each direction, or requests. */
  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    return isDialogue(address)
        ? Requests.open(NatsOptions.ofDialogue(address, false), context)
        : BackWay.open(this, address, context, false);
  }

  /** A subject for each direction, or answers to requests. */
  @Override
  public Pipe connectAsSource(Address address, PipeContext context) throws PipeException {
    return isDialogue(address)
        ? Responses.open(NatsOptions.ofDialogue(address, true), context)
        : BackWay.open(this, address, context, true);
  }

  private static boolean isDialogue(Address address) {
    return address.option(BackWay.BACK) == null && address.option("jetstream") == null;
  }

  @Override
  public Source source(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    NatsOptions options = NatsOptions.of(address, true);
    if (!options.jetStream()) {
      CoreSource source = new CoreSource(options, context);
      source.open();
      return source;
    }
    return options.durable() == null
        ? new JetStreamSource(options, context)
        : new SharedSource(options, context);
  }

  @Override
  public Target target(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    NatsOptions options = NatsOptions.of(address, false);
    return options.jetStream()
        ? new JetStreamTarget(options, context)
        : new CoreTarget(options, context);
  }

  @Override
  public Letterbox letterbox(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    NatsOptions options = NatsOptions.of(address, true);
    if (!options.jetStream()) {
      throw new PipeException.Config(
          address
              + ": a subject without JetStream keeps nothing that could be looked through; if it is"
              + " kept in a stream, add the word jetstream");
    }
    return SubjectLetterbox.open(options);
  }
}
