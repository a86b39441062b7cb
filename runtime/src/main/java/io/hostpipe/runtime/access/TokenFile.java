package io.hostpipe.runtime.access;

import io.hostpipe.PipeException;
import io.hostpipe.session.TokenKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that a listener knows: a file with one on each line, and comments behind {@code #}.
 *
 * <p>It is read again when it has changed, at the next greeting. Where that fails, as in the middle
 * of an edit, what was read before stays in force, and that is said once. Pipes that are under way
 * are not asked again.
 *
 * <p>Thread rule: any thread.
 */
public final class TokenFile {
  private static final int COUNT_MAX = 10_000;

  /** A name, a colon and a secret of the greatest length. */
  private static final int SHOWN_LENGTH_MAX = 300;

  private final Path file;

  /** What a proof is compared with where there is no such token: it takes as long, and fails. */
  private final TokenKey nobodys = HmacKey.random();

  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private Map<String, Token> tokens;
  private SecretFile.@Nullable Mark mark;
  private String told = "";

  private TokenFile(Path file, SecretFile.@Nullable Mark mark, Map<String, Token> tokens) {
    this.file = file;
    this.mark = mark;
    this.tokens = tokens;
  }

  /**
   * Reads it for the first time.
   *
   * @throws PipeException.Config when it cannot be read, others can, or a line is wrong
   */
  public static TokenFile open(Path file) throws PipeException {
    SecretFile.Mark mark = markOf(file);
    return new TokenFile(file, mark, parse(file));
  }

  /**
   * Adds a line to a file of tokens, which is made when there is none, with mode 0600.
   *
   * @param line a whole line, secret included
   * @param replaces whether a token of the same name makes room; else that is refused
   */
  public static void add(Path file, String line, boolean replaces) throws PipeException {
    Token added = Token.parse(line, "the new token");
    try {
      Path real = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
      StringBuilder text = new StringBuilder();
      if (Files.exists(real)) {
        boolean known = parse(real).containsKey(added.name());
        if (known && !replaces) {
          throw new PipeException.Config(
              file + " has a token '" + added.name() + "' already; say replace to make a new one");
        }
        SecretFile.read(real)
            .lines()
            .filter(each -> !each.strip().startsWith(added.name() + ":"))
            .forEach(each -> text.append(each).append('\n'));
      }
      text.append(line).append('\n');
      var rights = PosixFilePermissions.fromString("rw-------");
      Path fresh =
          Files.createTempFile(
              real.getParent(), ".tokens", null, PosixFilePermissions.asFileAttribute(rights));
      try {
        Files.writeString(fresh, text);
        Files.move(
            fresh, real, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(fresh);
      }
    } catch (PipeException e) {
      throw e;
    } catch (IOException | UnsupportedOperationException e) {
      throw new PipeException.Config("the token cannot be put into " + file + ": " + e);
    }
  }

  /** The token of this name as the file has it now; null when it has none. */
  public @Nullable Token find(String name, Consumer<String> warnings) {
    String warning = null;
    lock.lock();
    try {
      SecretFile.Mark now = markOf(file);
      if (now == null || !now.equals(mark)) {
        warning = readAgain(now);
      }
      return tokens.get(name);
    } finally {
      lock.unlock();
      if (warning != null) {
        warnings.accept(warning);
      }
    }
  }

  /**
   * The token that somebody shows as it is; null when there is none such, or its time is over. It
   * takes as long whether the name is unknown or the secret wrong.
   *
   * @param line {@code NAME:SECRET}. Secret
   */
  public @Nullable Token shown(String line, Consumer<String> warnings) {
    int colon = line.indexOf(':');
    if (colon < 0 || colon == line.length() - 1 || line.length() > SHOWN_LENGTH_MAX) {
      return null;
    }
    Token token = find(line.substring(0, colon), warnings);
    byte[] question = new byte[TokenKey.MAC_BYTES];
    new SecureRandom().nextBytes(question);
    byte[] expected = (token == null ? nobodys : token.key()).mac(question);
    byte[] answer = HmacKey.of(line.substring(colon + 1)).mac(question);
    boolean isSame = MessageDigest.isEqual(expected, answer);
    return isSame && token != null && !token.isExpired(Instant.now(Clock.systemUTC()))
        ? token
        : null;
  }

  /**
   * {@code NAME:SECRET} of the first token in the file, for who shall have it. Secret.
   *
   * @throws PipeException.Config when it holds none
   */
  public String firstLine() throws PipeException {
    return SecretFile.read(file)
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && line.charAt(0) != '#')
        .map(line -> line.split("[ \t]+", 2)[0])
        .findFirst()
        .orElseThrow(() ->
            new PipeException.Config(
                file + " holds no token; remove it, and the next listener makes one"));
  }

  /** The key to try where there is no token. */
  public TokenKey nobodys() {
    return nobodys;
  }

  public Path file() {
    return file;
  }

  /** Locked; answers what is to be said about it. */
  private @Nullable String readAgain(SecretFile.@Nullable Mark now) {
    try {
      tokens = parse(file);
      mark = now;
      told = "";
      return null;
    } catch (PipeException e) {
      String text = String.valueOf(e.getMessage());
      if (text.equals(told)) {
        return null;
      }
      told = text;
      return text + "; the tokens that were read before stay in force";
    }
  }

  private static SecretFile.@Nullable Mark markOf(Path file) {
    try {
      return SecretFile.Mark.of(file);
    } catch (IOException | UnsupportedOperationException e) {
      return null;
    }
  }

  private static Map<String, Token> parse(Path file) throws PipeException {
    Map<String, Token> tokens = new LinkedHashMap<>();
    int number = 0;
    for (String line : SecretFile.read(file).split("\n", -1)) {
      number++;
      String text = line.strip();
      if (!text.isEmpty() && text.charAt(0) != '#') {
        Token token = Token.parse(text, file + " line " + number);
        if (tokens.put(token.name(), token) != null) {
          throw new PipeException.Config(
              file + " line " + number + ": a second token of the name '" + token.name() + "'");
        }
      }
    }
    if (tokens.size() > COUNT_MAX) {
      throw new PipeException.Config(file + " has more than " + COUNT_MAX + " tokens");
    }
    return tokens;
  }

  /** Whatever it holds at the moment. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TokenFile that && file.equals(that.file);
  }

  @Override
  public int hashCode() {
    return file.hashCode();
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
