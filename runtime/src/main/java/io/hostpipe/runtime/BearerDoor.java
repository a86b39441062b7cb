package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.runtime.access.Principal;
import io.hostpipe.runtime.access.Token;
import io.hostpipe.runtime.access.TokenFile;
import io.hostpipe.spi.PipeEvents;
import org.jspecify.annotations.Nullable;

/**
 * Lets in programs that cannot prove a token in the session's way, and show it as it is: bearer
 * tokens (RFC 6750) in the head of a request. They get the rights and quotas of the token; that
 * nobody on the way reads it is for the carrier to see to.
 *
 * <p>Thread rule: any thread. Reads a file when that has changed.
 */
public final class BearerDoor {
  /** A link over which they are let in has this before the token. */
  private static final String SCHEME = "Bearer ";

  private final Access access;
  private final StrangerLog log;

  /** A door to a place that listens with these options. */
  public BearerDoor(SessionOptions options, PipeEvents events) {
    this.access = options.access();
    this.log = new StrangerLog(events, options.strangerLinesMax());
  }

  /**
   * Who it is.
   *
   * @param authorization what the request says of itself, as in {@code Bearer NAME:SECRET}; null
   *     for nothing. Secret
   * @param peer host and port
   * @return null where the place asks nobody for a token
   * @throws PipeException.Refused when it is nobody who may come
   */
  public @Nullable Principal admit(@Nullable String authorization, String peer)
      throws PipeException.Refused {
    TokenFile tokens = access.tokens();
    if (tokens == null) {
      return null;
    }
    if (authorization == null
        || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw refused(
          peer,
          "no token",
          "this listener wants a token; say it in the metadata, 'authorization: Bearer"
              + " NAME:SECRET'");
    }
    Token token = tokens.shown(authorization.substring(SCHEME.length()).strip(), log::say);
    if (token == null) {
      throw refused(
          peer,
          "a bearer token that is unknown in " + tokens + ", or expired, or has another secret",
          "the token was refused: it is unknown here, or expired, or has another secret");
    }
    return Principal.of(token, access.limits().quota());
  }

  private PipeException.Refused refused(String peer, String told, String said) {
    log.refused(peer, told);
    return new PipeException.Refused(Status.UNAUTHENTICATED, said);
  }
}
