package io.hostpipe.connector.memory;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.ContractWay;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** The contract over pipes in memory. */
final class MemoryPipeContractTest implements ConnectorContract {
  private final ContractPlace place = new Place();

  @Override
  public ContractPlace place() {
    return place;
  }

  private static final class Place extends ContractPlace {
    private final String name = UUID.randomUUID().toString();
    private final MemoryConnector connector = new MemoryConnector();
    private final Map<Encoding, Listener> listeners = new EnumMap<>(Encoding.class);
    private final List<Pipe> pipes = new ArrayList<>();

    @Override
    public Capabilities capabilities() {
      return connector.capabilities(address("memory", Encoding.RAW));
    }

    @Override
    public Set<Ability> abilities() {
      return EnumSet.allOf(Ability.class);
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      Listener listener = listeners.get(encoding);
      if (listener == null) {
        listener = connector.listen(address("memory-listen", encoding), context);
        listeners.put(encoding, listener);
      }
      Pipe near = connector.connect(address("memory", encoding), context.withStream(stream));
      Pipe far = listener.accept();
      pipes.add(near);
      pipes.add(far);
      return ContractWay.between(near, far);
    }

    @Override
    public void close() {
      pipes.forEach(Pipe::close);
      listeners.values().forEach(Listener::close);
    }

    private Address address(String scheme, Encoding encoding) {
      try {
        return Address.parse(scheme + "://" + name + "/" + encoding);
      } catch (PipeException e) {
        throw new AssertionError(e);
      }
    }
  }
}
