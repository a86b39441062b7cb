package io.hostpipe.connector.tcp;

import io.hostpipe.runtime.tls.Identity;
import java.io.IOException;
import java.nio.file.Path;

/** Keys for tests. */
final class TestKeys {
  private TestKeys() {}

  /** The identity in this file, made when there is none. */
  static Identity identity(Path file) {
    try {
      return Identity.ofHost(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
