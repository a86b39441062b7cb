package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Target;
import io.hostpipe.spi.BackWay;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Streams of RabbitMQ ({@code rabbitmq-stream://host:5552/stream}). */
public final class StreamConnector implements Connector {
  private static final Capabilities STREAM =
      new Capabilities(
          true,
          true,
          true,
          true,
          true,
          true,
          "a stream's servers acknowledge what they have written, and do not sync their disks: what"
              + " was acknowledged in the last seconds before all of them lost power may be lost;"
              + " and they remember the newest 255 writers, so one that comes back behind 255"
              + " others begins anew");

  @Override
  public Set<String> schemes() {
    return Set.of(StreamOptions.SCHEME, StreamOptions.ENCRYPTED_SCHEME);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  @Override
  public String help(String scheme) {
    return scheme
        + "://user:password@host/stream writes into a stream of RabbitMQ, or reads one in order; a"
        + " virtual host stands before the stream"
        + (scheme.equals(StreamOptions.ENCRYPTED_SCHEME) ? "; over TLS" : "");
  }

  @Override
  public Capabilities capabilities(Address address) {
    return STREAM;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return StreamOptions.SPECS;
  }

  @Override
  public String check(Address address, boolean asSource)
      throws PipeException, InterruptedException {
    StreamOptions options = StreamOptions.of(address.withoutOption(BackWay.BACK), asSource);
    Look look = new Look();
    try (StreamConnection connection = Keepers.connect(options, look, 0)) {
      Streams streams = new Streams(connection, options);
      if (!streams.exists()) {
        return connection.server()
            + "; there is no stream "
            + options.name()
            + " yet, and "
            + (asSource ? "it is waited for" : "it would be made");
      }
      if (!asSource) {
        streams.prepare(look);
      }
      StreamChunk last = streams.last(0, () -> look.shown.getAndSet(null));
      return connection.server()
          + "; the stream "
          + options.name()
          + (last == null ? " is empty" : " has messages up to offset " + last.lastOffset())
          + (look.warning.isEmpty() ? "" : ". Mind: " + look.warning);
    }
  }

  /** A stream for each direction. */
  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    return BackWay.open(this, address, context, false);
  }

  /** The same, read from the stream that is named first. */
  @Override
  public Pipe connectAsSource(Address address, PipeContext context) throws PipeException {
    return BackWay.open(this, address, context, true);
  }

  @Override
  public Source source(Address address, PipeContext context) throws PipeException {
    return new StreamSource(StreamOptions.of(address, true), context);
  }

  @Override
  public Target target(Address address, PipeContext context) throws PipeException {
    return new StreamTarget(StreamOptions.of(address, false), context);
  }

  /** What a look at a stream found. */
  private static final class Look implements StreamConnection.Listener, PipeEvents {
    private final AtomicReference<@Nullable StreamChunk> shown = new AtomicReference<>();
    private volatile String warning = "";

    @Override
    public void delivered(int subscription, StreamChunk chunk) {
      shown.set(chunk);
    }

    @Override
    public void lost(PipeException why) {
      // Whoever asks is told.
    }

    @Override
    public void warning(String text) {
      warning = text;
    }
  }
}
