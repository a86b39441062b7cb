package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class ReliableTest {
  private static final int COUNT = 50_000;

  private final Queue<String> told = new ConcurrentLinkedQueue<>();

  @Test
  void eachMessageArrivesOnceAndInOrderThroughBrokenLinks() throws Exception {
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/numbers");
        FaultProxy proxy =
            FaultProxy.to(
                new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), listener.address().port()));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      proxy.cutAt(20_000, Fault.RESET);
      proxy.cutAt(60_000, Fault.FIN);
      proxy.cutAt(120_000, Fault.TORN_FRAME);
      Future<List<String>> received = threads.submit(() -> receive(listener));
      Reliable.send("tcp://127.0.0.1:" + proxy.address().getPort() + "/numbers", COUNT, told::add);
      assertThat(received.get())
          .isEqualTo(IntStream.range(0, COUNT).mapToObj(Integer::toString).toList());
      assertThat(proxy.cuts()).hasSize(3);
      assertThat(told).isNotEmpty().allMatch(line -> line.contains("next try in"));
    }
  }

  @Test
  void whoNeverAnswersIsAnError() throws Exception {
    int port;
    try (Listener nobody = Hostpipe.listen("tcp-listen://127.0.0.1:0/numbers")) {
      port = nobody.address().port();
    }
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> Reliable.send("tcp://127.0.0.1:" + port + "/numbers", 1, told::add))
        .withMessageContaining("--give-up");
    assertThat(told).hasSizeGreaterThan(5);
  }

  private static List<String> receive(Listener listener) throws Exception {
    List<String> all = new ArrayList<>();
    try (Pipe pipe = listener.accept()) {
      for (Message message : pipe.messages()) {
        all.add(message.text());
        message.commit();
      }
    }
    return all;
  }
}
