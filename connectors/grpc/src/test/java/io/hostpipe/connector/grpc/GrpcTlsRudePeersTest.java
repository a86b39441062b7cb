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

  /** What was said before a reset may never have been read. */
  @Override
  protected int toldCount() {
    return 250;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.grpcsLink(folder, listener.address().port());
  }
}
