package io.hostpipe.connector.grpc;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.LinkTokens;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of Hostpipes over gRPC whose TLS ends here: tied to it. */
final class GrpcTlsTokensTest extends LinkTokens {
  private final Path folder;

  GrpcTlsTokensTest(@TempDir Path folder) {
    super(TestEnds.grpcs(folder), true);
    this.folder = folder;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.grpcsLink(folder, listener.address().port());
  }
}
