package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Address;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.BlockedListener;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import com.rabbitmq.client.SocketConfigurators;
import com.rabbitmq.client.impl.ForgivingExceptionHandler;
import com.rabbitmq.client.impl.FrameHandlerFactory;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.spi.tls.BrokerTls;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a server, for as long as it stands.
 *
 * <p>It is never mended by the library: within one connection messages arrive in the order they
 * were sent and none is missing, and what was on its way when it broke has to be settled. Who wants
 * another connection opens one.
 *
 * <p>What the library delivers it delivers on the thread that reads the socket: an answer comes
 * behind all that the server had sent before it, and who does not take what is delivered holds back
 * the server. Thread rule: any thread.
 */
final class RabbitConnection implements AutoCloseable {
  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;
  private static final int ANSWER_TIMEOUT_MILLIS = 30_000;
  private static final int CLOSE_TIMEOUT_MILLIS = 5_000;
  private static final int ABANDON_TIMEOUT_MILLIS = 200;
  private static final int GRACE_MILLIS = 500;
  private static final int HEARTBEAT_SECONDS = 5;

  /** The most bytes of a message that a server takes unless it was told otherwise. */
  private static final int BYTES_MAX = 16 << 20;

  private static final int BYTES_MAX_OF_OLD_SERVERS = 128 << 20;

  /** With so few, properties fit in the smallest frame that a server may ask for. */
  private static final int HEADERS_BYTES_SURE = 128;

  private static final int KEY_BYTES_MAX = 255;

  private static final ExecutorService FAREWELLS =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("rabbitmq-farewell").factory());

  private final QueueOptions options;
  private final Connection connection;
  private final AtomicBoolean closed;
  private final AtomicReference<@Nullable Socket> socket;
  private final GatheringFrames frames;

  private RabbitConnection(
      QueueOptions options,
      Connection connection,
      AtomicBoolean closed,
      AtomicReference<@Nullable Socket> socket,
      GatheringFrames frames) {
    this.options = options;
    this.connection = connection;
    this.closed = closed;
    this.socket = socket;
    this.frames = frames;
  }

  /**
   * Connects to one of the servers. Blocks.
   *
   * @param onLost told why, when the connection breaks and not when it is closed here
   */
  static RabbitConnection open(QueueOptions options, Consumer<PipeException> onLost)
      throws PipeException {
    Factory factory = new Factory();
    factory.setAutomaticRecoveryEnabled(false);
    factory.setTopologyRecoveryEnabled(false);
    factory.setConnectionTimeout(CONNECT_TIMEOUT_MILLIS);
    factory.setHandshakeTimeout(CONNECT_TIMEOUT_MILLIS);
    factory.setChannelRpcTimeout(ANSWER_TIMEOUT_MILLIS);
    factory.setShutdownTimeout(CLOSE_TIMEOUT_MILLIS);
    factory.setRequestedHeartbeat(HEARTBEAT_SECONDS);
    factory.setVirtualHost(options.virtualHost());
    factory.setExceptionHandler(new ForgivingExceptionHandler());
    // Without one, a connection that is given up waits for whoever writes to it.
    factory.setShutdownExecutor(FAREWELLS);
    factory.setThreadFactory(task -> Thread.ofPlatform().daemon().name("rabbitmq").unstarted(task));
    authenticate(options, factory);
    BrokerTls.Trial tls = options.tls().wanted() ? options.tls().begin() : null;
    if (tls != null) {
      factory.useSslProtocol(tls.context());
    }
    AtomicReference<@Nullable Socket> socket = new AtomicReference<>();
    factory.setSocketConfigurator(SocketConfigurators.defaultConfigurator().andThen(socket::set));
    AtomicBoolean closed = new AtomicBoolean();
    String where = options.address().toString();
    try {
      Connection connection =
          factory.newConnection(
              new SameThread(),
              options.servers().stream()
                  .map(each -> new Address(each.host(), each.port()))
                  .toList(),
              "hostpipe");
      connection.addShutdownListener(signal -> {
        if (!closed.get()) {
          onLost.accept(AmqpErrors.of(options.address() + ": the connection broke", signal));
        }
      });
      return new RabbitConnection(
          options, connection, closed, socket, Objects.requireNonNull(factory.made));
    } catch (TimeoutException e) {
      throw new PipeException.Unreachable(where + " cannot be reached: no answer", e);
    } catch (IOException e) {
      throw whyNot(where, e, tls);
    }
  }

  private static PipeException whyNot(
      String where, IOException failed, BrokerTls.@Nullable Trial tls) {
    PipeException refusal = tls == null ? null : tls.refusal();
    if (refusal != null) {
      return refusal;
    }
    ShutdownSignalException signal = AmqpErrors.signal(failed);
    boolean said = signal != null && AmqpErrors.code(signal) != 0;
    return AmqpErrors.of(
        said || failed instanceof AuthenticationFailureException
            ? where
            : where
                + " cannot be reached"
                + (tls == null ? "" : tls.hint())
                + "; is RabbitMQ running there, and is the port its client port?"
                + (tls == null && signal != null ? " One that encrypts wants amqps" : ""),
        failed);
  }

  private static void authenticate(QueueOptions options, ConnectionFactory factory)
      throws PipeException {
    Server.Login login = Server.login(options.address());
    if (login != null) {
      factory.setUsername(login.user());
      factory.setPassword(login.password());
    }
  }

  /** A channel of its own. Blocks. */
  Channel channel() throws PipeException {
    try {
      Channel channel = connection.createChannel();
      if (channel == null) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            options.address() + ": the server allows no further channel on a connection");
      }
      return channel;
    } catch (IOException | ShutdownSignalException e) {
      throw AmqpErrors.of(options.address() + ": no channel", e);
    }
  }

  /**
   * What this thread sends may wait, until it {@link #flush flushes}; it has to before it waits.
   */
  void gather() {
    frames.gather();
  }

  /** Sends what was gathered. Blocks while the server takes no more. */
  void flush() throws IOException {
    frames.flush();
  }

  /**
   * Tells when the server takes nothing more, for want of memory or disk, and when it does again.
   */
  void onBlocked(Consumer<@Nullable String> listener) {
    connection.addBlockedListener(
        new BlockedListener() {
          @Override
          public void handleBlocked(String reason) {
            listener.accept(reason);
          }

          @Override
          public void handleUnblocked() {
            listener.accept(null);
          }
        });
  }

  /** Why the server does not take such a message; null where it does. */
  @Nullable Rejection refusal(
      int lengthBytes, Headers headers, BasicProperties properties, String routingKey) {
    int mostBytes = majorVersion() >= 4 ? BYTES_MAX : BYTES_MAX_OF_OLD_SERVERS;
    if (lengthBytes > mostBytes) {
      return tooLong(lengthBytes, mostBytes);
    }
    if (headers.lengthBytes() > HEADERS_BYTES_SURE && !takes(AmqpHeaders.again(properties))) {
      return new Rejection(
          Status.OUT_OF_RANGE,
          "headers of "
              + headers.lengthBytes()
              + " bytes, which fit in no frame of AMQP (frame_max)");
    }
    if (routingKey.getBytes(StandardCharsets.UTF_8).length > KEY_BYTES_MAX) {
      return new Rejection(
          Status.OUT_OF_RANGE,
          "a key of more than " + KEY_BYTES_MAX + " bytes cannot be a routing key");
    }
    return null;
  }

  /** Why the server does not take a message that is longer than it takes any. */
  static Rejection tooLong(int lengthBytes, int mostBytes) {
    return new Rejection(
        Status.OUT_OF_RANGE,
        "a message of "
            + lengthBytes
            + " bytes, and the server takes at most "
            + mostBytes
            + " (max_message_size)");
  }

  /** Whether the properties of a message go in one frame, as they have to. */
  private boolean takes(BasicProperties properties) {
    int bytesMax = connection.getFrameMax();
    try {
      return bytesMax == 0 || properties.toFrame(1, 0).size() <= bytesMax;
    } catch (IOException | IllegalArgumentException e) {
      // Something in them is longer than AMQP can say.
      return false;
    }
  }

  /** The server's name and version, for people. */
  String server() {
    return "RabbitMQ "
        + version()
        + " at "
        + connection.getAddress().getHostAddress()
        + ":"
        + connection.getPort();
  }

  /** Its first number. */
  int majorVersion() {
    String version = version();
    int dot = version.indexOf('.');
    try {
      return Integer.parseInt(dot < 0 ? version : version.substring(0, dot));
    } catch (NumberFormatException e) {
      // A server of another maker.
      return 0;
    }
  }

  private String version() {
    return Objects.toString(connection.getServerProperties().get("version"), "of unknown version");
  }

  /** Closes it, once; waits for a while until the server has heard of all before it. Idempotent. */
  @Override
  public void close() {
    end(CLOSE_TIMEOUT_MILLIS);
  }

  /** Closes it without waiting for a server that may not answer any more. Idempotent. */
  void abandon() {
    end(ABANDON_TIMEOUT_MILLIS);
  }

  /** Who writes to a server that takes nothing holds the lock that the farewell needs. */
  private void end(int timeoutMillis) {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    Thread farewell =
        Thread.ofVirtual().name("rabbitmq-close").start(() -> connection.abort(timeoutMillis));
    long deadline = System.nanoTime() + Duration.ofMillis(timeoutMillis + GRACE_MILLIS).toNanos();
    boolean interrupted = false;
    boolean said = false;
    for (long rest = 1; !said && rest > 0; ) {
      rest = deadline - System.nanoTime();
      try {
        said = farewell.join(Duration.ofNanos(Math.max(1, rest)));
      } catch (InterruptedException e) {
        // It is bounded, and an answer that was given just before should still arrive.
        interrupted = true;
      }
    }
    if (!said) {
      cut();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whoever writes to it then fails. */
  private void cut() {
    Socket open = socket.get();
    if (open != null) {
      try {
        // Without this, TLS waits for the writer to say goodbye.
        open.setSoLinger(true, 0);
        open.close();
      } catch (IOException e) {
        // It is closed already.
      }
    }
  }

  /** Makes one connection, whose frames can be gathered. */
  private static final class Factory extends ConnectionFactory {
    private @Nullable GatheringFrames made;

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // Each is used by one thread, once.
    protected FrameHandlerFactory createFrameHandlerFactory() throws IOException {
      FrameHandlerFactory library = super.createFrameHandlerFactory();
      return (server, name) -> {
        GatheringFrames frames = new GatheringFrames(library.create(server, name));
        made = frames;
        return frames;
      };
    }
  }
}
