package io.hostpipe.session;

/**
 * The secret of a token, as a session uses it: it can be proved without being shown. The host gives
 * HMAC-SHA256 under that secret. Thread rule: any thread.
 */
@FunctionalInterface
public interface TokenKey {
  /** How long what {@link #mac} answers is. */
  int MAC_BYTES = 32;

  /** The message authentication code of this message: {@link #MAC_BYTES} bytes. */
  byte[] mac(byte[] message);
}
