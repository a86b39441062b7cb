package io.hostpipe.examples.users;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.examples.users.proto.UserResponse;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The article's table of status codes, from a real server to a real client. */
@Timeout(240)
final class UnaryServerTest {
  private final CountDownLatch never = new CountDownLatch(1);
  private final CountDownLatch asked = new CountDownLatch(1);
  private final Server server;
  private final ManagedChannel channel;

  UnaryServerTest() throws Exception {
    server = UnaryServer.start(0, this::find);
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
  }

  @AfterEach
  void close() throws InterruptedException {
    never.countDown();
    channel.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
    server.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
  }

  @Test
  void aUserIsFound() {
    assertThat(UnaryClient.ask(channel, 1)).isEqualTo("Ann <ann@example.org>");
  }

  @Test
  void anArgumentThatIsNotValid() {
    assertThat(UnaryClient.ask(channel, 0))
        .isEqualTo("INVALID_ARGUMENT (do not try again) id 0 is none: ids begin at 1");
  }

  @Test
  void aUserThatDoesNotExist() {
    assertThat(UnaryClient.ask(channel, 7))
        .isEqualTo("NOT_FOUND (do not try again) there is no user 7");
  }

  @Test
  void aServerWithAMistakeSaysNothingBesideUnknown() {
    assertThat(UnaryClient.ask(channel, 13)).startsWith("UNKNOWN (do not try again)");
  }

  @Test
  void aClientThatGivesUpHasCancelled() throws Exception {
    ListenableFuture<UserResponse> answer =
        ClientCalls.futureUnaryCall(
            channel.newCall(UserService.GET_USER, CallOptions.DEFAULT), hanging());
    asked.await();
    assertThat(answer.cancel(true)).isTrue();
    assertThatExceptionOfType(CancellationException.class).isThrownBy(answer::get);
  }

  @Test
  void anAnswerThatDoesNotComeInTime() {
    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(() ->
            ClientCalls.blockingUnaryCall(
                channel,
                UserService.GET_USER,
                CallOptions.DEFAULT.withDeadlineAfter(50, TimeUnit.MILLISECONDS),
                hanging()))
        .satisfies(
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
  }

  @Test
  void nobodyThere() throws InterruptedException {
    server.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
    assertThat(UnaryClient.ask(channel, 1)).startsWith("UNAVAILABLE (try again)");
  }

  private static UserRequest hanging() {
    return UserRequest.newBuilder().setId(99).build();
  }

  private UserResponse find(UserRequest request) throws Directory.NoAnswer {
    if (request.getId() == 13) {
      throw new IllegalStateException("a mistake of the server's own");
    }
    if (request.getId() == 99) {
      asked.countDown();
      try {
        never.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return Directory.sample().find(request);
  }
}
