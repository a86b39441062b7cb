package io.hostpipe;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where an end is: {@code scheme://user@host:port/path?option=value}, {@code -}, or a path.
 *
 * <p>{@code -} is standard input or output; {@code ./x}, {@code ../x} and {@code /x} are files.
 * What follows {@code exec:} and {@code tail:} is taken as it is written, as a bare path is:
 * percent and question marks mean something in commands and in patterns. Options may stand in the
 * query or are added as words by the command. An {@code @} behind the host is written {@code %40}
 * where it might end a secret that was not written so. Immutable. {@link #toString} never shows a
 * password.
 */
public final class Address {
  /** The scheme of {@code -}. */
  public static final String STDIO = "stdio";

  /** The scheme of files. */
  public static final String FILE = "file";

  /** The scheme of programs. */
  public static final String EXEC = "exec";

  /** The scheme of files that are followed. */
  public static final String TAIL = "tail";

  private static final Set<String> TAKEN_AS_WRITTEN = Set.of(EXEC, TAIL);

  /** Between the values of an option that was given more than once: no value can hold it. */
  private static final String NEXT_VALUE = "\0";

  private static final Set<String> SECRET_OPTIONS =
      Set.of("token", "password", "secret", "passphrase", "header");

  /** Options that name another host; whoever comes to it may stand before that. */
  private static final Set<String> HOST_OPTIONS = Set.of("server", "proxy");

  /** Where a user without a password is no secret; elsewhere it may be a token. */
  private static final Set<String> USER_ALONE = Set.of("ssh", "tcp");

  /** Stands for what is not shown. */
  private static final String HIDDEN = "***";

  /** What stands before the host, and before who comes to it. */
  private static final Pattern BEFORE_HOST = Pattern.compile("(?:[a-z][a-z0-9+.-]*:)?/*");

  /** Who comes to a host, in the midst of a text; first the scheme where a user is no secret. */
  private static final Pattern WHO_COMES = Pattern.compile("(\\b(?:ssh|tcp):)?//([^/?\\s]*)@");

  private final String scheme;
  private final @Nullable String userInfo;
  private final String host;
  private final int port;
  private final String path;
  private final Map<String, String> options;

  /** What {@link #toString} found: whoever writes it twice writes the same. */
  private @Nullable String shown;

  private Address(
      String scheme,
      @Nullable String userInfo,
      String host,
      int port,
      String path,
      Map<String, String> options) {
    this.scheme = scheme;
    this.userInfo = userInfo;
    this.host = host;
    this.port = port;
    this.path = path;
    this.options = Collections.unmodifiableMap(options);
  }

  /** Whether this text has the shape of an address, so that a word is not one by accident. */
  public static boolean looksLikeOne(String text) {
    return text.equals("-")
        || text.startsWith("/")
        || text.startsWith("./")
        || text.startsWith("../")
        || isTakenAsWritten(text)
        || text.matches("[a-z][a-z0-9+.-]*://.*|file:.*");
  }

  /** The value of an option for people: what may be a secret in it is replaced by {@code ***}. */
  public static String shownValue(String option, String value) {
    if (SECRET_OPTIONS.contains(option)) {
      return HIDDEN;
    }
    if (HOST_OPTIONS.contains(option)) {
      return value.replaceFirst("(?s)^([a-z][a-z0-9+.-]*://)?.*@", "$1***@");
    }
    // A variable of a program's environment may well hold a secret.
    return option.equals("env") ? value.replaceFirst("(?s)=.*", "=***") : redact(value);
  }

  /**
   * Reads an address. A bare path is taken as it is; everything with a scheme is percent-encoded
   * and may have options behind a question mark.
   *
   * @throws PipeException.Config saying what is wrong with it
   */
  public static Address parse(String text) throws PipeException {
    Objects.requireNonNull(text, "text");
    if (text.equals("-")) {
      return new Address(STDIO, null, "", -1, "", Map.of());
    }
    if (text.startsWith("/") || text.startsWith("./") || text.startsWith("../")) {
      return new Address(FILE, null, "", -1, text, Map.of());
    }
    int colon = text.indexOf(':');
    if (colon <= 0 || !text.substring(0, colon).matches("[a-z][a-z0-9+.-]*")) {
      throw new PipeException.Config(
          "not an address: '"
              + unread(text)
              + "'; an address is -, ./path, /path or scheme://…, as in tcp://host:9000/name");
    }
    String scheme = text.substring(0, colon);
    String rest = text.substring(colon + 1);
    if (scheme.equals(FILE)) {
      return parseFile(rest, text);
    }
    if (TAKEN_AS_WRITTEN.contains(scheme)) {
      return parseAsWritten(scheme, rest);
    }
    if (!rest.startsWith("//")) {
      throw new PipeException.Config("'" + unread(text) + "' wants '//' behind '" + scheme + ":'");
    }
    return parseHierarchical(scheme, rest.substring(2), unread(text));
  }

  /** A copy with one option set. */
  public Address withOption(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(options);
    more.put(name, value);
    return new Address(scheme, userInfo, host, port, path, more);
  }

  /** A copy without this option. */
  public Address withoutOption(String name) {
    Map<String, String> rest = new LinkedHashMap<>(options);
    rest.remove(name);
    return new Address(scheme, userInfo, host, port, path, rest);
  }

  /** A copy with one more value of an option, behind those it has. */
  public Address withAddedOption(String name, String value) {
    String before = options.get(name);
    return withOption(name, before == null ? value : before + NEXT_VALUE + value);
  }

  /** A copy with another port: the one that was really taken. */
  public Address withPort(int newPort) {
    return new Address(scheme, userInfo, host, newPort, path, options);
  }

  /** A copy with another scheme. */
  public Address withScheme(String newScheme) {
    return new Address(newScheme, userInfo, host, port, path, options);
  }

  /** A copy with another host. */
  public Address withHost(String newHost) {
    return new Address(scheme, userInfo, newHost, port, path, options);
  }

  /** A copy with another path. */
  public Address withPath(String newPath) {
    return new Address(scheme, userInfo, host, port, newPath, options);
  }

  /** What stands before the colon; {@link #STDIO} for {@code -}. */
  public String scheme() {
    return scheme;
  }

  /** User and password as written, when given. Secret. */
  public @Nullable String userInfo() {
    return userInfo;
  }

  /** The host without brackets; empty when none was given. */
  public String host() {
    return host;
  }

  /** The port, or -1 when none was given. */
  public int port() {
    return port;
  }

  /** The name of a pipe (without its leading slash), or the path of a file as written. */
  public String path() {
    return path;
  }

  /** The options in the order given. */
  public Map<String, String> options() {
    return options;
  }

  /** All values of an option, in the order given. */
  public List<String> optionValues(String name) {
    String values = options.get(name);
    return values == null ? List.of() : List.of(values.split(NEXT_VALUE, -1));
  }

  /** The value of an option; null when it was not given. A bare option has the value "true". */
  public @Nullable String option(String name) {
    return options.get(name);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Address address
        && scheme.equals(address.scheme)
        && Objects.equals(userInfo, address.userInfo)
        && host.equals(address.host)
        && port == address.port
        && path.equals(address.path)
        && options.equals(address.options);
  }

  @Override
  public int hashCode() {
    return Objects.hash(scheme, userInfo, host, port, path, options);
  }

  /** The address for people, secrets replaced by {@code ***}. */
  @Override
  public String toString() {
    String known = shown;
    if (known == null) {
      known = forPeople();
      shown = known;
    }
    return known;
  }

  private String forPeople() {
    StringBuilder text = new StringBuilder();
    if (scheme.equals(STDIO)) {
      text.append('-');
    } else if (scheme.equals(FILE)) {
      text.append(path);
    } else if (TAKEN_AS_WRITTEN.contains(scheme)) {
      text.append(scheme).append(':').append(redact(path));
    } else {
      text.append(scheme).append("://");
      if (userInfo != null) {
        text.append(shownUser(userInfo, USER_ALONE.contains(scheme))).append('@');
      }
      text.append(host.indexOf(':') >= 0 ? "[" + host + "]" : host);
      if (port >= 0) {
        text.append(':').append(port);
      }
      text.append('/').append(mayHideSecret(scheme) ? path.replace("@", "%40") : path);
    }
    char separator = '?';
    for (Map.Entry<String, String> option : options.entrySet()) {
      for (String value : optionValues(option.getKey())) {
        text.append(separator).append(option.getKey());
        if (!value.equals("true")) {
          text.append('=').append(shownValue(option.getKey(), value));
        }
        separator = '&';
      }
    }
    return text.toString();
  }

  private static boolean isTakenAsWritten(String text) {
    int colon = text.indexOf(':');
    return colon > 0 && TAKEN_AS_WRITTEN.contains(text.substring(0, colon));
  }

  private static String shownUser(String user, boolean evenAlone) {
    int colon = user.indexOf(':');
    if (colon >= 0) {
      return user.substring(0, colon) + ":" + HIDDEN;
    }
    return evenAlone ? user : HIDDEN;
  }

  /**
   * Whether a user or a secret may stand before the host, so that an {@code @} behind that may be
   * the end of one: not where nobody is dialed, a path follows, or a user alone is no secret.
   */
  private static boolean mayHideSecret(String scheme) {
    return !USER_ALONE.contains(scheme) && !scheme.endsWith("-listen") && !scheme.endsWith("unix");
  }

  private static Address parseAsWritten(String scheme, String rest) throws PipeException {
    if (rest.isBlank()) {
      throw new PipeException.Config(
          "nothing stands behind '"
              + scheme
              + ":'; write "
              + (scheme.equals(EXEC) ? "a command, as in 'exec:tar c ./site'" : "a path"));
    }
    return new Address(scheme, null, "", -1, rest, Map.of());
  }

  /** What follows {@code file:}: percent-encoded and with options, which a bare path is not. */
  private static Address parseFile(String rest, String shown) throws PipeException {
    Map<String, String> options = new LinkedHashMap<>();
    int question = rest.indexOf('?');
    if (question >= 0) {
      parseQuery(rest.substring(question + 1), options, shown);
      rest = rest.substring(0, question);
    }
    String path = rest.startsWith("///") ? rest.substring(2) : rest;
    if (path.isEmpty() || path.startsWith("//")) {
      throw new PipeException.Config(
          "a file address is file:PATH or file:///PATH: '" + shown + "'");
    }
    return new Address(FILE, null, "", -1, decode(path, shown), options);
  }

  private static Address parseHierarchical(String scheme, String rest, String shown)
      throws PipeException {
    Map<String, String> options = new LinkedHashMap<>();
    int question = rest.indexOf('?');
    if (question >= 0) {
      parseQuery(rest.substring(question + 1), options, shown);
      rest = rest.substring(0, question);
    }
    int slash = rest.indexOf('/');
    String authority = slash < 0 ? rest : rest.substring(0, slash);
    String path = slash < 0 ? "" : rest.substring(slash + 1);
    if (mayHideSecret(scheme) && (path + String.join("", options.keySet())).indexOf('@') >= 0) {
      throw new PipeException.Config(
          "what stands before the last '@' may be a user or a secret, and has signs that end it: "
              + shown
              + "; in a user or a password write '/' as %2F and '?' as %3F, and '@' as %40"
              + " everywhere else");
    }
    int at = authority.lastIndexOf('@');
    String userInfo = at < 0 ? null : authority.substring(0, at);
    String hostPort = authority.substring(at + 1);
    String host;
    String port;
    if (hostPort.startsWith("[")) {
      int end = hostPort.indexOf(']');
      if (end < 0) {
        throw new PipeException.Config("an IPv6 host ends with ']': " + shown);
      }
      host = hostPort.substring(1, end);
      if (host.isEmpty()) {
        throw new PipeException.Config("it has no host between its brackets: " + shown);
      }
      port = hostPort.substring(end + 1);
    } else {
      int colon = hostPort.indexOf(':');
      if (colon != hostPort.lastIndexOf(':')) {
        throw new PipeException.Config(
            "an IPv6 host stands in brackets, as in [::1]:9000: " + shown);
      }
      host = colon < 0 ? hostPort : hostPort.substring(0, colon);
      port = colon < 0 ? "" : hostPort.substring(colon);
    }
    return new Address(
        scheme, userInfo, host, parsePort(port, shown), decode(path, shown), options);
  }

  private static int parsePort(String port, String shown) throws PipeException {
    if (port.isEmpty()) {
      return -1;
    }
    if (!port.matches(":[0-9]{1,5}") || Integer.parseInt(port, 1, port.length(), 10) > 65_535) {
      throw new PipeException.Config("a port is a number from 0 to 65535: " + shown);
    }
    return Integer.parseInt(port, 1, port.length(), 10);
  }

  private static void parseQuery(String query, Map<String, String> options, String shown)
      throws PipeException {
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals), shown);
      String value = equals < 0 ? "true" : decode(pair.substring(equals + 1), shown);
      if (name.isEmpty()) {
        throw new PipeException.Config("an option has a name: " + shown);
      }
      if (options.put(name, value) != null) {
        throw new PipeException.Config("the option '" + name + "' is given twice: " + shown);
      }
    }
  }

  private static String decode(String text, String shown) throws PipeException {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new PipeException.Config("a '%' stands before two hexadecimal digits: " + shown);
    }
  }

  /**
   * Text that could not be read as an address, without its secrets. What is wrong with it may be
   * the very password (a slash, an at-sign in it), so all up to the last at-sign goes.
   */
  private static String unread(String text) {
    String shown = redact(text);
    if (shown.matches("(?s)(?:ssh|tcp):.*")) {
      return shown;
    }
    int at = shown.lastIndexOf('@');
    while (at >= 0 && shown.startsWith(HIDDEN, at - HIDDEN.length())) {
      at = shown.lastIndexOf('@', at - 1);
    }
    if (at < 0) {
      return shown;
    }
    Matcher scheme = BEFORE_HOST.matcher(shown);
    int from = scheme.lookingAt() ? scheme.end() : 0;
    return shown.substring(0, Math.min(from, at)) + HIDDEN + shown.substring(at);
  }

  /** Hides passwords in the addresses within a text. A user alone may be a token. */
  private static String redact(String text) {
    return WHO_COMES
        .matcher(text)
        .replaceAll(found ->
            Matcher.quoteReplacement(
                (found.group(1) == null ? "" : found.group(1))
                    + "//"
                    + shownUser(found.group(2), found.group(1) != null)
                    + "@"))
        .replaceAll("(?s)(//[^/@:]*):.*@", "$1:***@")
        .replaceAll("([?&](?:server|proxy)=)[^&]*@", "$1***@")
        .replaceAll("([?&](?:token|password|secret|passphrase|header)=)[^&]*", "$1***");
  }
}
