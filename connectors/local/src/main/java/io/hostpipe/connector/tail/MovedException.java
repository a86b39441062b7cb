package io.hostpipe.connector.tail;

import java.io.IOException;

/** A file is not where a look has just shown it: somebody renames files at this moment. */
final class MovedException extends IOException {
  private static final long serialVersionUID = 1L;

  MovedException(String message) {
    super(message);
  }
}
