package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.links.TlsTrust;
import org.junit.jupiter.api.Test;

/** Who is taken over grpcs. */
final class GrpcTlsTest extends TlsTrust {
  GrpcTlsTest() {
    super(new GrpcConnector(), "grpcs", "grpc", TestEnds.grpc());
  }

  @Test
  void offThisHostSomethingHasToSayWhoMayDial() throws Exception {
    try (Ends ends = TestEnds.grpc()) {
      Address open = Address.parse("grpcs-listen://0.0.0.0:0/n");
      assertThatThrownBy(() -> new GrpcConnector().listen(open, ends.messages()))
          .isInstanceOf(PipeException.Config.class)
          .hasMessageContaining("peer=")
          .hasMessageContaining("client-ca=")
          .hasMessageContaining("auth=none");
    }
  }
}
