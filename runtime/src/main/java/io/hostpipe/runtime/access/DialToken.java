package io.hostpipe.runtime.access;

import io.hostpipe.PipeException;
import java.nio.file.Path;
import java.util.List;

/**
 * The token of who dials: kept in a file or in a variable of the environment, never on a command
 * line, where everybody can read it. Read again for each link, so that it can be replaced while a
 * pipe lives. Thread rule: any thread.
 */
public final class DialToken {
  private static final String ENVIRONMENT = "env:";

  private final String place;
  private volatile Token last;

  private DialToken(String place, Token first) {
    this.place = place;
    this.last = first;
  }

  /**
   * Reads it for the first time.
   *
   * @param place {@code @FILE} or {@code env:NAME}
   * @throws PipeException.Config when there is none, or it can be read by others
   */
  public static DialToken of(String place) throws PipeException {
    return new DialToken(place, read(place));
  }

  /** As it is now; as it was before, when it cannot be read now. */
  public Token current() {
    try {
      last = read(place);
    } catch (PipeException e) {
      // It is being replaced. What was read before is what the peer knows.
    }
    return last;
  }

  private static Token read(String place) throws PipeException {
    if (place.startsWith("@")) {
      Path file = Path.of(place.substring(1));
      List<String> lines =
          SecretFile.read(file)
              .lines()
              .map(String::strip)
              .filter(line -> !line.isEmpty() && line.charAt(0) != '#')
              .toList();
      if (lines.size() != 1) {
        throw new PipeException.Config(
            file + " holds " + lines.size() + " tokens; who dials has one, in a file of its own");
      }
      return Token.parse(lines.getFirst(), file.toString());
    }
    if (!place.startsWith(ENVIRONMENT)) {
      throw new PipeException.Config(
          "token= is @FILE or env:NAME: a secret on a command line is there for everybody to read");
    }
    String name = place.substring(ENVIRONMENT.length());
    String value = name.isEmpty() ? null : System.getenv(name);
    if (value == null) {
      throw new PipeException.Config("the environment has no variable '" + name + "' for token=");
    }
    return Token.parse(value, place);
  }
}
