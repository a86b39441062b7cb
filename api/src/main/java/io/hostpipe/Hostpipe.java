package io.hostpipe;

import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.UUID;

/**
 * The front door of the library.
 *
 * <pre>{@code
 * try (Pipe pipe = Hostpipe.connect("tcp://db2:9000/orders")) {
 *   pipe.send(bytes).awaitCommitted();
 *   for (Message m : pipe.messages()) {
 *     handle(m);
 *     m.commit();
 *   }
 * }
 * }</pre>
 *
 * <p>Thread rule: any thread.
 */
public final class Hostpipe {
  /** Idle blocks kept for reuse by all pipes of this process. */
  private static final long IDLE_BYTES_MAX = 64L << 20;

  private static final BlockPool POOL = new BlockPool(IDLE_BYTES_MAX);

  private Hostpipe() {}

  /** The pool that all pipes of this process share. */
  public static BlockPool pool() {
    return POOL;
  }

  /**
   * A pipe of messages to the peer at this address, with the defaults; returns at once, and the
   * first blocking call waits for the peer.
   */
  public static Pipe connect(String address) throws PipeException {
    return connect(Address.parse(address), PipeContext.messages(POOL));
  }

  /**
   * A pipe of messages or of bytes to the peer at this address; both ends must say the same. The
   * {@code hostpipe} command moves bytes unless told otherwise.
   *
   * @param address with its options as query parameters, as in {@code
   *     tcp://db2:9000/orders?window=1MiB&heartbeat=2s}; what means something in a query is
   *     percent-encoded
   */
  public static Pipe connect(String address, Encoding encoding) throws PipeException {
    return connect(Address.parse(address), PipeContext.messages(POOL).withEncoding(encoding));
  }

  /** A pipe to the peer at this address. */
  public static Pipe connect(Address address, PipeContext context) throws PipeException {
    return connector(address).connect(address, context);
  }

  /** A listener for pipes of messages, with the defaults. */
  public static Listener listen(String address) throws PipeException {
    return listen(Address.parse(address), PipeContext.messages(POOL));
  }

  /** A listener for pipes of messages or of bytes; options as for {@link #connect}. */
  public static Listener listen(String address, Encoding encoding) throws PipeException {
    return listen(Address.parse(address), PipeContext.messages(POOL).withEncoding(encoding));
  }

  /** A listener at this address. */
  public static Listener listen(Address address, PipeContext context) throws PipeException {
    return connector(address).listen(address, context);
  }

  /** Two ends of a pipe of messages in this process; as {@link #pair(Encoding)}. */
  public static Pair pair() throws PipeException, InterruptedException {
    return pair(Encoding.RECORDS);
  }

  /**
   * Two ends of a pipe in this process, without a network: for unit tests. They keep all that pipes
   * promise: order, commits, backpressure, an end that is no break.
   *
   * @throws PipeException.Config when {@code hostpipe-connector-local} is not on the class path
   */
  public static Pair pair(Encoding encoding) throws PipeException, InterruptedException {
    if (connectors().stream().noneMatch(each -> each.schemes().contains("memory"))) {
      throw new PipeException.Config(
          Status.UNIMPLEMENTED,
          "a pipe in memory needs hostpipe-connector-local on the class path (scope test will do)");
    }
    String name = "://pair-" + UUID.randomUUID();
    try (Listener listener = listen("memory-listen" + name, encoding)) {
      Pipe near = connect("memory" + name, encoding);
      return new Pair(near, listener.accept());
    }
  }

  /**
   * The two ends of one pipe: what one sends the other receives.
   *
   * @param near one end
   * @param far the other
   */
  public record Pair(Pipe near, Pipe far) implements AutoCloseable {
    /** Closes both. Idempotent. */
    @Override
    public void close() {
      near.close();
      far.close();
    }
  }

  /** Every connector on the class path. */
  public static List<Connector> connectors() {
    List<Connector> all = new ArrayList<>();
    ServiceLoader.load(Connector.class).forEach(all::add);
    return all;
  }

  /**
   * The connector that answers for the address's scheme.
   *
   * @throws PipeException.Config when there is none, naming those there are
   */
  public static Connector connector(Address address) throws PipeException {
    List<String> known = new ArrayList<>();
    for (Connector connector : connectors()) {
      if (connector.schemes().contains(address.scheme())) {
        return connector;
      }
      known.addAll(connector.schemes());
    }
    known.sort(null);
    throw new PipeException.Config(
        "no connector for '"
            + address.scheme()
            + "' in "
            + address
            + "; there are "
            + String.join(", ", known));
  }
}
