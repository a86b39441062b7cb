package io.hostpipe.runtime.access;

/**
 * Whose a link is, as far as it was proved.
 *
 * @param name for people and for the streams that it owns: the same on each of its links
 * @param rights what it may do
 * @param quota how much of it
 * @param proved whether it proved anything: who did not owns nothing, and is told by its host
 */
public record Principal(String name, Rights rights, Quota quota, boolean proved) {
  /** Whoever proved this token. */
  public static Principal of(Token token, Quota byDefault) {
    return new Principal(
        "token '" + token.name() + "'", token.rights(), token.quota().or(byDefault), true);
  }

  /** Whoever the carrier has proved to be the holder of a trusted certificate. */
  public static Principal ofCertificate(String name, Quota byDefault) {
    return new Principal("certificate '" + name + "'", Rights.ALL, byDefault, true);
  }

  /** Whoever it may be, on this host. */
  public static Principal ofHost(String host, Quota byDefault) {
    return new Principal("host " + host, Rights.ALL, byDefault, false);
  }
}
