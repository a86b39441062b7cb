package io.hostpipe.runtime.tls;

import io.hostpipe.spi.tls.Pem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Who this host is to its peers: a private key, and the certificates that say whose it is.
 *
 * @param key secret
 * @param chain its own certificate first
 */
public record Identity(PrivateKey key, List<X509Certificate> chain) {
  private static final String FILE = "identity.pem";

  private static final Set<PosixFilePermission> OF_OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  /** Where the identity of this user on this host is kept: key and certificate in one file. */
  public static Path file() {
    return HostFolder.path().resolve(FILE);
  }

  /**
   * The identity in this file, which is made when there is none. Of several processes that make it
   * at once, one does, and the others take what it made.
   */
  public static Identity ofHost(Path file) throws IOException {
    if (!Files.exists(file)) {
      make(file);
    }
    return load(file, file);
  }

  /**
   * A certificate with its chain, and the key to it, from two files or one.
   *
   * @throws IOException naming the file and what is wrong with it
   */
  public static Identity load(Path certificates, Path key) throws IOException {
    List<X509Certificate> chain = Pem.certificates(certificates);
    refuseShared(key);
    PrivateKey privateKey = Pem.privateKey(key, chain.getFirst().getPublicKey());
    Identity identity = new Identity(privateKey, chain);
    if (!identity.fits()) {
      throw new IOException(
          "the key in " + key + " is not that of the first certificate in " + certificates);
    }
    return identity;
  }

  /** What peers know its key by. */
  public Fingerprint fingerprint() {
    return Fingerprint.of(certificate());
  }

  /** Its own certificate. */
  public X509Certificate certificate() {
    return chain.getFirst();
  }

  /** The certificates in PEM, for the files of others. */
  public String certificateText() {
    try {
      return Pem.text(chain);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate that was read can be written", e);
    }
  }

  /** Never the key. */
  @Override
  public String toString() {
    return fingerprint().text();
  }

  private static void make(Path file) throws IOException {
    try {
      Identity made = SelfSigned.make(hostName());
      HostFolder.create(file, Pem.text(made.key, made.chain));
    } catch (GeneralSecurityException e) {
      throw new IOException("no key can be made here: " + e.getMessage(), e);
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  /** As ssh does: a key that others may read is nobody's identity. */
  private static void refuseShared(Path file) throws IOException {
    Set<PosixFilePermission> rights = EnumSet.noneOf(PosixFilePermission.class);
    rights.addAll(Files.getPosixFilePermissions(file));
    rights.retainAll(OF_OTHERS);
    if (!rights.isEmpty()) {
      throw new IOException(
          "others on this host may read the key in " + file + ": chmod 600 " + file);
    }
  }

  /** Whether the key and the certificate belong together: what one signs, the other verifies. */
  private boolean fits() {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA", "RSASSA-PSS" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(chain.getFirst().getPublicKey().getEncoded());
      byte[] signed = signature.sign();
      signature.initVerify(chain.getFirst().getPublicKey());
      signature.update(chain.getFirst().getPublicKey().getEncoded());
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
