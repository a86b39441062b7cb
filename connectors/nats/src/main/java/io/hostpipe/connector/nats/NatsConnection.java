package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.BrokerOptions;
import io.hostpipe.spi.tls.BrokerTls;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a server, for as long as it stands.
 *
 * <p>It is never mended by the library: within one connection messages arrive in the order they
 * were sent and none is missing, and what was on its way when it broke has to be asked for by
 * position. Who wants another connection opens one.
 *
 * <p>Thread rule: any thread.
 */
final class NatsConnection implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration PING_INTERVAL = Duration.ofSeconds(5);
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(10);
  private static final int PINGS_UNANSWERED_MAX = 2;
  private static final int FAILURES_MAX = 16;

  /** How the server's word begins that something is not allowed; it goes on as if nothing were. */
  private static final String NOT_ALLOWED = "permissions violation";

  private static final String MAY_NOT_LISTEN = NOT_ALLOWED + " for subscription";

  /** What the library says when one side asks for encryption and the other has none. */
  private static final String SERVER_WANTS_TLS = "SSL required by server";

  private static final String SERVER_HAS_NO_TLS = "SSL connection wanted by client";

  private final NatsOptions options;
  private final Connection connection;
  private final Heard heard;
  private final AtomicBoolean closed;

  private NatsConnection(
      NatsOptions options, Connection connection, Heard heard, AtomicBoolean closed) {
    this.options = options;
    this.connection = connection;
    this.heard = heard;
    this.closed = closed;
  }

  /**
   * Connects to one of the servers. Blocks.
   *
   * @param onLost called when the connection breaks, and not when it is closed here; and when the
   *     server has said over it that something is not allowed: then nothing more is to be expected
   *     of it, and {@link #denial} says why
   */
  static NatsConnection open(NatsOptions options, Runnable onLost)
      throws PipeException, InterruptedException {
    return open(options, NOT_ALLOWED, onLost);
  }

  /**
   * As {@link #open}, for who listens: that something may not be published ends nothing, since to
   * whom answers are published is said by those who ask.
   */
  static NatsConnection openToListen(NatsOptions options, Runnable onLost)
      throws PipeException, InterruptedException {
    return open(options, MAY_NOT_LISTEN, onLost);
  }

  private static NatsConnection open(NatsOptions options, String denial, Runnable onLost)
      throws PipeException, InterruptedException {
    AtomicBoolean closed = new AtomicBoolean();
    Heard heard =
        new Heard(
            denial,
            () -> {
              if (!closed.get()) {
                onLost.run();
              }
            });
    Options.Builder builder =
        new Options.Builder()
            .servers(options.servers().toArray(String[]::new))
            .connectionName("hostpipe")
            .connectionTimeout(CONNECT_TIMEOUT)
            .pingInterval(PING_INTERVAL)
            .maxPingsOut(PINGS_UNANSWERED_MAX)
            .noReconnect()
            // Each subject was looked at where it came in (Subjects), and not for each message.
            .subjectValidationType(Options.SubjectValidationType.None)
            .errorListener(heard)
            .connectionListener((connection, event) -> {
              boolean lost =
                  switch (event) {
                    case CLOSED, DISCONNECTED -> true;
                    default -> false;
                  };
              if (lost && !closed.get()) {
                onLost.run();
              }
            });
    authenticate(options, builder);
    BrokerTls.Trial tls = options.tls().wanted() ? options.tls().begin() : null;
    if (tls != null) {
      builder.sslContext(tls.context());
    }
    try {
      return new NatsConnection(options, Nats.connect(builder.build()), heard, closed);
    } catch (AuthenticationException e) {
      throw new PipeException.Refused(
          Status.UNAUTHENTICATED,
          options.address()
              + ": the server wants other credentials; give them as user:password@ in the address,"
              + " or with creds=PATH",
          e);
    } catch (IOException e) {
      throw whyNot(options, e, heard, tls);
    } catch (IllegalArgumentException e) {
      throw new PipeException.Config(options.address() + ": " + Attempts.reason(e));
    }
  }

  private static PipeException whyNot(
      NatsOptions options, IOException failed, Heard heard, BrokerTls.@Nullable Trial tls) {
    PipeException refusal = tls == null ? null : tls.refusal();
    if (refusal != null) {
      return refusal;
    }
    String mismatch =
        heard.said(SERVER_WANTS_TLS)
            ? "the server wants an encrypted connection; add the word tls"
            : heard.said(SERVER_HAS_NO_TLS)
                ? "the server has no TLS; leave the word tls out, or set it up there"
                : null;
    if (mismatch != null) {
      return new PipeException.Refused(
          Status.FAILED_PRECONDITION, options.address() + ": " + mismatch, failed);
    }
    return new PipeException.Unreachable(
        options.address()
            + " cannot be reached: "
            + (isAnyKnown(options)
                ? Attempts.reason(failed)
                    + (tls == null ? "" : tls.hint())
                    + "; is nats-server running there, and is the port its client port?"
                : "no such host: " + options.address().host()),
        failed);
  }

  /** Whether one of the hosts has an address; the library does not say. */
  private static boolean isAnyKnown(NatsOptions options) {
    for (String server : options.servers()) {
      try {
        String host = URI.create(server).getHost();
        if (host == null || InetAddress.getByName(host) != null) {
          return true;
        }
      } catch (UnknownHostException e) {
        // Perhaps the next one has.
      }
    }
    return false;
  }

  private static void authenticate(NatsOptions options, Options.Builder builder)
      throws PipeException {
    Path credentials = options.credentials();
    if (credentials != null) {
      builder.authHandler(Credentials.read(options, credentials));
    }
    String userInfo = options.address().userInfo();
    if (userInfo != null) {
      int colon = userInfo.indexOf(':');
      if (colon < 0) {
        throw new PipeException.Config(
            "nats://***@"
                + options.address().host()
                + ": a user has a password, as in user:password@; a token is written with a colon"
                + " before it, as in :token@, so that nobody shows it by mistake");
      }
      Address address = options.address();
      char[] secret = BrokerOptions.plain(address, userInfo.substring(colon + 1)).toCharArray();
      if (colon == 0) {
        builder.token(secret);
      } else {
        String user = BrokerOptions.plain(address, userInfo.substring(0, colon));
        builder.userInfo(user.toCharArray(), secret);
      }
    }
  }

  /** What the library gives. */
  Connection nats() {
    return connection;
  }

  /** Whether it stands, as far as is known here. */
  boolean stands() {
    return connection.getStatus() == Connection.Status.CONNECTED;
  }

  /**
   * What the server has said that the user may not do here; null for nothing. It is said behind
   * what was not allowed, and before the answer to a {@link #flush} that follows.
   */
  @Nullable PipeException denial() {
    String first = heard.denied;
    String last = connection.getLastError();
    return first != null
        ? denied(first)
        : last != null && begins(last, heard.denial) ? denied(last) : null;
  }

  /** The same of anything, and only of what was said since it was asked last. */
  @Nullable PipeException newDenial() {
    String last = connection.getLastError();
    connection.clearLastError();
    return last != null && begins(last, NOT_ALLOWED) ? denied(last) : null;
  }

  private PipeException denied(String said) {
    return new PipeException.Refused(
        Status.PERMISSION_DENIED, options.address() + ": the user lacks a right: " + said);
  }

  private static boolean begins(String said, String words) {
    return said.regionMatches(true, 0, words, 0, words.length());
  }

  /**
   * Blocks until the server has seen everything that was published or subscribed to.
   *
   * @throws PipeException also when some of that is not allowed
   */
  void flush() throws PipeException, InterruptedException {
    try {
      long before = connection.getStatistics().getFlushCounter();
      connection.flush(FLUSH_TIMEOUT);
      // The library asks nothing when too many questions are unanswered, and returns as if it had.
      if (connection.getStatistics().getFlushCounter() == before || !stands()) {
        throw new PipeException.Unreachable(
            options.address() + ": the server does not answer", null);
      }
      PipeException denied = denial();
      if (denied != null) {
        throw denied;
      }
    } catch (TimeoutException | IllegalStateException e) {
      throw new PipeException.Unreachable(
          options.address() + ": the server does not answer: " + Attempts.reason(e), e);
    }
  }

  /** The server's name and version, for people. */
  String server() {
    return "nats-server "
        + connection.getServerInfo().getVersion()
        + " at "
        + connection.getConnectedUrl();
  }

  /** The server's own words, or the library's. */
  PipeException failed(String what, Exception why) {
    PipeException denied = denial();
    if (denied != null) {
      return denied;
    }
    if (why instanceof JetStreamApiException full && JetStreamErrors.isOutOfRoom(full)) {
      return new PipeException.Unreachable(
          Status.RESOURCE_EXHAUSTED,
          options.address() + ": " + what + ": " + JetStreamErrors.noRoom(full),
          full);
    }
    if (why instanceof JetStreamApiException answer && !JetStreamErrors.passes(answer)) {
      return new PipeException.Refused(
          JetStreamErrors.isMissing(answer) ? Status.UNIMPLEMENTED : Status.FAILED_PRECONDITION,
          options.address() + ": " + what + ": " + answer.getErrorDescription(),
          answer);
    }
    return new PipeException.Unreachable(
        options.address() + ": " + what + ": " + Attempts.reason(why), why);
  }

  /** Closes it, once; what was not sent is dropped. Idempotent. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      connection.close();
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The library would print what it hears; some of it is kept. */
  private static final class Heard implements ErrorListener {
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final String denial;
    private final Runnable onDenial;
    private volatile @Nullable String denied;

    /** What begins with those words is a denial that matters. */
    Heard(String denial, Runnable onDenial) {
      this.denial = denial;
      this.onDenial = onDenial;
    }

    @Override
    public void errorOccurred(Connection connection, String said) {
      if (denied == null && begins(said, denial)) {
        denied = said;
        onDenial.run();
      }
    }

    @Override
    public void exceptionOccurred(Connection connection, Exception failure) {
      failures.add(Attempts.reason(failure));
      if (failures.size() > FAILURES_MAX) {
        failures.poll();
      }
    }

    boolean said(String words) {
      return failures.stream().anyMatch(each -> each.contains(words));
    }
  }
}
