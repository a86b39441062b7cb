package io.hostpipe.spi.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Keys and certificates in PEM files (RFC 7468). What is wrong with a file is an {@link
 * IOException} that names it and says what to do; never what is in it.
 */
public final class Pem {
  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PRIVATE_KEY = "PRIVATE KEY";

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  private static final String RSA = "1.2.840.113549.1.1.1";
  private static final String EC = "1.2.840.10045.2.1";
  private static final byte[] NULL = {5, 0};
  private static final int FILE_BYTES_MAX = 4 << 20;
  private static final int LINE_LENGTH = 64;

  private Pem() {}

  /** All certificates of a file, in order; at least one. */
  public static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : read(file)) {
      if (block.label.equals(CERTIFICATE)) {
        certificates.add(certificate(file, block.bytes));
      }
    }
    if (certificates.isEmpty()) {
      throw new IOException(file + " holds no certificate (-----BEGIN CERTIFICATE-----)");
    }
    return certificates;
  }

  /** The private key of a file, to which this public key belongs. */
  public static PrivateKey privateKey(Path file, PublicKey other) throws IOException {
    for (Block block : read(file)) {
      byte[] encoded = toPkcs8(file, block, other);
      if (encoded != null) {
        try {
          return KeyFactory.getInstance(other.getAlgorithm())
              .generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (InvalidKeySpecException e) {
          throw new IOException(
              file
                  + " holds no key that Java can read for its "
                  + other.getAlgorithm()
                  + " certificate: "
                  + e.getMessage(),
              e);
        } catch (GeneralSecurityException e) {
          throw new IOException(file + ": " + e.getMessage(), e);
        }
      }
    }
    throw new IOException(file + " holds no private key (-----BEGIN PRIVATE KEY-----)");
  }

  /** A key and its certificates as the text of a file. */
  public static String text(PrivateKey key, List<X509Certificate> chain)
      throws GeneralSecurityException {
    return block(PRIVATE_KEY, key.getEncoded()) + text(chain);
  }

  /** Certificates as the text of a file. */
  public static String text(List<X509Certificate> chain) throws GeneralSecurityException {
    StringBuilder text = new StringBuilder(1_024);
    for (X509Certificate each : chain) {
      text.append(block(CERTIFICATE, each.getEncoded()));
    }
    return text.toString();
  }

  private static String block(String label, byte[] bytes) {
    Base64.Encoder encoder = Base64.getMimeEncoder(LINE_LENGTH, new byte[] {'\n'});
    return "-----BEGIN "
        + label
        + "-----\n"
        + encoder.encodeToString(bytes)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /** The older forms hold the same key, with less around it; null for what is no key. */
  private static byte @Nullable [] toPkcs8(Path file, Block block, PublicKey other)
      throws IOException {
    return switch (block.label) {
      case PRIVATE_KEY -> block.bytes;
      case "RSA PRIVATE KEY" -> wrapped(Der.of(Der.SEQUENCE, Der.oid(RSA), NULL), block.bytes);
      case "EC PRIVATE KEY" -> wrapped(algorithmOf(other), block.bytes);
      case "ENCRYPTED PRIVATE KEY" ->
          throw new IOException(
              file
                  + " is encrypted, and nobody is there to ask for its passphrase: 'openssl pkey"
                  + " -in "
                  + file
                  + " -out key.pem' writes it plain (mode 0600)");
      default -> null;
    };
  }

  private static byte[] wrapped(byte[] algorithm, byte[] key) {
    return Der.of(
        Der.SEQUENCE, Der.integer(BigInteger.ZERO), algorithm, Der.of(Der.OCTET_STRING, key));
  }

  /** The curve: a public key begins with the same algorithm, behind the head of its sequence. */
  private static byte[] algorithmOf(PublicKey key) {
    byte[] encoded = key.getEncoded();
    int at = (encoded[1] & 0x80) == 0 ? 2 : 2 + (encoded[1] & 0x7F);
    int lengthBytes = 2 + encoded[at + 1];
    return key.getAlgorithm().equals("EC")
        ? Arrays.copyOfRange(encoded, at, at + lengthBytes)
        : Der.of(Der.SEQUENCE, Der.oid(EC));
  }

  private static X509Certificate certificate(Path file, byte[] bytes) throws IOException {
    try {
      Certificate read =
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(bytes));
      return (X509Certificate) read;
    } catch (GeneralSecurityException e) {
      throw new IOException(
          file + " holds a certificate that cannot be read: " + e.getMessage(), e);
    }
  }

  private static List<Block> read(Path file) throws IOException {
    String text;
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw new IOException(file + " is no PEM file: it is longer than 4 MiB");
      }
      text = Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + file, e);
    }
    List<Block> blocks = new ArrayList<>();
    for (Matcher found = BLOCK.matcher(text); found.find(); ) {
      try {
        blocks.add(new Block(found.group(1), Base64.getMimeDecoder().decode(found.group(2))));
      } catch (IllegalArgumentException e) {
        throw new IOException(file + " holds a block that is no base64", e);
      }
    }
    return blocks;
  }

  /** What stands between BEGIN and END. */
  private static final class Block {
    final String label;
    final byte[] bytes;

    Block(String label, byte[] bytes) {
      this.label = label;
      this.bytes = bytes;
    }
  }
}
