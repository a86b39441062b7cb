package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Messages;
import io.hostpipe.connector.grpc.proto.Direction;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that know the .proto file, and show a token in the metadata of their calls. */
@Timeout(240)
final class BearerTest {
  private static final Direction SEND = Direction.DIRECTION_SEND;
  private static final Direction RECEIVE = Direction.DIRECTION_RECEIVE;
  private static final String OPS = "ops:s3cret-s3cret-s3cret-of-ops";
  private static final String READER = "reader:another-s3cret-of-somebody";

  private final Ends ends = TestEnds.grpc();
  private final List<PipeClient> clients = new ArrayList<>();

  @TempDir private Path folder;
  private Path tokens;

  @BeforeEach
  void writeTokens() throws IOException {
    tokens = folder.resolve("tokens");
    Files.writeString(tokens, OPS + " pipes-max=1\n" + READER + " read pipes=na*\n");
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-------"));
  }

  @AfterEach
  void closeAllAndFindNoSecret() {
    clients.forEach(PipeClient::close);
    ends.close();
    assertThat(ends.listenerTold).noneMatch(line -> line.contains("s3cret"));
  }

  @Test
  void whoShowsATokenSendsAndIsThePrincipal() throws Exception {
    Listener listener = listen("name", ends.messages().withDirections(false, true));
    PipeClient client = client(listener, "Bearer " + OPS);
    client.open("name", "s1", SEND);
    client.message(1, "one");
    Messages messages = ends.accept(listener).messages();
    Message one = messages.iterator().next();
    assertThat(one.text()).isEqualTo("one");
    one.commit();
    client.awaitAck(1);
    assertThat(ends.listenerTold)
        .anyMatch(line -> line.contains("show their tokens as they are"))
        .anyMatch(line -> line.contains("binding=none: tokens keep strangers out"));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "Basic b3BzOnMzY3JldA==",
        "Bearer",
        "Bearer ops",
        "Bearer ops:",
        "Bearer ops:another-s3cret-of-somebody",
        "Bearer nobody:s3cret-s3cret-s3cret-of-ops",
        "Bearer ops:s3cret-s3cret-s3cret-of-op",
        "Bearer ops:s3cret-s3cret-s3cret-of-opss",
      })
  void whoeverShowsNoneThatIsKnownIsRefusedBeforeAnythingIsSaidOfAnyPipe(
      @Nullable String authorization) throws Exception {
    Listener listener = listen("name", ends.messages().withDirections(false, true));
    Status status = client(listener, authorization).status();
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(status.getDescription())
        .doesNotContain("name'")
        .doesNotContain("listens")
        .doesNotContain("s3cret");
    assertThat(ends.listenerTold).filteredOn(line -> line.contains("turned away")).hasSize(1);
  }

  @Test
  void rightsNameThePipesAndTheDirection() throws Exception {
    Listener listener = listen("name", ends.messages());
    assertRefused(listener, READER, "name", SEND, "token 'reader' may not write to 'name'");
    // Whether there is such a pipe is no business of who may not have it.
    assertRefused(listener, READER, "x", RECEIVE, "token 'reader' has no right to a pipe 'x'");
    PipeClient reader = client(listener, "Bearer " + READER);
    assertThat(reader.open("name", "s2", RECEIVE).getStream()).isEqualTo("s2");
  }

  @Test
  void aStreamBelongsToThePrincipalThatMadeIt() throws Exception {
    Files.writeString(tokens, OPS + "\n" + READER + "\n");
    Listener listener = listen("name", ends.messages().withDirections(false, true));
    PipeClient owner = client(listener, "Bearer " + OPS);
    owner.open("name", "s1", SEND);
    owner.message(1, "one");
    Messages messages = ends.accept(listener).messages();
    messages.iterator().next();
    assertRefused(listener, READER, "name", SEND, "stream s1 does not belong to token 'reader'");
    owner.message(2, "two");
    assertThat(messages.iterator().next().text()).isEqualTo("two");
  }

  @Test
  void aQuotaOfTheTokenHoldsForWhoeverShowsIt() throws Exception {
    Listener listener = listen("name", ends.messages().withDirections(false, true));
    PipeClient first = client(listener, "Bearer " + OPS);
    first.open("name", "s1", SEND);
    ends.accept(listener);
    PipeClient second = client(listener, "Bearer " + OPS);
    second.sendOpen("name", "s2", SEND);
    Status status = second.status();
    assertThat(status.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(status.getDescription()).contains("has its 1 pipes already");
  }

  private void assertRefused(
      Listener listener, String token, String pipe, Direction direction, String said)
      throws Exception {
    PipeClient client = client(listener, "Bearer " + token);
    client.sendOpen(pipe, "s1", direction);
    Status status = client.status();
    assertThat(status.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(status.getDescription()).contains(said);
  }

  private Listener listen(String name, PipeContext context) throws Exception {
    return ends.listen(name, Ends.UNHURRIED + "&binding=none&tokens=" + tokens, context);
  }

  private PipeClient client(Listener listener, @Nullable String authorization) {
    Metadata headers = new Metadata();
    if (authorization != null) {
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
    }
    PipeClient client =
        new PipeClient(
            NettyChannelBuilder.forAddress(
                    new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), listener.address().port()))
                .usePlaintext()
                .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
                .build());
    clients.add(client);
    return client;
  }
}
