package io.hostpipe.runtime.access;

import java.util.List;

/**
 * What a principal may do.
 *
 * @param pipes the names of pipes, where {@code *} stands for anything
 * @param reads whether it may fetch
 * @param writes whether it may bring
 */
public record Rights(List<String> pipes, boolean reads, boolean writes) {
  /** Everything. */
  public static final Rights ALL = new Rights(List.of("*"), true, true);

  public Rights {
    pipes = List.copyOf(pipes);
  }

  /** Whether a pipe of this name is any of its business. */
  public boolean covers(String name) {
    return pipes.stream().anyMatch(pattern -> matches(pattern, name));
  }

  /** In time that grows with the product of both lengths at most, whatever strangers send. */
  static boolean matches(String pattern, String name) {
    int at = 0;
    int index = 0;
    int star = -1;
    int starredFrom = 0;
    while (index < name.length()) {
      if (at < pattern.length() && pattern.charAt(at) == '*') {
        star = at++;
        starredFrom = index;
      } else if (at < pattern.length() && pattern.charAt(at) == name.charAt(index)) {
        at++;
        index++;
      } else if (star >= 0) {
        at = star + 1;
        index = ++starredFrom;
      } else {
        return false;
      }
    }
    while (at < pattern.length() && pattern.charAt(at) == '*') {
      at++;
    }
    return at == pattern.length();
  }

  @Override
  public String toString() {
    String way = reads && writes ? "read and write" : reads ? "read" : "write";
    return way + " " + String.join(",", pipes);
  }
}
