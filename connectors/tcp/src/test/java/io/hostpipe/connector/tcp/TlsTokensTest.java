package io.hostpipe.connector.tcp;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.LinkTokens;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Tokens over TLS, tied to the connection. */
final class TlsTokensTest extends LinkTokens {
  private final Path folder;

  TlsTokensTest(@TempDir Path folder) {
    super(TestEnds.tls(folder), true);
    this.folder = folder;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.tlsLink(folder, listener.address().port());
  }
}
