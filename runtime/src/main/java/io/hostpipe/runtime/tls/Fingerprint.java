package io.hostpipe.runtime.tls;

import io.hostpipe.spi.tls.Pem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a key is known by: the SHA-256 of its SubjectPublicKeyInfo, as in RFC 7469. It stays the
 * same when the certificate around the key is made anew.
 *
 * @param text {@code sha256:} and base64
 */
public record Fingerprint(String text) {
  private static final String PREFIX = "sha256:";
  private static final int DIGEST_BYTES = 32;

  /** Of the key in this certificate. */
  public static Fingerprint of(X509Certificate certificate) {
    try {
      byte[] key = certificate.getPublicKey().getEncoded();
      return of(MessageDigest.getInstance("SHA-256").digest(key));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Of the first certificate in a PEM file. */
  public static Fingerprint ofFile(Path file) throws IOException {
    return of(Pem.certificates(file).getFirst());
  }

  /**
   * Reads one as people have it: with the prefix or {@code sha256//} as curl writes it, base64 of
   * either alphabet, with or without its {@code =}, or hexadecimal with or without colons.
   *
   * @return null when it is none
   */
  public static @Nullable Fingerprint parse(String text) {
    String rest = text.strip();
    for (String prefix : new String[] {"sha256//", PREFIX}) {
      if (rest.toLowerCase(Locale.ROOT).startsWith(prefix)) {
        rest = rest.substring(prefix.length());
        break;
      }
    }
    try {
      String hex = rest.replace(":", "");
      byte[] digest =
          hex.length() == 2 * DIGEST_BYTES
              ? HexFormat.of().parseHex(hex)
              // A plus sign in a query has become a space.
              : Base64.getDecoder()
                  .decode(rest.replace(' ', '+').replace('-', '+').replace('_', '/'));
      return digest.length == DIGEST_BYTES ? of(digest) : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static Fingerprint of(byte[] digest) {
    return new Fingerprint(PREFIX + Base64.getEncoder().encodeToString(digest));
  }

  @Override
  public String toString() {
    return text;
  }
}
