package io.hostpipe.runtime.tls;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.tls.Authorities;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the options of an address say about TLS.
 *
 * @param pins the keys that the peer may have; empty when it is known otherwise
 * @param authorities a file of CA certificates, or {@link Authorities#SYSTEM}; null for none
 * @param hostName whom the certificate has to be for; null for whoever is dialed
 * @param serverName what is said to a server of many names; null for the host name
 * @param knownHosts the keys of hosts that were dialed before
 * @param acceptsNew whether the key of an unknown host is taken and kept
 * @param certificates of this side; null for this host's identity
 * @param key to those certificates; null where they stand in the same file
 */
public record TlsOptions(
    List<Fingerprint> pins,
    @Nullable String authorities,
    @Nullable String hostName,
    @Nullable String serverName,
    KnownHosts knownHosts,
    boolean acceptsNew,
    @Nullable Path certificates,
    @Nullable Path key) {
  private static final String PEER = "peer";
  private static final String CA = "ca";
  private static final String CLIENT_CA = "client-ca";
  private static final String HOST = "host";
  private static final String SNI = "sni";
  private static final String KNOWN_HOSTS = "known-hosts";
  private static final String ACCEPT_NEW = "accept-new";
  private static final String CERT = "cert";
  private static final String KEY = "key";

  private static final OptionSpec CERT_OPTION =
      OptionSpec.value(
          CERT, "FILE", "this host's identity", "PEM certificates of this side, its own first");

  private static final OptionSpec KEY_OPTION =
      OptionSpec.value(KEY, "FILE", "the file of cert=", "PEM private key to that certificate");

  private static final List<OptionSpec> DIAL_OPTIONS =
      List.of(
          OptionSpec.value(
                  PEER, "sha256:…", null, "the only key that the host may have ('hostpipe key')")
              .repeated(),
          OptionSpec.value(
              CA,
              "FILE|system",
              null,
              "trust what these authorities vouch for, for the host's name"),
          OptionSpec.value(
              HOST, "NAME", "the host dialed", "whom a certificate of ca= must be for"),
          OptionSpec.value(SNI, "NAME", "host=", "ask a server of many names for this one"),
          OptionSpec.value(
              KNOWN_HOSTS,
              "FILE",
              "~/.config/hostpipe/known_hosts",
              "the keys of hosts dialed before, without peer= and ca="),
          OptionSpec.flag(ACCEPT_NEW, "take the key of an unknown host, and keep it"),
          CERT_OPTION,
          KEY_OPTION);

  private static final List<OptionSpec> LISTEN_OPTIONS =
      List.of(
          CERT_OPTION,
          KEY_OPTION,
          OptionSpec.value(
              CLIENT_CA, "FILE", null, "let in whoever has a certificate of these authorities"),
          OptionSpec.value(
                  PEER, "sha256:…", null, "let in whoever has this key ('hostpipe key' there)")
              .repeated());

  /** Those of who dials. */
  public static List<OptionSpec> dialOptions() {
    return DIAL_OPTIONS;
  }

  /** Those of who listens. */
  public static List<OptionSpec> listenOptions() {
    return LISTEN_OPTIONS;
  }

  /** As an address has them, whose option names were checked. */
  public static TlsOptions of(Address address) throws PipeException {
    List<Fingerprint> pins = new ArrayList<>();
    for (String value : address.optionValues(PEER)) {
      Fingerprint pin = Fingerprint.parse(value);
      if (pin == null) {
        throw new PipeException.Config(
            address
                + ": peer= is the fingerprint of a key, as in sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5N"
                + "MpJWZG3hSuFU=; 'hostpipe key' shows it there");
      }
      pins.add(pin);
    }
    String clientAuthorities = address.option(CLIENT_CA);
    String authorities = clientAuthorities == null ? address.option(CA) : clientAuthorities;
    String known = address.option(KNOWN_HOSTS);
    boolean acceptsNew = address.option(ACCEPT_NEW) != null;
    if (acceptsNew && (!pins.isEmpty() || authorities != null)) {
      throw new PipeException.Config(
          address + ": accept-new is for hosts that neither peer= nor ca= tells of");
    }
    if (!pins.isEmpty() && authorities != null) {
      throw new PipeException.Config(
          address
              + ": peer= names a key and "
              + (clientAuthorities == null ? CA : CLIENT_CA)
              + "= authorities; say one of them");
    }
    if (address.option(KEY) != null && address.option(CERT) == null) {
      throw new PipeException.Config(address + ": key= wants the certificate to it: cert=FILE");
    }
    return new TlsOptions(
        List.copyOf(pins),
        authorities,
        address.option(HOST),
        address.option(SNI),
        known == null ? KnownHosts.ofUser() : new KnownHosts(Path.of(known)),
        acceptsNew,
        path(address, CERT),
        path(address, KEY));
  }

  /** The words as they stand, of those options alone: what is equal here is one way to trust. */
  public static Map<String, String> words(Address address) {
    Map<String, String> words = new TreeMap<>();
    for (List<OptionSpec> options : List.of(DIAL_OPTIONS, LISTEN_OPTIONS)) {
      for (OptionSpec option : options) {
        String value = address.option(option.name());
        if (value != null) {
          words.put(option.name(), value);
        }
      }
    }
    return words;
  }

  /** Whether who dials has to show a certificate. */
  public boolean asksForCertificate() {
    return !pins.isEmpty() || authorities != null;
  }

  private static @Nullable Path path(Address address, String name) {
    String value = address.option(name);
    return value == null ? null : Path.of(value);
  }
}
