package io.hostpipe.testkit.tls;

import io.hostpipe.spi.tls.Der;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * An authority of one test that vouches for whom it is told to, in files of a folder. Thread rule:
 * one thread.
 */
public final class TestAuthority {
  private static final String ECDSA_SHA256 = "1.2.840.10045.4.3.2";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final byte[] TRUE = {1, 1, -1};
  private static final int IP_ADDRESS = 0x87;
  private static final Duration DAY = Duration.ofDays(1);

  private static final DateTimeFormatter UTC_TIME =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final Path folder;
  private final String name;
  private final KeyPair pair;
  private final Path file;
  private long serial;

  /** A fresh one, whose certificate is {@link #file}. */
  public TestAuthority(Path folder, String name) {
    this.folder = folder;
    this.name = name;
    this.pair = keyPair();
    this.file = folder.resolve(name + ".crt");
    byte[] itself =
        certificate(
            name,
            pair,
            Instant.now().minus(DAY),
            Instant.now().plus(DAY),
            Der.of(
                Der.SEQUENCE,
                Der.oid(BASIC_CONSTRAINTS),
                TRUE,
                Der.of(Der.OCTET_STRING, Der.of(Der.SEQUENCE, TRUE))));
    write(file, pem("CERTIFICATE", itself));
  }

  /** What trusts it: its certificate in PEM. */
  public Path file() {
    return file;
  }

  /** A key and its certificate in one file, for these names and addresses; good for a day. */
  public Issued issue(String subject, String... hosts) {
    return issue(subject, Instant.now().minus(DAY), Instant.now().plus(DAY), hosts);
  }

  /** One that was good until yesterday. */
  public Issued issueExpired(String subject, String... hosts) {
    Instant yesterday = Instant.now().minus(DAY);
    return issue(subject, yesterday.minus(DAY), yesterday, hosts);
  }

  /** One that will be good from tomorrow on. */
  public Issued issueForLater(String subject, String... hosts) {
    Instant tomorrow = Instant.now().plus(DAY);
    return issue(subject, tomorrow, tomorrow.plus(DAY), hosts);
  }

  private Issued issue(String subject, Instant from, Instant until, String... hosts) {
    KeyPair own = keyPair();
    byte[] certificate = certificate(subject, own, from, until, alternativeNames(hosts));
    Path both = folder.resolve(subject + ".pem");
    write(
        both, pem("PRIVATE KEY", own.getPrivate().getEncoded()) + pem("CERTIFICATE", certificate));
    return new Issued(both, fingerprint(own));
  }

  /**
   * What was issued.
   *
   * @param file of key and certificate, mode 0600
   * @param fingerprint of the key, made here from scratch
   */
  public record Issued(Path file, String fingerprint) {}

  private byte[] certificate(
      String subject, KeyPair own, Instant from, Instant until, byte[] extension) {
    byte[] algorithm = Der.of(Der.SEQUENCE, Der.oid(ECDSA_SHA256));
    byte[] toBeSigned =
        Der.of(
            Der.SEQUENCE,
            Der.tagged(0, Der.integer(BigInteger.TWO)),
            Der.integer(BigInteger.valueOf(++serial)),
            algorithm,
            commonName(name),
            Der.of(
                Der.SEQUENCE,
                Der.text(Der.UTC_TIME, UTC_TIME.format(from)),
                Der.text(Der.UTC_TIME, UTC_TIME.format(until))),
            commonName(subject),
            own.getPublic().getEncoded(),
            Der.tagged(3, Der.of(Der.SEQUENCE, extension)));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(pair.getPrivate());
      signature.update(toBeSigned);
      return Der.of(Der.SEQUENCE, toBeSigned, algorithm, Der.bits(signature.sign()));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] commonName(String text) {
    return Der.of(
        Der.SEQUENCE,
        Der.of(Der.SET, Der.of(Der.SEQUENCE, Der.oid("2.5.4.3"), Der.text(Der.UTF8_STRING, text))));
  }

  private static byte[] alternativeNames(String... hosts) {
    List<byte[]> names = new ArrayList<>();
    for (String host : hosts) {
      names.add(
          host.matches("[0-9.]+|.*:.*")
              ? Der.of(IP_ADDRESS, InetAddress.ofLiteral(host).getAddress())
              : Der.text(Der.DNS_NAME, host));
    }
    return Der.of(
        Der.SEQUENCE,
        Der.oid("2.5.29.17"),
        Der.of(Der.OCTET_STRING, Der.of(Der.SEQUENCE, names.toArray(byte[][]::new))));
  }

  private static String fingerprint(KeyPair own) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(own.getPublic().getEncoded());
      return "sha256:" + Base64.getEncoder().encodeToString(digest);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyPair keyPair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static String pem(String label, byte[] bytes) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /** As tools that renew certificates do: a file is always whole. */
  private void write(Path target, String text) {
    try {
      Path fresh =
          Files.createTempFile(
              folder,
              "fresh",
              "",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(fresh, text);
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
