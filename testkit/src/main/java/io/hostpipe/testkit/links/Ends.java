package io.hostpipe.testkit.links;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Capabilities;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.access.Token;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Listeners, dialers and proxies of one test, with short times, closed with it; and a stream whose
 * every eight bytes say where they belong, so that a loss, a double or an exchange cannot hide.
 */
public final class Ends implements AutoCloseable {
  /** Options that make every wait short. */
  public static final String SHORT = "heartbeat=100ms&handshake=2s&linger=3s";

  /**
   * Options that break nothing on a machine with other work: for peers that do not come again by
   * themselves, and where a break would be a failure.
   */
  public static final String UNHURRIED = "heartbeat=2s&handshake=20s&linger=3s";

  /** Options that make every wait short, and windows smaller than what lies between two faults. */
  private static final String SMALL = SHORT + "&window=1MiB";

  /** Tries again at once, for a minute. */
  public static final RetryPolicy RETRY =
      new RetryPolicy(
          Duration.ofSeconds(60), Integer.MAX_VALUE, Duration.ofMillis(5), Duration.ofMillis(50));

  private static final int CHUNK_BYTES = 64 << 10;

  /** Where both sides have their memory; empty again when a test is over. */
  public final BlockPool pool = new BlockPool(8 << 20);

  /** What was said to who dialed, a line each. */
  public final List<String> dialerTold = new CopyOnWriteArrayList<>();

  /** What was said to who listens. */
  public final List<String> listenerTold = new CopyOnWriteArrayList<>();

  private final @Nullable Path folder;
  private final String scheme;
  private final String listenWords;
  private final String dialWords;
  private final Connector connector;
  private int socketCount;
  private final List<AutoCloseable> opened = new ArrayList<>();

  /**
   * Over a connector of hosts and ports.
   *
   * @param scheme that dials; the one that listens has {@code -listen} behind it
   * @param listenWords options of who listens, each with an ampersand before it
   * @param dialWords those of who dials
   */
  public Ends(Connector connector, String scheme, String listenWords, String dialWords) {
    this(null, connector, scheme, listenWords, dialWords);
  }

  /** Over a connector of files in this folder: unix sockets. */
  public Ends(Connector connector, Path folder) {
    this(folder, connector, "unix", "", "");
  }

  private Ends(
      @Nullable Path folder,
      Connector connector,
      String scheme,
      String listenWords,
      String dialWords) {
    this.folder = folder;
    this.connector = connector;
    this.scheme = scheme;
    this.listenWords = listenWords;
    this.dialWords = dialWords;
  }

  /**
   * Other ends over the same carrier, where who dials has to prove a token.
   *
   * @param tokenFolder where the token is put
   * @param words more options for both sides, each with an ampersand before it
   */
  public Ends withToken(Path tokenFolder, String words) {
    try {
      Path token = tokenFolder.resolve("token");
      Files.writeString(token, "ops:" + Token.newSecret() + "\n");
      Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
      return new Ends(
          folder,
          connector,
          scheme,
          listenWords + words + "&tokens=" + token,
          dialWords + words + "&token=@" + token);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What pipes of messages are made with. */
  public PipeContext messages() {
    return PipeContext.messages(pool).withRetry(RETRY);
  }

  /** What pipes of bytes are made with. */
  public PipeContext raw() {
    return messages().withEncoding(Encoding.RAW);
  }

  /** Listens for a name at a fresh place. */
  public Listener listen(String name, PipeContext context) throws PipeException {
    return listen(name, SMALL, context);
  }

  /** The same with these options. */
  public Listener listen(String name, String options, PipeContext context) throws PipeException {
    Address address =
        Address.parse(
            folder == null
                ? scheme + "-listen://127.0.0.1:0/" + name + "?" + options + listenWords
                : "unix-listen://" + freshSocket() + "?name=" + name + "&" + options);
    Listener listener = connector.listen(address, context.withEvents(told(listenerTold)));
    opened.add(listener);
    return listener;
  }

  /** Listens for another name at the same place. */
  public Listener listenAlso(Listener first, String name, PipeContext context)
      throws PipeException {
    return listenAlso(first, name, SMALL, context);
  }

  /** The same with these options. */
  public Listener listenAlso(Listener first, String name, String options, PipeContext context)
      throws PipeException {
    String place =
        scheme
            + "-listen://127.0.0.1:"
            + first.address().port()
            + "/"
            + name
            + "?"
            + options
            + listenWords;
    Listener listener =
        connector.listen(Address.parse(place), context.withEvents(told(listenerTold)));
    opened.add(listener);
    return listener;
  }

  /** What the connector promises of such ends. */
  public Capabilities capabilities() {
    try {
      return connector.capabilities(
          Address.parse(folder == null ? scheme + "://127.0.0.1:1/any" : "unix:///any"));
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  /** Dials through a proxy. */
  public Pipe dial(FaultProxy proxy, String name, PipeContext context) throws PipeException {
    return dial(proxy.place(), name, SMALL, context);
  }

  /** Dials a listener. */
  public Pipe dial(Listener listener, String name, PipeContext context) throws PipeException {
    return dial(place(listener), name, SMALL, context);
  }

  /** The same with these options. */
  public Pipe dial(Listener listener, String name, String options, PipeContext context)
      throws PipeException {
    return dial(place(listener), name, options, context);
  }

  private Pipe dial(SocketAddress place, String name, String options, PipeContext context)
      throws PipeException {
    if (place instanceof InetSocketAddress inet) {
      return dial(inet.getPort(), name, options, context);
    }
    Address address = Address.parse("unix://" + place + "?name=" + name + "&" + options);
    Pipe pipe = connector.connect(address, context.withEvents(told(dialerTold)));
    opened.add(pipe);
    return pipe;
  }

  /** Dials a port of this host. */
  public Pipe dial(int port, String name, PipeContext context) throws PipeException {
    return dial(port, name, SMALL, context);
  }

  /** The same with these options. */
  public Pipe dial(int port, String name, String options, PipeContext context)
      throws PipeException {
    Address address =
        Address.parse(scheme + "://127.0.0.1:" + port + "/" + name + "?" + options + dialWords);
    Pipe pipe = connector.connect(address, context.withEvents(told(dialerTold)));
    opened.add(pipe);
    return pipe;
  }

  /** The next pipe of a listener. */
  public Pipe accept(Listener listener) throws PipeException, InterruptedException {
    Pipe pipe = listener.accept();
    opened.add(pipe);
    return pipe;
  }

  /** A proxy before a listener. */
  public FaultProxy proxyTo(Listener listener) throws IOException {
    FaultProxy proxy =
        folder == null
            ? FaultProxy.to(at(listener))
            : FaultProxy.between(UnixDomainSocketAddress.of(freshSocket()), place(listener));
    opened.add(proxy);
    return proxy;
  }

  /** Where it listens. */
  public static InetSocketAddress at(Listener listener) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.address().port());
  }

  private SocketAddress place(Listener listener) {
    return folder == null
        ? at(listener)
        : UnixDomainSocketAddress.of("/" + listener.address().path());
  }

  private Path freshSocket() {
    return Objects.requireNonNull(folder).resolve("socket" + socketCount++);
  }

  /** Sends so much of the stream, waits until it is committed and ends it; the digest. */
  public static InParallel<Digest> sendAll(Pipe pipe, long lengthBytes) {
    return InParallel.run(() -> {
      Sink sink = pipe.sink();
      Digest digest = send(sink, lengthBytes);
      sink.finish();
      return digest;
    });
  }

  /** Sends so much more of the stream; its digest from there on. */
  public static Digest send(Sink sink, long lengthBytes)
      throws PipeException, InterruptedException {
    Digest digest = Digest.EMPTY;
    long position = sink.resume().position();
    long end = position + lengthBytes;
    byte[] chunk = new byte[CHUNK_BYTES];
    ByteBuffer view = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
    while (position < end) {
      int chunkBytes = (int) Math.min(CHUNK_BYTES, end - position);
      fill(view, position, chunkBytes);
      digest = digest.extend(ByteBuffer.wrap(chunk, 0, chunkBytes));
      try (BatchWriter batch = sink.newBatch(CHUNK_BYTES)) {
        batch.add(ByteBuffer.wrap(chunk, 0, chunkBytes));
        position = sink.write(batch);
      }
    }
    return digest;
  }

  /** Reads the stream to its end, compares each byte, and commits with the digest of all. */
  public static long receiveAll(Source source) throws PipeException, InterruptedException {
    return receiveUpTo(source, Long.MAX_VALUE);
  }

  /** Reads and commits the stream up to this position at least, or to its end. */
  public static long receiveUpTo(Source source, long end)
      throws PipeException, InterruptedException {
    long position = -1;
    while (position < end) {
      Batch batch = source.read();
      if (batch == null) {
        break;
      }
      try (batch) {
        if (position >= 0 && batch.position() != position) {
          throw new AssertionError(batch + " does not follow on " + position);
        }
        check(batch.bytes(), batch.position());
        position = batch.endPosition();
      }
      source.commit(position);
    }
    return Math.max(0, position);
  }

  /** Part of the stream. */
  public static byte[] bytesAt(long position, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    for (int index = 0; index < lengthBytes; index++) {
      bytes[index] = byteAt(position + index);
    }
    return bytes;
  }

  private static void fill(ByteBuffer view, long position, int lengthBytes) {
    if ((position & 7) != 0 || (lengthBytes & 7) != 0) {
      for (int index = 0; index < lengthBytes; index++) {
        view.put(index, byteAt(position + index));
      }
      return;
    }
    for (int index = 0; index < lengthBytes; index += 8) {
      view.putLong(index, wordAt(position + index));
    }
  }

  private static void check(ByteBuffer bytes, long start) {
    ByteBuffer view = bytes.order(ByteOrder.LITTLE_ENDIAN);
    long position = start;
    while (view.hasRemaining()) {
      if ((position & 7) == 0 && view.remaining() >= 8) {
        if (view.getLong() != wordAt(position)) {
          throw new AssertionError("other bytes at position " + position);
        }
        position += 8;
      } else {
        if (view.get() != byteAt(position)) {
          throw new AssertionError("another byte at position " + position);
        }
        position++;
      }
    }
  }

  private static byte byteAt(long position) {
    return (byte) (wordAt(position & ~7L) >>> ((position & 7) * 8));
  }

  /** A mixture of the position, such that no two words of a test are alike. */
  private static long wordAt(long position) {
    long mixed = (position + 1) * 0x9E37_79B9_7F4A_7C15L;
    return mixed ^ (mixed >>> 29);
  }

  private static PipeEvents told(List<String> lines) {
    return new PipeEvents() {
      @Override
      public void linkUp(String peer, long position) {
        lines.add("up at " + position);
      }

      @Override
      public void linkDown(String peer, String reason, Duration retryIn) {
        lines.add("down: " + reason);
      }

      @Override
      public void warning(String text) {
        lines.add("warning: " + text);
      }
    };
  }

  @Override
  public void close() {
    for (AutoCloseable each : opened.reversed()) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
    InParallel.await(() -> pool.takenBytes() == 0);
  }
}
