package io.hostpipe.spi.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Certificate authorities, of a file or of the system. */
public final class Authorities {
  /** Stands for those of the system. */
  public static final String SYSTEM = "system";

  /** Where systems keep theirs: Debian and others, Fedora, Alpine. */
  private static final List<Path> SYSTEM_FILES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/cert.pem"));

  private Authorities() {}

  /**
   * Reads them. Blocks.
   *
   * @param fileOrSystem a PEM file, or {@link #SYSTEM}
   */
  public static X509ExtendedTrustManager of(String fileOrSystem) throws IOException {
    try {
      if (!fileOrSystem.equals(SYSTEM)) {
        return trusting(storeOf(Path.of(fileOrSystem)));
      }
      for (Path file : SYSTEM_FILES) {
        if (Files.isReadable(file)) {
          return trusting(storeOf(file));
        }
      }
      // Java's own list.
      return trusting(null);
    } catch (GeneralSecurityException e) {
      throw new IOException(fileOrSystem + ": " + e.getMessage(), e);
    }
  }

  private static KeyStore storeOf(Path file) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    int index = 0;
    for (X509Certificate each : Pem.certificates(file)) {
      store.setCertificateEntry("ca" + index++, each);
    }
    return store;
  }

  private static X509ExtendedTrustManager trusting(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    for (TrustManager each : factory.getTrustManagers()) {
      if (each instanceof X509ExtendedTrustManager trust) {
        return trust;
      }
    }
    throw new GeneralSecurityException("this Java has no trust manager for X.509");
  }
}
