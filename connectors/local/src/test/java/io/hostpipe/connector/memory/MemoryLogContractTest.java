package io.hostpipe.connector.memory;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.ContractWay;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** The contract over a log in memory: a store, which has no peer that listens. */
final class MemoryLogContractTest implements ConnectorContract {
  private final ContractPlace place = new Place();

  @Override
  public ContractPlace place() {
    return place;
  }

  private static final class Place extends ContractPlace {
    private final MemoryConnector connector = new MemoryConnector();
    private final List<AutoCloseable> open = new ArrayList<>();
    private Address address;

    Place() {
      try {
        address = Address.parse("memory-log://" + UUID.randomUUID());
      } catch (PipeException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public Capabilities capabilities() {
      return connector.capabilities(address);
    }

    @Override
    public Set<Ability> abilities() {
      return EnumSet.of(Ability.CARRIES_CURSORS, Ability.REOPENS);
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      Target target = connector.target(address, context);
      Sink sink = target.open(stream, encoding);
      Source source = connector.source(address.withOption("stream", stream.value()), context);
      open.add(sink);
      open.add(source);
      open.add(target);
      return ContractWay.through(sink, source);
    }

    @Override
    public ByteBuffer refusedPayload() {
      address = address.withOption("max-message-bytes", "1000");
      return ByteBuffer.allocate(1_001);
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
}
