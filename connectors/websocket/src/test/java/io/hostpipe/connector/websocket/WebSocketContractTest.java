package io.hostpipe.connector.websocket;

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

/** The contract over WebSockets on loopback. */
final class WebSocketContractTest implements ConnectorContract {
  private final ContractPlace place = new Place();

  @Override
  public ContractPlace place() {
    return place;
  }

  private static final class Place extends ContractPlace {
    private final WebSocketConnector connector = new WebSocketConnector();
    private final Map<Encoding, Listener> listeners = new EnumMap<>(Encoding.class);
    private final List<Pipe> pipes = new ArrayList<>();

    @Override
    public Capabilities capabilities() {
      return connector.capabilities(address("ws://127.0.0.1:1/any"));
    }

    @Override
    public Set<Ability> abilities() {
      return EnumSet.complementOf(EnumSet.of(Ability.REOPENS));
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      Listener listener = listeners.get(encoding);
      if (listener == null) {
        Address any = address("ws-listen://127.0.0.1:0/" + encoding);
        listener = connector.listen(any, context);
        listeners.put(encoding, listener);
      }
      Address address = address("ws://127.0.0.1:" + listener.address().port() + "/" + encoding);
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
