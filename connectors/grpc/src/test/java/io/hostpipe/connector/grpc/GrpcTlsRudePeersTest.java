package io.hostpipe.connector.grpc;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.RudePeers;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The same with TLS below. */
final class GrpcTlsRudePeersTest extends RudePeers {
  private final Path folder;

  GrpcTlsRudePeersTest(@TempDir Path folder) {
    super(TestEnds.grpcs(folder));
    this.folder = folder;
  }

  /** Who opens no call, and says nothing wrong, is HTTP/2's business, and leaves as it came. */
  @Override
  protected int toldCount() {
    return 150;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.grpcsLink(folder, listener.address().port());
  }
}
