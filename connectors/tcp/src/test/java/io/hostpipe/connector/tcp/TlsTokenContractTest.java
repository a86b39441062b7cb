package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.LinkContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract over TLS, where who dials proves a token. */
final class TlsTokenContractTest extends LinkContract {
  TlsTokenContractTest(@TempDir Path folder) {
    super(TestEnds.tls(folder).withToken(folder, ""));
  }
}
