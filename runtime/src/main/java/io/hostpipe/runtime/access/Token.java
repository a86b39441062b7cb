package io.hostpipe.runtime.access;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.session.TokenKey;
import io.hostpipe.spi.OptionValues;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One token: {@code NAME:SECRET}, and for the side that listens what its holder may do.
 *
 * @param name who holds it; no secret
 * @param key its secret
 * @param rights what its holder may do
 * @param quota how much of it
 * @param expires from then on it is refused; null for never
 */
public record Token(
    String name, TokenKey key, Rights rights, Quota quota, @Nullable Instant expires) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");

  /** As many characters of base64 as 128 bits have: shorter ones can be guessed from a proof. */
  private static final int SECRET_CHARS_MIN = 22;

  private static final Pattern SECRET =
      Pattern.compile("[\\x21-\\x7E]{" + SECRET_CHARS_MIN + ",200}");
  private static final int SECRET_BYTES = 32;

  /** A fresh secret: 256 random bits. */
  public static String newSecret() {
    byte[] secret = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(secret);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }

  /** Whether a token may have this name. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /**
   * Reads one line.
   *
   * @param where the file and line, or the variable, for what is said about it
   * @throws PipeException.Config saying what is wrong, and never what the secret is
   */
  public static Token parse(String line, String where) throws PipeException {
    List<String> words = new ArrayList<>(List.of(line.strip().split("[ \t]+")));
    String first = words.removeFirst();
    int colon = first.indexOf(':');
    String name = colon < 0 ? "" : first.substring(0, colon);
    if (!isName(name)) {
      throw new PipeException.Config(
          where
              + ": a token is NAME:SECRET, the name of letters, digits, '.', '_', '@' and '-';"
              + " 'hostpipe key token NAME' makes one");
    }
    String secret = first.substring(colon + 1);
    if (!SECRET.matcher(secret).matches()) {
      throw new PipeException.Config(
          where
              + ": the secret of token '"
              + name
              + "' has "
              + secret.length()
              + " characters; it needs "
              + SECRET_CHARS_MIN
              + " to 200 of plain ASCII, and 'hostpipe key token "
              + name
              + "' makes one");
    }
    return rights(name, HmacKey.of(secret), words, where + ", token '" + name + "'");
  }

  private static Token rights(String name, TokenKey key, List<String> words, String where)
      throws PipeException {
    List<String> pipes = List.of("*");
    boolean reads = words.contains("read");
    boolean writes = words.contains("write");
    Quota quota = Quota.NONE;
    Instant expires = null;
    for (String word : words) {
      int equals = word.indexOf('=');
      String option = equals < 0 ? word : word.substring(0, equals);
      String value = word.substring(equals + 1);
      try {
        switch (option) {
          case "read", "write" -> {
            if (equals >= 0) {
              throw new IllegalArgumentException(option + " has no value");
            }
          }
          case "pipes" -> pipes = List.of(value.split(","));
          case "expires" -> expires = instant(value);
          case "pipes-max" ->
              quota = new Quota(Integer.parseInt(value), quota.bytesMax(), quota.rate());
          case "bytes-max" ->
              quota = new Quota(quota.pipesMax(), OptionValues.parseBytes(value), quota.rate());
          case "rate" -> quota = new Quota(quota.pipesMax(), quota.bytesMax(), rate(value));
          default -> throw new IllegalArgumentException("there is no '" + option + "'");
        }
      } catch (IllegalArgumentException e) {
        throw new PipeException.Config(
            where
                + ": "
                + e.getMessage()
                + "; behind NAME:SECRET stand read, write, pipes=NAME,…, expires=2027-01-31,"
                + " pipes-max=N, bytes-max=SIZE, rate=SIZE/s");
      }
    }
    boolean both = !reads && !writes;
    return new Token(name, key, new Rights(pipes, both || reads, both || writes), quota, expires);
  }

  /** A rate of bytes: {@code 10MB/s}. */
  public static Rate rate(String text) {
    if (!text.endsWith("/s")) {
      throw new IllegalArgumentException("a rate is a size a second, as in 10MB/s, not " + text);
    }
    return new Rate(OptionValues.parseBytes(text.substring(0, text.length() - 2)), false);
  }

  /** A day is over when it is over in UTC. */
  private static Instant instant(String text) {
    try {
      return text.indexOf('T') >= 0
          ? Instant.parse(text)
          : LocalDate.parse(text).plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "expires is a day as in 2027-01-31 or a time as in 2027-01-31T12:00:00Z, not " + text, e);
    }
  }

  /** Whether its time is over. */
  public boolean isExpired(Instant now) {
    return expires != null && !now.isBefore(expires);
  }

  @Override
  public String toString() {
    return "token '" + name + "' (" + rights + ")";
  }
}
