package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.runtime.fault.FaultProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class ShortQuestionsTest {
  private static final int COUNT = 100;

  @Test
  void aHundredShortPipesTakeFewLinks() throws Exception {
    assertThat(linksOf("")).isLessThan(COUNT / 10);
  }

  @Test
  void withoutThePoolEachTakesItsOwn() throws Exception {
    assertThat(linksOf("?pool-max=0")).isGreaterThanOrEqualTo(COUNT);
  }

  private static int linksOf(String options) throws Exception {
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/echo");
        FaultProxy proxy =
            FaultProxy.to(
                new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), listener.address().port()))) {
      ListenLoop.inBackground(listener, ShortQuestions::echo);
      for (int count = 0; count < COUNT; count++) {
        String address = "tcp://127.0.0.1:" + proxy.address().getPort() + "/echo" + options;
        assertThat(ShortQuestions.ask(address, "question " + count)).isEqualTo("question " + count);
      }
      return proxy.connectionCount();
    }
  }
}
