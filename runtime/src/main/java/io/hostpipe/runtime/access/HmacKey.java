package io.hostpipe.runtime.access;

import io.hostpipe.session.TokenKey;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA256 (RFC 2104) under a token's secret. Thread rule: any thread. */
final class HmacKey implements TokenKey {
  private static final String ALGORITHM = "HmacSHA256";

  private final SecretKeySpec key;

  private HmacKey(byte[] secret) {
    this.key = new SecretKeySpec(secret, ALGORITHM);
  }

  /** The key is the secret as it is written. */
  static HmacKey of(String secret) {
    return new HmacKey(secret.getBytes(StandardCharsets.UTF_8));
  }

  /** One that nobody knows. */
  static HmacKey random() {
    byte[] secret = new byte[MAC_BYTES];
    new SecureRandom().nextBytes(secret);
    return new HmacKey(secret);
  }

  @Override
  public byte[] mac(byte[] message) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac.doFinal(message);
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every Java has " + ALGORITHM, e);
    }
  }
}
