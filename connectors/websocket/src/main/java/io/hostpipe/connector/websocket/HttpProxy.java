package io.hostpipe.connector.websocket;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP proxy that a host is dialed through.
 *
 * @param userInfo what it lets this side in with, as written; null for nothing. Secret
 */
record HttpProxy(String host, int port, @Nullable String userInfo) {
  static final String OPTION = "proxy";
  private static final String NONE = "none";
  private static final int PORT_DEFAULT = 80;

  /**
   * What the address says, else the environment: HTTPS_PROXY for wss, HTTP_PROXY for ws, ALL_PROXY
   * for both, in either case of letters; not for this host itself, nor for what NO_PROXY names.
   *
   * @return null for no proxy
   */
  static @Nullable HttpProxy of(Address address, boolean secure, Map<String, String> environment)
      throws PipeException {
    String said = address.option(OPTION);
    if (said != null) {
      return said.equals(NONE) ? null : parse(said, address + ": proxy=");
    }
    String name = secure ? "HTTPS_PROXY" : "HTTP_PROXY";
    String found = variable(environment, name);
    if (found == null) {
      name = "ALL_PROXY";
      found = variable(environment, name);
    }
    int port = address.port() < 0 ? (secure ? 443 : 80) : address.port();
    return found == null || isExcepted(address.host(), port, variable(environment, "NO_PROXY"))
        ? null
        : parse(found, name + "=");
  }

  /** For people. */
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  private static HttpProxy parse(String text, String where) throws PipeException {
    Address address;
    try {
      address = Address.parse(text.contains("://") ? text : "http://" + text);
    } catch (PipeException.Config e) {
      throw new PipeException.Config(where + " is no address of a proxy: " + e.getMessage());
    }
    if (!address.scheme().equals("http")) {
      throw new PipeException.Config(
          where
              + address
              + " is spoken to with "
              + address.scheme()
              + "; only proxies of http:// are known here, as in proxy=http://proxy:3128");
    }
    if (address.host().isEmpty()) {
      throw new PipeException.Config(where + " names no host, as in proxy=http://proxy:3128");
    }
    return new HttpProxy(
        address.host(), address.port() < 0 ? PORT_DEFAULT : address.port(), address.userInfo());
  }

  private static @Nullable String variable(Map<String, String> environment, String name) {
    String value =
        Objects.requireNonNullElse(
            environment.getOrDefault(name.toLowerCase(Locale.ROOT), environment.get(name)), "");
    return value.isBlank() ? null : value.strip();
  }

  /**
   * Names of hosts, with all that end in them; whole numbers of addresses; a port behind either.
   */
  private static boolean isExcepted(String host, int port, @Nullable String list) {
    String name = host.toLowerCase(Locale.ROOT);
    if (name.equals("localhost") || name.startsWith("127.") || name.equals("::1")) {
      return true;
    }
    if (list == null) {
      return false;
    }
    for (String each : list.split(",", -1)) {
      String entry = each.strip().toLowerCase(Locale.ROOT);
      if (entry.endsWith(":" + port)) {
        entry = entry.substring(0, entry.lastIndexOf(':'));
      }
      entry = entry.replaceFirst("^\\*?\\.", "").replaceAll("[\\[\\]]", "");
      if (entry.equals("*")
          || (!entry.isEmpty() && (name.equals(entry) || name.endsWith("." + entry)))) {
        return true;
      }
    }
    return false;
  }
}
