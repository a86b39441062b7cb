package io.hostpipe;

import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.LetterKeeper;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RefusingSource;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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

  /**
   * A pipe of messages to the peer at this address, which refuses some ({@link Message#reject}):
   * they are kept elsewhere. Blocks until the peer and the place for them are there.
   */
  public static Pipe connect(String address, Refused refused)
      throws PipeException, InterruptedException {
    Address to = Address.parse(address);
    StreamId stream = new StreamId(UUID.randomUUID().toString());
    PipeContext context =
        PipeContext.messages(POOL).withStream(stream).withAttempts(refused.attempts());
    Pipe pipe = connect(to, context);
    try {
      Sink sink = letterKeeper().around(pipe.sink(), stream, to, refused, context);
      return new OneWayPipe(
          pipe.source(), sink, pipe.description(), List.of(sink::close, pipe::close));
    } catch (PipeException | InterruptedException | RuntimeException e) {
      pipe.close();
      throw e;
    }
  }

  /**
   * Messages that somebody keeps or passes on, to be read: a queue, a topic, a subject. Each that
   * was committed is not given again, as far as the address can promise that.
   *
   * @param address with its options as query parameters, as in {@code
   *     nats://host/orders?jetstream&durable=workers}
   */
  public static Pipe reader(String address) throws PipeException, InterruptedException {
    return reader(Address.parse(address), 0, null);
  }

  /**
   * The same, from a place that tells how often it has given out a message: one that was given out
   * so often, and that nobody has committed, is refused instead of being read once more. It goes
   * where that place itself puts what is refused; where there is no such place, what is read ends
   * there, with {@link PipeException.Rejected}.
   *
   * @param attempts how often, at the most; 0 for as often as it takes
   * @throws PipeException.Config when the place tells nothing of the kind
   */
  public static Pipe reader(String address, int attempts)
      throws PipeException, InterruptedException {
    if (attempts < 0) {
      throw new IllegalArgumentException(attempts + " attempts; there are 0 or more");
    }
    return reader(Address.parse(address), attempts, null);
  }

  /**
   * The same; what is refused is kept elsewhere before it is taken from where it lies. Blocks until
   * the place for it is there.
   *
   * @param refused with the attempts, of which there are 0 unless {@link Refused#afterAttempts}
   *     says more: then nothing is refused
   */
  public static Pipe reader(String address, Refused refused)
      throws PipeException, InterruptedException {
    return reader(Address.parse(address), refused.attempts(), refused);
  }

  private static Pipe reader(Address from, int attempts, @Nullable Refused refused)
      throws PipeException, InterruptedException {
    PipeContext context =
        PipeContext.messages(POOL).withDirections(false, true).withAttempts(attempts);
    Source source = messages(from).source(from, context);
    try {
      List<Runnable> closings = new ArrayList<>();
      closings.add(source::close);
      if (attempts > 0 || refused != null) {
        if (!(source instanceof RefusingSource refusing)) {
          throw new PipeException.Config(
              from
                  + " does not tell how often it has given out a message, so none is refused for"
                  + " that; leave out the attempts");
        }
        if (refused != null) {
          StreamId stream = source.awaitStream();
          closings.add(letterKeeper().behind(refusing, stream, from, refused, context));
        }
      }
      return new OneWayPipe(source, null, from.toString(), closings);
    } catch (PipeException | InterruptedException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /**
   * A place that keeps messages or passes them on, to be written to. {@code finish} of its sink
   * waits until all are committed.
   *
   * @param stream the name of what is written: the same for a process that goes on with it. Where
   *     the place knows how far it got, {@code sink().resume()} tells
   */
  public static Pipe writer(String address, String stream)
      throws PipeException, InterruptedException {
    return writer(Address.parse(address), new StreamId(stream), null);
  }

  /** The same; what the place refuses is kept elsewhere. Blocks until both are there. */
  public static Pipe writer(String address, String stream, Refused refused)
      throws PipeException, InterruptedException {
    return writer(Address.parse(address), new StreamId(stream), refused);
  }

  private static Pipe writer(Address to, StreamId stream, @Nullable Refused refused)
      throws PipeException, InterruptedException {
    PipeContext context =
        PipeContext.messages(POOL)
            .withDirections(true, false)
            .withStream(stream)
            .withAttempts(refused == null ? 0 : refused.attempts());
    Target target = messages(to).target(to, context);
    try {
      Sink opened = target.open(stream, Encoding.RECORDS);
      Sink sink =
          refused == null ? opened : letterKeeper().around(opened, stream, to, refused, context);
      return new OneWayPipe(null, sink, to.toString(), List.of(sink::close, target::close));
    } catch (PipeException | InterruptedException | RuntimeException e) {
      target.close();
      throw e;
    }
  }

  /** The connector of an address where messages lie, and not bytes. */
  private static Connector messages(Address address) throws PipeException {
    Connector connector = connector(address);
    if (connector.kind(address) != Connector.Kind.STORES) {
      throw new PipeException.Config(
          address + " is not read or written as one stream here; connect to it, or listen");
    }
    if (!connector.capabilities(address).messages()) {
      throw new PipeException.Config(
          address + " holds bytes, which have no borders; put messages into a framing of your own");
    }
    return connector;
  }

  private static LetterKeeper letterKeeper() throws PipeException {
    return ServiceLoader.load(LetterKeeper.class)
        .findFirst()
        .orElseThrow(() ->
            new PipeException.Config(
                Status.UNIMPLEMENTED,
                "keeping what is refused needs hostpipe-runtime on the class path"));
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
