package io.hostpipe.connector.tcp;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.RudePeers;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Peers that speak no TLS, and those that break the protocol behind it. */
final class TlsRudePeersTest extends RudePeers {
  private final Path folder;

  TlsRudePeersTest(@TempDir Path folder) {
    super(TestEnds.tls(folder));
    this.folder = folder;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.tlsLink(folder, listener.address().port());
  }
}
