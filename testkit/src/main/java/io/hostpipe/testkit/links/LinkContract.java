package io.hostpipe.testkit.links;

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
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** The contract between a dialer and a listener of this process, over some carrier. */
public abstract class LinkContract implements ConnectorContract {
  /** What goes without saying, said. */
  private static final String OPTIONS = "heartbeat=5s";

  private final ContractPlace place;

  /** Over the carrier of these ends; closed after each test. */
  protected LinkContract(Ends ends) {
    this.place = new Place(ends);
  }

  @Override
  public final ContractPlace place() {
    return place;
  }

  private static final class Place extends ContractPlace {
    private final Ends ends;
    private final Map<Encoding, Listener> listeners = new EnumMap<>(Encoding.class);

    Place(Ends ends) {
      this.ends = ends;
    }

    @Override
    public Capabilities capabilities() {
      return ends.capabilities();
    }

    @Override
    public Set<Ability> abilities() {
      return EnumSet.complementOf(EnumSet.of(Ability.REOPENS));
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      String name = encoding.toString();
      Listener listener = listeners.get(encoding);
      if (listener == null) {
        listener = ends.listen(name, OPTIONS, context);
        listeners.put(encoding, listener);
      }
      Pipe near = ends.dial(listener, name, OPTIONS, context.withStream(stream));
      return ContractWay.between(near, ends.accept(listener));
    }

    @Override
    public void close() {
      ends.close();
    }
  }
}
