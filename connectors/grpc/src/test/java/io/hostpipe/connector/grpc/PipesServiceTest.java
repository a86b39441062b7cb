package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.BlockingClientCall;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Messages;
import io.hostpipe.Pipe;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.Direction;
import io.hostpipe.connector.grpc.proto.Header;
import io.hostpipe.connector.grpc.proto.Opened;
import io.hostpipe.connector.grpc.proto.Reject;
import io.hostpipe.connector.grpc.proto.ServerFrame;
import io.hostpipe.spi.Holdings;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.Ends;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs that know the .proto file, as sources and sinks of a listener's pipes. */
@Timeout(240)
final class PipesServiceTest {
  private static final Direction SEND = Direction.DIRECTION_SEND;
  private static final Direction RECEIVE = Direction.DIRECTION_RECEIVE;

  private final Ends ends = TestEnds.grpc();
  private final List<PipeClient> clients = new ArrayList<>();

  @AfterEach
  void closeAll() {
    clients.forEach(PipeClient::close);
    ends.close();
  }

  @Test
  void aClientSendsAndHearsOfCommitsAndOfTheEnd() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient client = client(listener);
    Opened opened = client.open("orders", "s1", SEND);
    assertThat(opened.getStream()).isEqualTo("s1");
    assertThat(opened.getSequence()).isZero();
    client.message(1, "one");
    client.message(2, "two");
    Messages messages = ends.accept(listener).messages();
    Message one = messages.iterator().next();
    Message two = messages.iterator().next();
    assertThat(List.of(one.text(), two.text())).containsExactly("one", "two");
    two.commit();
    assertThat(client.awaitAck(2).getPosition()).isEqualTo(two.endPosition());
    client.finish();
    assertThat(messages.iterator().hasNext()).isFalse();
    while (!client.next().hasFinish()) {
      // An acknowledgement may come again in front of it.
    }
    assertThat(client.status().isOk()).isTrue();
  }

  @Test
  void aClientThatBreaksOffGoesOnBehindWhatWasReceivedAndNothingComesTwice() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient first = client(listener);
    first.open("orders", "s1", SEND);
    first.message(1, "one");
    first.message(2, "two");
    Messages messages = ends.accept(listener).messages();
    messages.iterator().next();
    messages.iterator().next().commit();
    first.awaitAck(2);
    first.close();
    PipeClient second = client(listener);
    assertThat(second.open("orders", "s1", SEND).getSequence()).isEqualTo(2);
    second.message(1, "one");
    second.message(2, "two");
    second.message(3, "three");
    Message three = messages.iterator().next();
    assertThat(three.text()).isEqualTo("three");
    three.commit();
    second.finish();
    assertThat(messages.iterator().hasNext()).isFalse();
    assertThat(second.status().isOk()).isTrue();
  }

  @Test
  void aClientThatLostTheConfirmationOfItsEndHearsItAgain() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient first = client(listener);
    first.open("orders", "s1", SEND);
    first.message(1, "one");
    first.finish();
    Messages messages = ends.accept(listener).messages();
    messages.iterator().next().commit();
    assertThat(messages.iterator().hasNext()).isFalse();
    assertThat(first.status().isOk()).isTrue();
    PipeClient second = client(listener);
    Opened opened = second.open("orders", "s1", SEND);
    assertThat(opened.getFinished()).isTrue();
    assertThat(opened.getSequence()).isEqualTo(1);
    second.awaitAck(1);
    assertThat(second.next().hasFinish()).isTrue();
    assertThat(second.status().isOk()).isTrue();
  }

  @Test
  void aSecondCallTakesTheStreamOverFromTheFirst() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient first = client(listener);
    first.open("orders", "s1", SEND);
    PipeClient second = client(listener);
    second.open("orders", "s1", SEND);
    assertThat(first.status().getCode()).isEqualTo(Status.Code.ABORTED);
    second.message(1, "one");
    Message one = ends.accept(listener).messages().iterator().next();
    assertThat(one.text()).isEqualTo("one");
  }

  @Test
  void aClientReceivesAcknowledgesAndGoesOnBehindItsAcknowledgement() throws Exception {
    Listener listener = ends.listen("prices", Ends.UNHURRIED, sending());
    PipeClient first = client(listener);
    assertThat(first.open("prices", "s1", RECEIVE).getPosition()).isZero();
    Pipe pipe = ends.accept(listener);
    Pipe.Sent one = pipe.send("one".getBytes(StandardCharsets.UTF_8), Headers.of(Headers.KEY, "k"));
    Pipe.Sent two = pipe.send("two".getBytes(StandardCharsets.UTF_8));
    var got = first.nextMessage();
    assertThat(got.getPayload().toStringUtf8()).isEqualTo("one");
    assertThat(got.getPosition()).isEqualTo(one.endPosition());
    assertThat(got.getHeaders(0).getName()).isEqualTo(Headers.KEY);
    assertThat(first.nextMessage().getPayload().toStringUtf8()).isEqualTo("two");
    first.ack(one.endPosition());
    one.awaitCommitted();
    first.close();
    PipeClient second = client(listener);
    assertThat(second.open("prices", "s1", RECEIVE).getPosition()).isEqualTo(one.endPosition());
    assertThat(second.nextMessage().getPayload().toStringUtf8()).isEqualTo("two");
    second.ack(two.endPosition());
    two.awaitCommitted();
    InParallel<Object> finished =
        InParallel.run(() -> {
          pipe.sink().finish();
          return "finished";
        });
    assertThat(second.next().hasFinish()).isTrue();
    assertThat(second.status().isOk()).isTrue();
    finished.join();
  }

  @Test
  void aClientRefusesAMessageAndItsSenderHearsOfIt() throws Exception {
    Listener listener = ends.listen("prices", Ends.UNHURRIED, sending());
    PipeClient client = client(listener);
    client.open("prices", "s1", RECEIVE);
    Pipe pipe = ends.accept(listener);
    Pipe.Sent sent = pipe.send("no price".getBytes(StandardCharsets.UTF_8));
    long position = client.nextMessage().getPosition();
    client.send(
        ClientFrame.newBuilder()
            .setReject(Reject.newBuilder().setPosition(position).setReason("not a price"))
            .build());
    client.ack(position);
    assertThat(sent.awaitCommitted().rejected())
        .singleElement()
        .satisfies(each -> assertThat(each.why().reason()).isEqualTo("not a price"));
  }

  @Test
  void aRefusalOfTheSinkReachesTheClientThatSent() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient client = client(listener);
    client.open("orders", "s1", SEND);
    client.message(1, "bad");
    client.message(2, "good");
    Messages messages = ends.accept(listener).messages();
    messages
        .iterator()
        .next()
        .reject(new Rejection(io.hostpipe.Status.INVALID_ARGUMENT, "no order"));
    messages.iterator().next().commit();
    ServerFrame told = client.next();
    assertThat(told.getReject().getSequence()).isEqualTo(1);
    assertThat(told.getReject().getReason()).isEqualTo("no order");
    client.awaitAck(2);
  }

  @Test
  void aClientThatDoesNotReadHoldsTheSenderBack() throws Exception {
    Listener listener = ends.listen("prices", Ends.UNHURRIED + "&window=1MiB", sending());
    PipeClient client = client(listener, 2);
    client.open("prices", "s1", RECEIVE);
    Pipe pipe = ends.accept(listener);
    long[] sentBytes = new long[1];
    InParallel<Object> sending =
        InParallel.run(() -> {
          byte[] payload = new byte[10_000];
          while (true) {
            sentBytes[0] = pipe.send(payload).endPosition();
          }
        });
    InParallel.awaitStill(() -> sentBytes[0]);
    sending.awaitBlocked();
    assertThat(sentBytes[0]).isLessThan(8 << 20);
    assertThat(client.frameCount()).isLessThanOrEqualTo(2);
    pipe.close();
    assertThat(sending.failure()).isNotNull();
  }

  @Test
  void whatAClientLeavesUnreadIsKeptInLittleMemoryWhateverTheWindow() throws Exception {
    Listener listener = ends.listen("prices", Ends.UNHURRIED + "&window=32MiB", sending());
    PipeClient client = client(listener, 2);
    client.open("prices", "s1", RECEIVE);
    Pipe pipe = ends.accept(listener);
    long[] sentBytes = new long[1];
    InParallel<Object> sending =
        InParallel.run(() -> {
          byte[] payload = new byte[10_000];
          while (true) {
            sentBytes[0] = pipe.send(payload).endPosition();
          }
        });
    InParallel.awaitStill(() -> sentBytes[0]);
    sending.awaitBlocked();
    assertThat(sentBytes[0]).isLessThan(12 << 20);
    pipe.close();
    assertThat(sending.failure()).isNotNull();
  }

  @Test
  void aClientThatSendsMuchAtOnceIsReadAsItsSinkGoesOn() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient client = client(listener);
    client.open("orders", "s1", SEND);
    String large = "x".repeat(900_000);
    for (int number = 1; number <= 40; number++) {
      client.message(number, number % 4 == 0 ? "small" : large);
    }
    client.finish();
    Messages messages = ends.accept(listener).messages();
    int count = 0;
    for (Message each : messages) {
      count++;
      assertThat(each.payload()).hasSize(count % 4 == 0 ? 5 : 900_000);
      each.commit();
    }
    assertThat(count).isEqualTo(40);
    client.awaitAck(40);
  }

  @Test
  void bytesWithoutBordersGoBothWaysInPieces() throws Exception {
    Listener in = ends.listen("in", Ends.UNHURRIED, receiving().withEncoding(Encoding.RAW));
    PipeClient sender = client(in);
    sender.open("in", "s1", SEND);
    sender.message(1, "no ");
    sender.message(2, "borders");
    sender.finish();
    assertThat(new String(ends.accept(in).inputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo("no borders");
    Listener out = ends.listen("out", Ends.UNHURRIED, sending().withEncoding(Encoding.RAW));
    PipeClient receiver = client(out);
    receiver.open("out", "s1", RECEIVE);
    Pipe pipe = ends.accept(out);
    pipe.outputStream().write("no borders".getBytes(StandardCharsets.UTF_8));
    assertThat(receiver.nextMessage().getPosition()).isEqualTo(10);
  }

  @Test
  void aClientThatHalfClosesHearsOfItsCommitsAndMayComeBack() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient client = client(listener);
    client.open("orders", "s1", SEND);
    client.message(1, "one");
    client.halfClose();
    Messages messages = ends.accept(listener).messages();
    messages.iterator().next().commit();
    client.awaitAck(1);
    assertThat(client.status().isOk()).isTrue();
    assertThat(client(listener).open("orders", "s1", SEND).getSequence()).isEqualTo(1);
  }

  /** As after the listener's process was killed, with a sink that keeps its place. */
  @Test
  void aClientGoesOnBehindWhatAnEarlierProcessKept() throws Exception {
    long keptBytes = Records.lengthBytes(3, 0);
    Cursor kept = Cursor.of(ByteBuffer.allocate(Long.BYTES).putLong(7).array());
    // It was killed in the middle of a batch: one message more is held than the cursor says.
    Listener listener =
        ends.listen(
            "orders",
            Ends.UNHURRIED,
            receiving()
                .withHoldings(
                    holding(new Resume(7 * keptBytes + keptBytes, kept, null, 7 * keptBytes)),
                    PipeContext.KEPT_DURABLY));
    PipeClient client = client(listener);
    Opened opened = client.open("orders", "s1", SEND);
    assertThat(opened.getSequence()).isEqualTo(7);
    assertThat(opened.getPosition()).isEqualTo(7 * keptBytes);
    client.message(8, "old");
    client.message(9, "new");
    Message message = ends.accept(listener).messages().iterator().next();
    assertThat(message.text()).isEqualTo("new");
    assertThat(message.endPosition()).isEqualTo(9 * keptBytes);
    message.commit();
    client.awaitAck(9);
  }

  @Test
  void aStreamThatOthersWroteIsNotGuessedAt() throws Exception {
    Listener listener =
        ends.listen(
            "orders",
            Ends.UNHURRIED,
            receiving()
                .withHoldings(holding(new Resume(100, null, null)), PipeContext.KEPT_DURABLY));
    assertEnds(
        client(listener), open("orders", SEND), Status.Code.FAILED_PRECONDITION, "position 100");
  }

  private static Holdings holding(Resume resume) {
    return new Holdings() {
      @Override
      public Resume held(StreamId stream) {
        return resume;
      }

      @Override
      public List<StreamId> heldStreams() {
        return List.of(new StreamId("s1"));
      }
    };
  }

  @Test
  void aStreamWithoutAnIdIsGivenOne() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    String id = client(listener).open("orders", "", SEND).getStream();
    assertThat(id).startsWith("grpc-");
    assertThat(client(listener).open("orders", "", SEND).getStream()).isNotEqualTo(id);
  }

  @Test
  void whatIsWrongIsSaidWithAStatus() throws Exception {
    Listener in = ends.listen("orders", Ends.UNHURRIED, receiving());
    PipeClient nobody = client(in);
    assertEnds(nobody, open("nobody", SEND), Status.Code.NOT_FOUND, "nobody listens for 'nobody'");
    assertEnds(
        client(in),
        open("orders", Direction.DIRECTION_UNSPECIFIED),
        Status.Code.INVALID_ARGUMENT,
        "DIRECTION_SEND");
    assertEnds(
        client(in),
        ClientFrame.getDefaultInstance(),
        Status.Code.INVALID_ARGUMENT,
        "the first frame has to be Open");
    PipeClient gap = client(in);
    gap.open("orders", "gap", SEND);
    gap.message(2, "two");
    assertThat(gap.status().getDescription()).contains("message 2 came where 1 was expected");
    PipeClient wrong = client(in);
    wrong.open("orders", "wrong", SEND);
    wrong.ack(7);
    assertThat(wrong.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    Listener out = ends.listenAlso(in, "prices", sending());
    PipeClient early = client(out);
    early.open("prices", "early", RECEIVE);
    early.ack(1_000);
    assertThat(early.status().getDescription()).contains("position 1000 was acknowledged");
    assertEnds(client(out), open("prices", SEND), Status.Code.FAILED_PRECONDITION, "both ends of");
    Listener raw = ends.listenAlso(in, "raw", receiving().withEncoding(Encoding.RAW));
    PipeClient headers = client(raw);
    headers.open("raw", "h", SEND);
    assertEnds(
        headers,
        ClientFrame.newBuilder()
            .setMessage(
                io.hostpipe.connector.grpc.proto.Message.newBuilder()
                    .setSequence(1)
                    .addHeaders(Header.newBuilder().setName("a").setValue(ByteString.EMPTY)))
            .build(),
        Status.Code.INVALID_ARGUMENT,
        "bytes, which have no headers");
    PipeClient empty = client(raw);
    empty.open("raw", "e", SEND);
    empty.message(1, "");
    assertThat(empty.status().getDescription()).contains("message 1 is empty");
  }

  @Test
  void healthAndReflectionTellWhatIsHere() throws Exception {
    Listener listener = ends.listen("orders", Ends.UNHURRIED, receiving());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.address().port()))
            .usePlaintext()
            .build();
    try {
      for (String service : List.of("", PipesService.NAME)) {
        assertThat(
                HealthGrpc.newBlockingStub(channel)
                    .check(HealthCheckRequest.newBuilder().setService(service).build())
                    .getStatus())
            .isEqualTo(ServingStatus.SERVING);
      }
      BlockingClientCall<ServerReflectionRequest, ServerReflectionResponse> reflection =
          ServerReflectionGrpc.newBlockingV2Stub(channel).serverReflectionInfo();
      reflection.write(
          ServerReflectionRequest.newBuilder().setFileContainingSymbol(PipesService.NAME).build());
      assertThat(
              reflection
                  .read()
                  .getFileDescriptorResponse()
                  .getFileDescriptorProto(0)
                  .toStringUtf8())
          .contains("hostpipe/v1/pipes.proto");
      reflection.cancel("done", null);
    } finally {
      channel.shutdownNow();
    }
  }

  private static ClientFrame open(String pipe, Direction direction) {
    return ClientFrame.newBuilder()
        .setOpen(
            io.hostpipe.connector.grpc.proto.Open.newBuilder()
                .setPipe(pipe)
                .setStream("s-" + pipe + direction)
                .setDirection(direction))
        .build();
  }

  private static void assertEnds(
      PipeClient client, ClientFrame frame, Status.Code code, String reason) throws Exception {
    client.send(frame);
    assertThat(client.status().getDescription()).contains(reason);
    assertThat(client.status().getCode()).as(client.status().toString()).isEqualTo(code);
  }

  private PipeClient client(Listener listener) {
    return client(listener, Integer.MAX_VALUE);
  }

  private PipeClient client(Listener listener, int frameCount) {
    PipeClient client = new PipeClient(listener.address().port(), frameCount);
    clients.add(client);
    return client;
  }

  private PipeContext sending() {
    return ends.messages().withDirections(true, false);
  }

  private PipeContext receiving() {
    return ends.messages().withDirections(false, true);
  }
}
