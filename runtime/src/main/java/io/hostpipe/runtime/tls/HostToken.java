package io.hostpipe.runtime.tls;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.access.Token;
import io.hostpipe.runtime.access.TokenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The token of this host: what listeners ask for whose addresses say nothing of who may come. Kept
 * beside the key of this host, for its own user alone, and made when it is first needed. Thread
 * rule: any thread.
 */
public final class HostToken {
  /** What the token that is made here is called: those who were invited. */
  private static final String NAME = "invited";

  private static final String FILE = "token";

  private final TokenFile tokens;
  private final String first;

  private HostToken(TokenFile tokens, String first) {
    this.tokens = tokens;
    this.first = first;
  }

  /** Where the token of this user on this host is kept. */
  public static Path file() {
    return HostFolder.path().resolve(FILE);
  }

  /**
   * The token in this file, which is made when there is none. Of several processes that make it at
   * once, one does, and the others take what it made.
   *
   * @throws PipeException.Config when it cannot be made, or others can read it
   */
  public static HostToken ofHost(Path file) throws PipeException {
    try {
      if (!Files.exists(file)) {
        HostFolder.create(file, NAME + ":" + Token.newSecret() + "\n");
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw new PipeException.Config(
          "no token of this host can be kept in "
              + file
              + ": "
              + e
              + "; say tokens=FILE, or in another way who may come");
    }
    TokenFile tokens = TokenFile.open(file);
    return new HostToken(tokens, tokens.firstLine());
  }

  /** What a listener asks for: whatever the file holds at the moment. */
  public TokenFile tokens() {
    return tokens;
  }

  /** {@code NAME:SECRET} of the first token in the file, for who is invited. Secret. */
  public String secret() {
    return first;
  }

  /** Never the secret. */
  @Override
  public String toString() {
    return tokens.toString();
  }
}
