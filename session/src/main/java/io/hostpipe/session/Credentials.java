package io.hostpipe.session;

import java.util.function.Supplier;

/**
 * What a dialer proves itself with on one link.
 *
 * @param token the token's name, which is no secret
 * @param key its secret
 * @param binding what ties the proof to the link
 * @param channelBinding the carrier's own value for this link, asked for when the link has carried
 *     bytes both ways; empty when nothing ties it
 * @param nonce random, used on this link alone
 */
public record Credentials(
    String token,
    TokenKey key,
    Frame.Binding binding,
    Supplier<byte[]> channelBinding,
    Frame.Id nonce) {
  Frame.Claim claim() {
    return new Frame.Claim(binding, nonce, token);
  }

  @Override
  public String toString() {
    return "token " + token;
  }
}
