package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.LinkContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract over real streams and TLS on loopback. */
final class GrpcTlsContractTest extends LinkContract {
  GrpcTlsContractTest(@TempDir Path folder) {
    super(TestEnds.grpcs(folder));
  }
}
