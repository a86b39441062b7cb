package io.hostpipe.connector.tcp.raw;

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

/** What of the contract holds without a protocol of ours. */
final class RawContractTest implements ConnectorContract {
  private final ContractPlace place = new Place();

  @Override
  public ContractPlace place() {
    return place;
  }

  private static final class Place extends ContractPlace {
    private final RawConnector connector = new RawConnector();
    private final Map<Encoding, Listener> listeners = new EnumMap<>(Encoding.class);
    private final List<Pipe> pipes = new ArrayList<>();

    @Override
    public Capabilities capabilities() {
      return connector.capabilities(address("raw+tcp://127.0.0.1:1"));
    }

    @Override
    public Set<Ability> abilities() {
      return EnumSet.of(Ability.BOTH_WAYS, Ability.PUSHES_BACK, Ability.TELLS_ABORTS);
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      Listener listener = listeners.get(encoding);
      if (listener == null) {
        listener = connector.listen(address("raw+tcp-listen://127.0.0.1:0?linger=2s"), context);
        listeners.put(encoding, listener);
      }
      Address address = address("raw+tcp://127.0.0.1:" + listener.address().port() + "?linger=2s");
      Pipe near = connector.connect(address, context.withStream(stream));
      pipes.add(near);
      Pipe far = listener.accept();
      pipes.add(far);
      return ContractWay.between(near, far);
    }

    @Override
    public void close() {
      pipes.forEach(Pipe::close);
      listeners.values().forEach(Listener::close);
    }

    private static Address address(String text) {
      try {
        return Address.parse(text);
      } catch (PipeException e) {
        throw new AssertionError(e);
      }
    }
  }
}
