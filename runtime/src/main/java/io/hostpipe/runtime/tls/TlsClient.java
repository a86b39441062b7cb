package io.hostpipe.runtime.tls;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.LinkDeadline;
import io.hostpipe.spi.tls.Authorities;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Makes TLS of the connections to one host. All files are read anew for each, so that what changed
 * in them holds from the next link on; a pipe keeps its positions whatever its links trust.
 *
 * <p>Thread rule: one thread.
 */
public final class TlsClient {
  private final TlsOptions options;
  private final String host;
  private final int port;
  private final String where;
  private final Duration handshake;

  /**
   * A client of this host and port.
   *
   * @param where the address for messages
   * @param handshake how long both sides may take to agree
   */
  public TlsClient(TlsOptions options, String host, int port, String where, Duration handshake) {
    this.options = options;
    this.host = host;
    this.port = port;
    this.where = where;
    this.handshake = handshake;
  }

  /**
   * Agrees with the peer at the other end of a connection; takes it over, and closes it when that
   * fails. Blocks.
   *
   * @throws PipeException.Refused when one side does not take the other: to try again is no use
   * @throws PipeException.Config when a file cannot be used
   * @throws IOException when the connection broke
   */
  public TlsLink link(Link carrier, TlsSchemes schemes) throws IOException {
    LinkDeadline deadline = new LinkDeadline(carrier, handshake);
    try (deadline) {
      TlsLink link = new TlsLink(carrier, side(), schemes);
      link.handshake();
      return link;
    } catch (PipeException.Refused e) {
      carrier.close();
      throw new PipeException.Refused(e.status(), where + ": " + e.getMessage(), e);
    } catch (IOException e) {
      carrier.close();
      if (deadline.wasMissed()) {
        throw new SocketTimeoutException(
            carrier.peer() + " took longer than " + handshake.toMillis() + " ms to agree on TLS");
      }
      throw e;
    } catch (RuntimeException e) {
      carrier.close();
      throw e;
    }
  }

  /**
   * This side for the next connection, as its files are now.
   *
   * @throws PipeException.Config when a file cannot be used
   */
  public TlsSide side() throws PipeException {
    PeerTrust trust = trust();
    Identity own = configured();
    OwnKey key = new OwnKey(own == null ? TlsClient::ofHost : () -> own);
    String hostName = Objects.requireNonNullElse(options.hostName(), host);
    String serverName = Objects.requireNonNullElse(options.serverName(), hostName);
    SSLContext context = Engines.context(key, trust);
    return new TlsSide(
        () -> Engines.client(context, hostName, port, serverName), trust, true, true);
  }

  private PeerTrust trust() throws PipeException {
    String authorities = options.authorities();
    if (!options.pins().isEmpty()) {
      return new PeerTrust.Pinned(options.pins());
    }
    if (authorities == null) {
      return new PeerTrust.Known(options.knownHosts(), hostPort(), options.acceptsNew());
    }
    String hostName = Objects.requireNonNullElse(options.hostName(), host);
    String serverName = options.serverName();
    boolean asksForAnother = serverName != null && !serverName.equalsIgnoreCase(hostName);
    try {
      return new PeerTrust.Vouched(
          Authorities.of(authorities), "ca=" + authorities, hostName, asksForAnother);
    } catch (IOException e) {
      throw new PipeException.Config(
          Status.FAILED_PRECONDITION, where + ": ca=: " + e.getMessage());
    }
  }

  private String hostPort() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /** What {@code cert=} says; null when it says nothing. */
  private @Nullable Identity configured() throws PipeException {
    Path certificates = options.certificates();
    if (certificates == null) {
      return null;
    }
    try {
      return Identity.load(certificates, Objects.requireNonNullElse(options.key(), certificates));
    } catch (IOException e) {
      throw new PipeException.Config(Status.FAILED_PRECONDITION, where + ": " + e.getMessage());
    }
  }

  /** This host's identity, when a peer asks for one; it is not made for that. */
  private static @Nullable Identity ofHost() {
    Path file = Identity.file();
    try {
      return Files.exists(file) ? Identity.load(file, file) : null;
    } catch (IOException e) {
      // The peer refuses who shows nothing, and says so; 'hostpipe key' tells what is wrong here.
      return null;
    }
  }
}
