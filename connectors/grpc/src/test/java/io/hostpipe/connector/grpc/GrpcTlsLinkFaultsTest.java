package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.LinkFaults;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Broken links over loopback, encrypted: the proxy cuts inside records. */
final class GrpcTlsLinkFaultsTest extends LinkFaults {
  GrpcTlsLinkFaultsTest(@TempDir Path folder) {
    super(TestEnds.grpcs(folder));
  }
}
