package io.hostpipe.runtime.tls;

import java.net.InetAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The names that a certificate is for, and those of hosts (RFC 9525, 6). */
final class HostNames {
  private static final String ANY_LABEL = "*.";

  private HostNames() {}

  /**
   * Whether a certificate for this name is one for that host.
   *
   * @param name of a host, perhaps with {@code *} for its first label; or an address in digits
   */
  static boolean covers(String name, String host) {
    InetAddress address = literal(host);
    if (address != null) {
      return address.equals(literal(name));
    }
    String wanted = plain(host);
    String given = plain(name);
    if (!given.startsWith(ANY_LABEL)) {
      return given.equals(wanted);
    }
    int dot = wanted.indexOf('.');
    return dot > 0
        && given.indexOf('.', ANY_LABEL.length()) > 0
        && wanted.substring(dot + 1).equals(given.substring(ANY_LABEL.length()));
  }

  private static @Nullable InetAddress literal(String text) {
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static String plain(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }
}
