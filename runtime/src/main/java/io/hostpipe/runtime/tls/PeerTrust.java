package io.hostpipe.runtime.tls;

import java.io.IOException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whose certificates are taken: one of three ways to know a peer. What is not taken is a {@link
 * Distrust} that says why, and what to do.
 *
 * <p>Dates are looked at in each way, also under a pin: who wrote an end into a certificate meant
 * it, and the certificates that Hostpipe makes for itself have none. Thread rule: any thread.
 */
abstract sealed class PeerTrust extends X509ExtendedTrustManager {
  private static final X509Certificate[] NO_ISSUERS = {};
  private static final int ALTERNATIVE_DNS = 2;
  private static final int ALTERNATIVE_IP = 7;

  private static final DateTimeFormatter DAY_AND_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private PeerTrust() {}

  /** Takes this chain, or throws. Dates of the first certificate are in order. */
  abstract void judge(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException;

  /** What a peer that was taken is called. */
  abstract String principal(X509Certificate certificate);

  /** How a peer was known, for people. */
  abstract String how();

  /** A time as it is shown here. */
  static String shown(Instant time) {
    return DAY_AND_TIME.format(time);
  }

  private void check(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    X509Certificate certificate = chain[0];
    Instant now = Instant.now();
    Instant from = certificate.getNotBefore().toInstant();
    Instant until = certificate.getNotAfter().toInstant();
    if (now.isAfter(until)) {
      throw new Distrust(
          "its certificate has expired: it was valid until "
              + shown(until)
              + ", and it is "
              + shown(now)
              + " here");
    }
    if (now.isBefore(from)) {
      throw new Distrust(
          "its certificate is not yet valid: it is from "
              + shown(from)
              + " on, and it is "
              + shown(now)
              + " here");
    }
    judge(chain, authType, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, authType, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, authType, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new Distrust("only engines are used here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new Distrust("only engines are used here");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new Distrust("only engines are used here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new Distrust("only engines are used here");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return NO_ISSUERS;
  }

  /** These keys, whatever certificates are around them. */
  static final class Pinned extends PeerTrust {
    private final List<Fingerprint> pins;

    Pinned(List<Fingerprint> pins) {
      this.pins = List.copyOf(pins);
    }

    @Override
    void judge(X509Certificate[] chain, String authType, SSLEngine engine) throws Distrust {
      Fingerprint shown = Fingerprint.of(chain[0]);
      if (!pins.contains(shown)) {
        throw new Distrust(
            "its key is "
                + shown
                + ", and peer= allows "
                + pins.stream().map(Fingerprint::text).collect(Collectors.joining(", "))
                + "; is it the right host, and was its key changed?");
      }
    }

    @Override
    String principal(X509Certificate certificate) {
      return "key " + Fingerprint.of(certificate);
    }

    @Override
    String how() {
      return "pinned by peer=";
    }
  }

  /** The keys that hosts showed before. */
  static final class Known extends PeerTrust {
    private final KnownHosts hosts;
    private final String hostPort;
    private final boolean acceptsNew;
    private volatile String how = "";

    Known(KnownHosts hosts, String hostPort, boolean acceptsNew) {
      this.hosts = hosts;
      this.hostPort = hostPort;
      this.acceptsNew = acceptsNew;
    }

    @Override
    void judge(X509Certificate[] chain, String authType, SSLEngine engine) throws Distrust {
      Fingerprint shown = Fingerprint.of(chain[0]);
      try {
        List<KnownHosts.Known> known = hosts.find(hostPort);
        for (KnownHosts.Known each : known) {
          if (each.fingerprint().equals(shown)) {
            how = "known from " + hosts.file() + ", line " + each.line();
            return;
          }
        }
        if (!known.isEmpty()) {
          KnownHosts.Known first = known.getFirst();
          throw new Distrust(
              "THE KEY OF THIS HOST HAS CHANGED: it is "
                  + shown
                  + ", and was "
                  + first.fingerprint()
                  + " ("
                  + hosts.file()
                  + ", line "
                  + first.line()
                  + "); somebody may stand in between. Ask whoever runs that host; when the change is"
                  + " meant, take that line out");
        }
        if (!acceptsNew) {
          throw new Distrust(
              "this host is not known here; its key is "
                  + shown
                  + ". If 'hostpipe key' says the same there, say peer="
                  + shown
                  + ", or accept-new to keep it in "
                  + hosts.file());
        }
        hosts.add(hostPort, shown);
        how = "new, and kept in " + hosts.file();
      } catch (IOException e) {
        throw new Distrust(hosts.file() + " cannot be used: " + e.getMessage());
      }
    }

    @Override
    String principal(X509Certificate certificate) {
      return "key " + Fingerprint.of(certificate);
    }

    @Override
    String how() {
      return how;
    }
  }

  /** Whoever certain authorities vouch for. */
  static final class Vouched extends PeerTrust {
    private final X509ExtendedTrustManager authorities;
    private final String option;
    private final @Nullable String hostName;
    private final boolean asksForAnother;

    /**
     * A trust in authorities.
     *
     * @param option which one names them
     * @param hostName whom the certificate has to be for; null for anybody
     * @param asksForAnother whether the server is asked for another name than that: the JDK would
     *     be content with a certificate for either
     */
    Vouched(
        X509ExtendedTrustManager authorities,
        String option,
        @Nullable String hostName,
        boolean asksForAnother) {
      this.authorities = authorities;
      this.option = option;
      this.hostName = hostName;
      this.asksForAnother = asksForAnother;
    }

    @Override
    void judge(X509Certificate[] chain, String authType, SSLEngine engine) throws Distrust {
      try {
        if (hostName == null) {
          authorities.checkClientTrusted(chain, authType, engine);
        } else {
          authorities.checkServerTrusted(chain, authType, engine);
        }
      } catch (CertificateException e) {
        throw new Distrust(reason(chain, authType, e));
      }
      if (asksForAnother
          && hostName != null
          && names(chain[0]).stream().noneMatch(name -> HostNames.covers(name, hostName))) {
        throw new Distrust(another(chain[0], hostName));
      }
    }

    /** The JDK judges; the name is asked for again to tell why. */
    private String reason(X509Certificate[] chain, String authType, CertificateException e) {
      String expected = hostName;
      if (expected != null && isVouchedFor(chain, authType)) {
        return another(chain[0], expected);
      }
      Throwable deepest = e;
      for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
        deepest = cause;
      }
      return "its certificate ("
          + chain[0].getSubjectX500Principal().getName()
          + ", issued by "
          + chain[0].getIssuerX500Principal().getName()
          + ") leads to none of the authorities of "
          + option
          + ": "
          + deepest.getMessage();
    }

    private static String another(X509Certificate certificate, String expected) {
      return "its certificate is for "
          + String.join(", ", names(certificate))
          + ", not for "
          + expected
          + "; host= says which name to expect";
    }

    private boolean isVouchedFor(X509Certificate[] chain, String authType) {
      try {
        authorities.checkServerTrusted(chain, authType);
        return true;
      } catch (CertificateException e) {
        return false;
      }
    }

    private static List<String> names(X509Certificate certificate) {
      List<String> names = new ArrayList<>();
      try {
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
          for (List<?> each : alternatives) {
            if (each.getFirst() instanceof Integer kind
                && (kind == ALTERNATIVE_DNS || kind == ALTERNATIVE_IP)) {
              names.add(String.valueOf(each.get(1)));
            }
          }
        }
      } catch (CertificateException e) {
        names.clear();
      }
      return names.isEmpty() ? List.of("no host at all") : names;
    }

    @Override
    String principal(X509Certificate certificate) {
      return "subject " + certificate.getSubjectX500Principal().getName();
    }

    @Override
    String how() {
      return "vouched for by " + option;
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return authorities.getAcceptedIssuers();
    }
  }

  /** Asks nobody: a listener whose dialers prove who they are by other means, or not at all. */
  static final class Anybody extends PeerTrust {
    @Override
    void judge(X509Certificate[] chain, String authType, SSLEngine engine) throws Distrust {
      throw new Distrust("no certificate was asked for");
    }

    @Override
    String principal(X509Certificate certificate) {
      return "";
    }

    @Override
    String how() {
      return "not asked";
    }
  }
}
