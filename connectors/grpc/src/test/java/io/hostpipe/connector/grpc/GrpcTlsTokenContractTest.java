package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.LinkContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract over gRPC and TLS, where who dials proves a token. */
final class GrpcTlsTokenContractTest extends LinkContract {
  GrpcTlsTokenContractTest(@TempDir Path folder) {
    super(TestEnds.grpcs(folder).withToken(folder, ""));
  }
}
