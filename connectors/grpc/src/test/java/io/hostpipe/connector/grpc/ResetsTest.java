package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Listener;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.links.Living;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that are begun and taken back at once are never many at a time, and cost all the same. */
final class ResetsTest {
  private final Ends ends = TestEnds.grpc();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void whoTakesBackCallAfterCallIsHungUpOnAndNobodyElseIs() throws Exception {
    Listener listener = ends.listen("name", "heartbeat=2s&linger=3s&handshake=120s", ends.raw());
    Living living = Living.at(listener, ends);
    try (RawHttp2 rapid = new RawHttp2(listener.address().port())) {
      int calls = 2 * GrpcLinkListener.RESETS_MAX;
      try {
        for (int call = 0; call < calls; call++) {
          rapid.call(2 * call + 1, "/grpc.health.v1.Health/Watch");
          rapid.reset(2 * call + 1);
        }
      } catch (IOException e) {
        // Hung up on already.
      }
      rapid.drain();
    }
    living.goesOn();
  }

  @Test
  void whoTakesBackSomeCallsIsServed() throws Exception {
    Listener listener = ends.listen("name", "heartbeat=2s&linger=3s&handshake=120s", ends.raw());
    try (RawHttp2 client = new RawHttp2(listener.address().port())) {
      int calls = GrpcLinkListener.RESETS_MAX / 2;
      for (int call = 0; call < calls; call++) {
        client.call(2 * call + 1, "/grpc.health.v1.Health/Watch");
        client.reset(2 * call + 1);
      }
      client.call(2 * calls + 1, "/hostpipe.v1.Link/Carry");
      assertThat(client.next(RawHttp2.HEADERS).stream()).isEqualTo(2 * calls + 1);
    }
  }
}
