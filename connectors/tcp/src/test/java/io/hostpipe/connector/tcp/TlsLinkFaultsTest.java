package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.LinkFaults;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Broken links over loopback, with TLS on them: the proxy cuts inside records. */
final class TlsLinkFaultsTest extends LinkFaults {
  TlsLinkFaultsTest(@TempDir Path folder) {
    super(TestEnds.tls(folder));
  }
}
