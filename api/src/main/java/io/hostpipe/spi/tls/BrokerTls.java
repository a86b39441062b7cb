package io.hostpipe.spi.tls;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.OptionSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * How a connection to a broker is encrypted, and whom it trusts: the same words for every broker.
 *
 * <p>Thread rule: any thread.
 *
 * @param address whose options these are
 * @param wanted whether it is encrypted at all
 * @param authorities who vouches for the server: a PEM file, or {@link Authorities#SYSTEM}
 * @param certificate what this side shows when it is asked; null for nothing
 * @param key of that certificate; null when it stands in the same file
 */
public record BrokerTls(
    Address address,
    boolean wanted,
    String authorities,
    @Nullable Path certificate,
    @Nullable Path key) {
  private static final String TLS = "tls";
  private static final String CA = "ca";
  private static final String CERTIFICATE = "cert";
  private static final String KEY = "key";
  private static final String ALIAS = "own";

  /** The options, to be put beside those of the connector. */
  public static final List<OptionSpec> SPECS =
      List.of(
          OptionSpec.flag(TLS, "encrypt the connection; the server must show that it is this host"),
          OptionSpec.value(
              CA, "PATH", "system", "with tls: a PEM file of those who vouch for the server"),
          OptionSpec.value(
              CERTIFICATE, "PATH", null, "with tls: a PEM file that says who this side is"),
          OptionSpec.value(
              KEY, "PATH", null, "with tls: the key of cert, when it is in a file of its own"));

  /**
   * Reads the options of an address.
   *
   * @param always whether its scheme says that it is encrypted
   */
  public static BrokerTls of(Address address, boolean always) throws PipeException {
    boolean wanted = always || address.option(TLS) != null;
    for (String name : List.of(CA, CERTIFICATE, KEY)) {
      if (!wanted && address.option(name) != null) {
        throw new PipeException.Config(
            address + ": '" + name + "' means something with the word tls only");
      }
    }
    String authorities = address.option(CA);
    String certificate = address.option(CERTIFICATE);
    String key = address.option(KEY);
    if (key != null && certificate == null) {
      throw new PipeException.Config(address + ": 'key' belongs to a 'cert', and there is none");
    }
    return new BrokerTls(
        address,
        wanted,
        authorities == null ? Authorities.SYSTEM : authorities,
        certificate == null ? null : Path.of(certificate),
        key == null ? null : Path.of(key));
  }

  /**
   * What one connection is made with. Reads the files anew, so that a renewed certificate counts
   * from the next connection on. Blocks.
   *
   * @throws PipeException Config, when a file cannot be used
   */
  public Trial begin() throws PipeException {
    try {
      HostTrust trust = new HostTrust(Authorities.of(authorities));
      SSLContext context = SSLContext.getInstance("TLS");
      AskedKeys keys = new AskedKeys(ownKeys());
      context.init(new KeyManager[] {keys}, new TrustManager[] {trust}, null);
      return new Trial(this, context, trust, keys);
    } catch (IOException | GeneralSecurityException e) {
      throw new PipeException.Config(address + ": " + e.getMessage());
    }
  }

  private @Nullable X509ExtendedKeyManager ownKeys() throws IOException, GeneralSecurityException {
    if (certificate == null) {
      return null;
    }
    List<X509Certificate> chain = Pem.certificates(certificate);
    PrivateKey own =
        Pem.privateKey(key == null ? certificate : key, chain.getFirst().getPublicKey());
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(ALIAS, own, new char[0], chain.toArray(X509Certificate[]::new));
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return (X509ExtendedKeyManager) factory.getKeyManagers()[0];
  }

  /** One try to connect: what it is made with, and why the server was not trusted. */
  public static final class Trial {
    private final BrokerTls tls;
    private final SSLContext context;
    private final HostTrust trust;
    private final AskedKeys keys;

    private Trial(BrokerTls tls, SSLContext context, HostTrust trust, AskedKeys keys) {
      this.tls = tls;
      this.context = context;
      this.trust = trust;
      this.keys = keys;
    }

    /** Makes sockets and engines that check the name of the host, whoever forgets to ask. */
    public SSLContext context() {
      return context;
    }

    /** Who trusts the server, for libraries that make contexts of their own. */
    public X509ExtendedTrustManager trust() {
      return trust;
    }

    /**
     * Words to put behind a failure to connect, with a comma before them: servers close without a
     * reason when they miss a certificate. Empty when this one did not ask for any.
     */
    public String hint() {
      if (!keys.asked()) {
        return "";
      }
      return tls.certificate == null
          ? ", and the server asked for a certificate of this side (cert=PATH)"
          : ", and the server was shown the certificate of " + tls.certificate;
    }

    /** Why the server was not trusted; null when it was, or was not asked yet. */
    public PipeException.@Nullable Refused refusal() {
      String why = trust.distrust();
      return why == null
          ? null
          : new PipeException.Refused(
              Status.UNAUTHENTICATED,
              tls.address
                  + ": the certificate of the server is not trusted: "
                  + why
                  + "; ca=PATH names the file of those who vouch for it (now: "
                  + tls.authorities
                  + ")");
    }
  }
}
