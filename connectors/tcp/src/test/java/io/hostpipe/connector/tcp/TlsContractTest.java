package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.LinkContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract over TLS on loopback. */
final class TlsContractTest extends LinkContract {
  TlsContractTest(@TempDir Path folder) {
    super(TestEnds.tls(folder));
  }
}
