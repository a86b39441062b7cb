package io.hostpipe.runtime.access;

import org.jspecify.annotations.Nullable;

/**
 * What an address says about who may come, and who this side is.
 *
 * @param token what a dialer proves itself with; null for nothing
 * @param tokens what a listener asks for; null for nothing
 * @param tied whether proofs are tied to the connection of the carrier; else to the greeting alone
 *     ({@code binding=none})
 * @param encrypted whether nobody on the way can read what passes
 * @param limits of a listener
 */
public record Access(
    @Nullable DialToken token,
    @Nullable TokenFile tokens,
    boolean tied,
    boolean encrypted,
    Limits limits) {
  /** Anybody may come, and nothing is proved. */
  public static final Access OPEN = new Access(null, null, false, false, Limits.DEFAULT);

  /** The same for a listener that asks for these tokens. */
  public Access askingFor(TokenFile asked) {
    return new Access(token, asked, tied, encrypted, limits);
  }
}
