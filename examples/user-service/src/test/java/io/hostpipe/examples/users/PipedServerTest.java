package io.hostpipe.examples.users;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Committed;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.Status;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The same answers and the same codes through a pipe, also where its link breaks. */
@Timeout(360)
final class PipedServerTest {
  @Test
  void answersInMemory() throws Exception {
    try (Hostpipe.Pair pair = Hostpipe.pair()) {
      assertThat(exchange(pair.near(), pair.far(), List.of(2, 7, 0, 1)))
          .containsExactly(
              "2: Ben <ben@example.org>",
              "7: NOT_FOUND there is no user 7",
              "0: INVALID_ARGUMENT id 0 is none: ids begin at 1",
              "1: Ann <ann@example.org>");
    }
  }

  @Test
  void answersEachQuestionOnceThroughLinksThatBreak() throws Exception {
    List<Integer> ids = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int count = 0; count < 20_000; count++) {
      ids.add(count % 3 == 0 ? 7 : 1);
      expected.add(count % 3 == 0 ? "7: NOT_FOUND there is no user 7" : "1: Ann <ann@example.org>");
    }
    try (Listener listener = Hostpipe.listen("grpc-listen://127.0.0.1:0/users?heartbeat=1s");
        FaultProxy proxy =
            FaultProxy.to(
                new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), listener.address().port()))) {
      proxy.cutAt(100_000, Fault.RESET);
      proxy.cutAt(300_000, Fault.FIN);
      proxy.cutAt(500_000, Fault.TORN_FRAME);
      String address = "grpc://127.0.0.1:" + proxy.address().getPort() + "/users?heartbeat=1s";
      try (Pipe near = Hostpipe.connect(address);
          Pipe far = listener.accept()) {
        assertThat(exchange(near, far, ids)).isEqualTo(expected);
      }
      assertThat(proxy.cuts()).hasSize(3);
    }
  }

  @Test
  void aQuestionThatIsNoneIsRefusedAndTheNextIsAnswered() throws Exception {
    try (Hostpipe.Pair pair = Hostpipe.pair();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> serving =
          threads.submit(() -> {
            PipedServer.answer(pair.far(), Directory.sample());
            return true;
          });
      Pipe.Sent bad = pair.near().send(new byte[] {-1, -1, -1});
      Pipe.Sent good = pair.near().send(UserRequest.newBuilder().setId(3).build().toByteArray());
      assertThat(bad.awaitCommitted().rejected())
          .singleElement()
          .satisfies(each -> {
            assertThat(each.endPosition()).isEqualTo(bad.endPosition());
            assertThat(each.why().status()).isEqualTo(Status.INVALID_ARGUMENT);
            assertThat(each.why().reason()).startsWith("does not parse: the message of 3 bytes");
          });
      Committed committed = good.awaitCommitted();
      assertThat(committed.position()).isEqualTo(good.endPosition());
      Message answer = Objects.requireNonNull(pair.near().messages().read());
      assertThat(answer.headers().text(Headers.CORRELATION_ID))
          .isEqualTo(Long.toString(good.endPosition()));
      answer.commit();
      pair.near().sink().finish();
      assertThat(pair.near().messages().read()).isNull();
      serving.get();
    }
  }

  private static List<String> exchange(Pipe near, Pipe far, List<Integer> ids) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> serving =
          threads.submit(() -> {
            PipedServer.answer(far, Directory.sample());
            return true;
          });
      List<String> answers = PipedClient.ask(near, ids);
      serving.get();
      return answers;
    }
  }
}
