package io.hostpipe.runtime.tls;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Link;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.tls.Authorities;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;

/**
 * Makes TLS of accepted connections. Before each it looks whether its files have changed, and takes
 * what they hold now: a new certificate holds from the next link on, and disturbs no pipe. Files
 * that cannot be used (half written, say) leave what was there before in force, with one warning.
 *
 * <p>Thread rule: any thread.
 */
public final class TlsServer {
  private final TlsOptions options;
  private final String where;
  private final PipeEvents events;
  private final Path certificates;
  private final Path key;
  private final ReentrantLock looking = new ReentrantLock();
  private volatile Loaded loaded;

  /** Belongs to who looks. */
  private List<String> seen;

  /**
   * A server that has its key; makes this host's identity where none is named and none is there.
   *
   * @param where the address for messages
   * @throws PipeException.Config when a file cannot be used
   */
  public TlsServer(TlsOptions options, String where, PipeEvents events) throws PipeException {
    this.options = options;
    this.where = where;
    this.events = events;
    this.certificates = Objects.requireNonNullElseGet(options.certificates(), Identity::file);
    this.key = Objects.requireNonNullElse(options.key(), certificates);
    try {
      if (options.certificates() == null) {
        Identity.ofHost(certificates);
      }
      this.seen = stamps();
      this.loaded = load();
    } catch (IOException e) {
      throw new PipeException.Config(Status.FAILED_PRECONDITION, where + ": " + e.getMessage());
    }
    warnOfDates(loaded.identity);
  }

  /** Who this side is, as of the last connection. */
  public Identity identity() {
    return loaded.identity;
  }

  /** Who it is, for people. */
  public String description() {
    Identity identity = identity();
    return identity.certificate().getSubjectX500Principal().getName()
        + ", key "
        + identity.fingerprint()
        + ", valid until "
        + PeerTrust.shown(identity.certificate().getNotAfter().toInstant());
  }

  /**
   * A link over an accepted connection, which it takes over. The first read agrees with the peer.
   */
  public TlsLink link(Link carrier, TlsSchemes schemes) {
    return new TlsLink(carrier, side(), schemes);
  }

  /** This side for the next connection, as its files are now. */
  public TlsSide side() {
    // Where two ask at once, one looks: the other's connection came in before the look was over.
    if (looking.tryLock()) {
      try {
        look();
      } finally {
        looking.unlock();
      }
    }
    return loaded.side;
  }

  /**
   * This side as of the last connection, without a look at the files. Those before it showed other
   * certificates at most: what is asked of a peer, and how it is called, never changes.
   */
  public TlsSide lastSide() {
    return loaded.side;
  }

  private void look() {
    List<String> stamps = stamps();
    if (!stamps.equals(seen)) {
      seen = stamps;
      try {
        loaded = load();
        warnOfDates(loaded.identity);
      } catch (IOException e) {
        events.warning(where + ": " + e.getMessage() + "; what was read before stays in force");
      }
    }
  }

  private Loaded load() throws IOException {
    Identity identity = Identity.load(certificates, key);
    String authorities = options.authorities();
    PeerTrust trust;
    if (!options.pins().isEmpty()) {
      trust = new PeerTrust.Pinned(options.pins());
    } else if (authorities != null) {
      trust =
          new PeerTrust.Vouched(
              Authorities.of(authorities), "client-ca=" + authorities, null, false);
    } else {
      trust = new PeerTrust.Anybody();
    }
    SSLContext context = Engines.context(new OwnKey(() -> identity), trust);
    boolean asks = options.asksForCertificate();
    return new Loaded(
        identity, new TlsSide(() -> Engines.server(context, asks), trust, false, asks));
  }

  /** Expired is no reason not to listen: somebody may be about to change the file. */
  private void warnOfDates(Identity identity) {
    Instant until = identity.certificate().getNotAfter().toInstant();
    if (until.isBefore(Instant.now())) {
      events.warning(
          where
              + ": the certificate in "
              + certificates
              + " has expired ("
              + PeerTrust.shown(until)
              + "); peers will refuse it until the file has another");
    }
  }

  /** What tells one state of the files from another. */
  private List<String> stamps() {
    List<Path> files = new ArrayList<>(List.of(certificates, key));
    String authorities = options.authorities();
    if (authorities != null && !authorities.equals(Authorities.SYSTEM)) {
      files.add(Path.of(authorities));
    }
    List<String> stamps = new ArrayList<>();
    for (Path file : files) {
      stamps.add(stamp(file));
    }
    return stamps;
  }

  private static String stamp(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return attributes.lastModifiedTime() + " " + attributes.size() + " " + attributes.fileKey();
    } catch (IOException e) {
      return String.valueOf(e);
    }
  }

  /** What one state of the files makes. */
  private record Loaded(Identity identity, TlsSide side) {}
}
