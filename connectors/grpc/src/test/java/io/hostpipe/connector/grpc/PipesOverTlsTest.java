package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.BlockingClientCall;
import io.hostpipe.Listener;
import io.hostpipe.Messages;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.Direction;
import io.hostpipe.connector.grpc.proto.Open;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.tls.TestAuthority;
import io.hostpipe.testkit.tls.TestAuthority.Issued;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The service for everyone else behind TLS, for clients that know nothing of ours. */
@Timeout(240)
final class PipesOverTlsTest {
  private final TestAuthority authority;
  private final Issued here;
  private final Ends ends;

  PipesOverTlsTest(@TempDir Path folder) {
    authority = new TestAuthority(folder, "authority");
    here = authority.issue("db2", "127.0.0.1");
    String words = "&cert=" + here.file() + "&client-ca=" + authority.file();
    ends = new Ends(new GrpcConnector(), "grpcs", words, "");
  }

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void healthAndReflectionAnswerInsideOfIt() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, ends.messages());
    ManagedChannel channel = channel(listener, authority.issue("probe"));
    try {
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .check(HealthCheckRequest.newBuilder().setService(PipesService.NAME).build())
                  .getStatus())
          .isEqualTo(ServingStatus.SERVING);
      BlockingClientCall<ServerReflectionRequest, ServerReflectionResponse> reflection =
          ServerReflectionGrpc.newBlockingV2Stub(channel).serverReflectionInfo();
      reflection.write(ServerReflectionRequest.newBuilder().setListServices("").build());
      assertThat(reflection.read().getListServicesResponse().toString())
          .contains(PipesService.NAME);
      reflection.cancel("done", null);
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aStreamBelongsToWhoeverItsCertificateNames() throws Exception {
    Listener listener =
        ends.listen("orders", Ends.UNHURRIED, ends.messages().withDirections(false, true));
    try (PipeClient owner = new PipeClient(channel(listener, authority.issue("owner")));
        PipeClient thief = new PipeClient(channel(listener, authority.issue("thief")))) {
      owner.open("orders", "s1", Direction.DIRECTION_SEND);
      owner.message(1, "mine");
      Messages messages = ends.accept(listener).messages();
      assertThat(messages.iterator().next().text()).isEqualTo("mine");
      thief.send(
          ClientFrame.newBuilder()
              .setOpen(
                  Open.newBuilder()
                      .setPipe("orders")
                      .setStream("s1")
                      .setDirection(Direction.DIRECTION_SEND))
              .build());
      assertThat(thief.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
      owner.message(2, "still mine");
      assertThat(messages.iterator().next().text()).isEqualTo("still mine");
    }
  }

  @Test
  void anUnfinishedMessageGetsNoMemoryThereEither() throws Exception {
    Listener listener =
        ends.listen("orders", Ends.UNHURRIED, ends.messages().withDirections(false, true));
    try (PipeClient greedy = new PipeClient(channel(listener, authority.issue("greedy")))) {
      ByteString longName = ByteString.copyFrom(new byte[1 << 20]);
      greedy.send(
          ClientFrame.newBuilder().setOpen(Open.newBuilder().setPipeBytes(longName)).build());
      assertThat(greedy.status().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }
  }

  @Test
  void whoShowsNoCertificateGetsNoFurtherThanTls() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, ends.messages());
    try (PipeClient stranger = new PipeClient(channel(listener, null))) {
      assertThat(stranger.status().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  private ManagedChannel channel(Listener listener, @Nullable Issued shown) throws SSLException {
    var context = GrpcSslContexts.forClient().trustManager(authority.file().toFile());
    if (shown != null) {
      context.keyManager(shown.file().toFile(), shown.file().toFile());
    }
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.address().port()))
        .overrideAuthority("127.0.0.1")
        .sslContext(context.build())
        .build();
  }
}
