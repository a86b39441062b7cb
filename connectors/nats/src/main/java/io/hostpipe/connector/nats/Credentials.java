package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.hostpipe.PipeException;
import io.nats.client.AuthHandler;
import io.nats.client.NKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a credentials file of NATS has: a token (JWT), and the key that it was made out to; or a key
 * alone, for servers that know it. Nothing of either is ever shown.
 *
 * <p>Thread rule: any thread.
 */
final class Credentials implements AuthHandler {
  private static final Pattern TOKEN = Pattern.compile("(?m)^(eyJ[A-Za-z0-9_.-]+)\\s*$");

  /** Seeds of users begin with SU, and have 58 letters (github.com/nats-io/nkeys). */
  private static final Pattern SEED = Pattern.compile("(?m)^(SU[A-Z2-7]{56})\\s*$");

  private static final int READS_MAX = 10;
  private static final long BETWEEN_READS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final char @Nullable [] token;
  private final NKey key;

  private Credentials(char @Nullable [] token, NKey key) {
    this.token = token;
    this.key = key;
  }

  /**
   * Reads the file: each connection does that anew, so renewed credentials need no restart. One
   * that is incomplete may be being written: it is read again, a few times.
   */
  static Credentials read(NatsOptions options, Path file) throws PipeException {
    for (int time = 1; time <= READS_MAX; time++) {
      Credentials whole = read(file);
      if (whole != null) {
        return whole;
      }
      if (time < READS_MAX) {
        LockSupport.parkNanos(BETWEEN_READS_NANOS);
      }
    }
    throw new PipeException.Config(
        options.address()
            + ": "
            + file
            + " cannot be read as credentials: a file that this user may read, with the seed of a"
            + " user's key (SU…) and, where the server wants one, its token");
  }

  private static @Nullable Credentials read(Path file) {
    try {
      String text = Files.readString(file, ISO_8859_1);
      Matcher seed = SEED.matcher(text);
      if (seed.find()) {
        Matcher token = TOKEN.matcher(text);
        return new Credentials(
            Optional.of(token).filter(Matcher::find).map(found -> chars(found)).orElse(null),
            NKey.fromSeed(chars(seed)));
      }
    } catch (IOException | IllegalArgumentException e) {
      // What is said of it is said without what the file holds.
    }
    return null;
  }

  private static char[] chars(Matcher found) {
    return found.group(1).toCharArray();
  }

  @Override
  public byte[] sign(byte[] nonce) {
    try {
      return key.sign(nonce);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a key that was read cannot sign", e);
    }
  }

  @Override
  public char[] getID() {
    try {
      return key.getPublicKey();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a key that was read has no public part", e);
    }
  }

  @Override
  public char @Nullable [] getJWT() {
    return token;
  }
}
