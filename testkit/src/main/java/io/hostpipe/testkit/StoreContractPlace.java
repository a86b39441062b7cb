package io.hostpipe.testkit;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A place in a broker: a store, which has no peer that listens. The stream is written with a mark
 * of its end and read until that.
 */
public final class StoreContractPlace extends ContractPlace {
  /** Where the stream of this name lies. */
  @FunctionalInterface
  public interface Addresses {
    /** Its address, without its end. */
    Address of(StreamId stream) throws PipeException;
  }

  private final Connector connector;
  private final Addresses addresses;
  private final Set<Ability> abilities;
  private final List<AutoCloseable> open = new ArrayList<>();

  /** A place of this connector. */
  public StoreContractPlace(Connector connector, Addresses addresses, Set<Ability> abilities) {
    this.connector = connector;
    this.addresses = addresses;
    this.abilities = Set.copyOf(abilities);
  }

  @Override
  public Capabilities capabilities() {
    try {
      return connector.capabilities(addresses.of(new StreamId("any")));
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Set<Ability> abilities() {
    return abilities;
  }

  @Override
  public ContractWay open(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
    Address address = addresses.of(stream);
    Target target = connector.target(address.withOption("end", "mark"), context);
    open.add(target);
    Sink sink = target.open(stream, encoding);
    open.add(sink);
    Source source = connector.source(address.withOption("until", "mark"), context);
    open.add(source);
    return ContractWay.through(sink, source);
  }

  @Override
  public void close() {
    for (AutoCloseable each : open) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }
}
