package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Messages;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.Direction;
import io.hostpipe.connector.grpc.proto.Open;
import io.hostpipe.connector.grpc.proto.ServerFrame;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.Strangers;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.links.Living;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections and calls of strangers, each against its limit, while a pipe that lives goes on. */
@Timeout(240)
final class CallersTest {
  private static final String PATIENT = "heartbeat=2s&linger=3s&handshake=120s";
  private static final String HASTY = "heartbeat=2s&linger=3s&handshake=1s";
  private static final String CARRY = "/hostpipe.v1.Link/Carry";
  private static final String ATTACH = "/hostpipe.v1.Pipes/Attach";
  private static final String WATCH = "/grpc.health.v1.Health/Watch";
  private static final HealthCheckRequest ALL = HealthCheckRequest.getDefaultInstance();
  private static final byte[] MUCH = new byte[CallerFrames.STRANGERS_BYTES_MAX];

  private final Ends ends = TestEnds.grpc();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void connectionsOfOneHostPushOutEachOtherAndNobodyElse(boolean speaksHttp2) throws Exception {
    Listener listener = ends.listen("name", PATIENT + "&strangers-per-host=10", ends.raw());
    Living living = Living.at(listener, ends);
    ByteBuffer words = speaksHttp2 ? RawHttp2.preface() : ByteBuffer.allocate(0);
    try (Strangers strangers = Strangers.saying(Ends.at(listener), 60, words)) {
      // Those that came first are closed at once, long before their time is over.
      InParallel.await(() -> strangers.closedCount() >= 50);
      assertThat(strangers.openCount()).isBetween(1, 10);
      InParallel.await(() -> pushedOutCount() >= 50);
      living.goesOn();
      // Who is honest pushes out one more, and is let in.
      Living.at(listener, ends).goesOn();
    }
  }

  private long pushedOutCount() {
    return ends.listenerTold.stream()
        .filter(line -> line.contains("turned away, too many others wait to be greeted"))
        .count();
  }

  @Test
  void whoIsPushedOutInTheMiddleOfAGreetingIsToldOfOnce() throws Exception {
    Listener listener = ends.listen("name", PATIENT + "&strangers-per-host=1", ends.raw());
    try (RawHttp2 slow = new RawHttp2(listener.address().port())) {
      slow.call(1, CARRY);
      slow.next(RawHttp2.HEADERS);
      Living living = Living.at(listener, ends);
      slow.next(RawHttp2.GOAWAY);
      slow.drain();
      assertToldOfOnce(slow.name(), "turned away, too many others wait to be greeted");
      living.goesOn();
    }
  }

  @Test
  void whoCallsForNoPipeIsHungUpOnWhenTheTimeOfAGreetingIsOver() throws Exception {
    Listener listener = ends.listen("name", HASTY, ends.raw());
    Living living = Living.at(listener, ends);
    int port = listener.address().port();
    try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), port);
        RawHttp2 idle = new RawHttp2(port)) {
      silent.setSoTimeout(60_000);
      assertThat(silent.getInputStream().readAllBytes()).isNotNull();
      assertToldOfOnce("127.0.0.1:" + silent.getLocalPort(), "called for no pipe within 1000 ms");
      RawHttp2.Frame last = idle.next(RawHttp2.GOAWAY);
      assertThat(last.error()).isZero();
      assertThat(last.text()).contains("called for no pipe within 1000 ms");
      idle.drain();
      assertToldOfOnce(idle.name(), "called for no pipe within 1000 ms");
    }
    living.goesOn();
  }

  @Test
  void whoOnlyWatchesTheHealthIsHungUpOnAndNotToldOf() throws Exception {
    Listener listener = ends.listen("name", HASTY, ends.raw());
    Living living = Living.at(listener, ends);
    InParallel.await(() -> watches(listener));
    living.goesOn();
  }

  /** Whether it was heard before its time was over, as is to be expected of most. */
  private boolean watches(Listener listener) {
    try (RawHttp2 watcher = new RawHttp2(listener.address().port())) {
      watcher.call(1, WATCH);
      watcher.message(1, ALL, true);
      try {
        watcher.next(RawHttp2.DATA);
      } catch (IOException e) {
        return false;
      }
      assertThat(watcher.next(RawHttp2.GOAWAY).stream()).isZero();
      watcher.drain();
      assertThat(ends.listenerTold).noneMatch(line -> line.contains(watcher.name()));
      return true;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whoseTimeIsOverInTheMiddleOfAGreetingHearsWhyBeforeHeIsHungUpOn() throws Exception {
    Listener listener = ends.listen("name", HASTY, ends.raw());
    InParallel.await(() -> hearsWhy(listener));
  }

  private boolean hearsWhy(Listener listener) {
    try (RawHttp2 slow = new RawHttp2(listener.address().port())) {
      slow.call(1, CARRY);
      try {
        slow.next(RawHttp2.HEADERS);
      } catch (IOException e) {
        return false;
      }
      assertThat(slow.next(RawHttp2.DATA).text()).contains("no HELLO within 1s");
      slow.next(RawHttp2.GOAWAY);
      slow.drain();
      assertToldOfOnce(slow.name(), "no HELLO within 1s, turned away");
      return true;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void assertToldOfOnce(String peer, String said) {
    InParallel.await(() -> ends.listenerTold.stream().anyMatch(line -> line.contains(peer)));
    assertThat(ends.listenerTold)
        .filteredOn(line -> line.contains(peer))
        .singleElement()
        .asString()
        .contains(peer + ": " + said);
  }

  @Test
  void whoConnectsAsksAndGoesIsAnsweredHoweverOften() throws Exception {
    Listener listener = ends.listen("name", PATIENT + "&strangers-per-host=2", ends.raw());
    for (int count = 0; count < 20; count++) {
      ManagedChannel channel = channel(listener);
      try {
        assertThat(HealthGrpc.newBlockingStub(channel).check(ALL).getStatus())
            .isEqualTo(ServingStatus.SERVING);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CARRY,
        ATTACH,
        WATCH,
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
      })
  void anUnfinishedMessageOfAStrangerGetsNoMemory(String method) throws Exception {
    Listener listener = ends.listen("name", PATIENT, ends.raw());
    Living living = Living.at(listener, ends);
    try (RawHttp2 greedy = new RawHttp2(listener.address().port())) {
      greedy.call(1, method);
      greedy.begin(1, GrpcLinkListener.MESSAGE_BYTES_MAX, MUCH);
      RawHttp2.Frame reset = greedy.next(RawHttp2.RESET);
      assertThat(reset.stream()).isEqualTo(1);
      assertThat(reset.error()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
    }
    living.goesOn();
  }

  @Test
  void aStrangerHasFourCallsAtATimeWhateverItKnowsOfThat() throws Exception {
    Listener listener = ends.listen("name", PATIENT, ends.raw());
    Living living = Living.at(listener, ends);
    try (RawHttp2 greedy = new RawHttp2(listener.address().port())) {
      assertThat(greedy.nextCallsMax()).isEqualTo(4);
      for (int stream = 1; stream <= 15; stream += 2) {
        greedy.call(stream, WATCH);
      }
      List<Integer> refused = new ArrayList<>();
      while (refused.size() < 4) {
        RawHttp2.Frame reset = greedy.next(RawHttp2.RESET);
        assertThat(reset.error()).isEqualTo(RawHttp2.REFUSED_STREAM);
        refused.add(reset.stream());
      }
      assertThat(refused).containsExactly(9, 11, 13, 15);
    }
    living.goesOn();
  }

  @Test
  void whoWasLetInHasMoreCallsAndNoneOfThemMoreThanItWasLetInFor() throws Exception {
    Listener listener = ends.listen("name", PATIENT, ends.messages().withDirections(false, true));
    try (RawHttp2 client = new RawHttp2(listener.address().port())) {
      assertThat(client.nextCallsMax()).isEqualTo(4);
      client.call(1, ATTACH);
      client.message(1, open("s1"), false);
      assertThat(client.nextCallsMax()).isEqualTo(Caller.CALLS_MAX);
      assertThat(opened(client.next(RawHttp2.DATA))).isEqualTo("s1");
      for (int stream = 3; stream <= 17; stream += 2) {
        client.call(stream, ATTACH);
      }
      client.begin(17, GrpcLinkListener.MESSAGE_BYTES_MAX, MUCH);
      RawHttp2.Frame reset = client.next(RawHttp2.RESET);
      assertThat(reset.stream()).isEqualTo(17);
      assertThat(reset.error()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
      client.message(1, message(1, new byte[60 << 10]), false);
      Messages messages = ends.accept(listener).messages();
      assertThat(messages.iterator().next().payload()).hasSize(60 << 10);
    }
  }

  @Test
  void aMessageOfTheLargestKindPassesOnceItsCallWasLetIn() throws Exception {
    Listener listener = ends.listen("name", PATIENT, ends.messages().withDirections(false, true));
    byte[] large = new byte[(4 << 20) - 100];
    Arrays.fill(large, (byte) 7);
    try (PipeClient client = new PipeClient(listener.address().port())) {
      client.open("name", "s1", Direction.DIRECTION_SEND);
      client.send(message(1, large));
      client.send(message(2, large));
      Iterator<Message> messages = ends.accept(listener).messages().iterator();
      for (int count = 0; count < 2; count++) {
        Message message = messages.next();
        assertThat(message.payload()).isEqualTo(large);
        message.commit();
      }
    }
  }

  @Test
  void manyCallsOfOneClientWaitUntilTheFirstWasLetIn() throws Exception {
    Listener listener = ends.listen("name", PATIENT, ends.messages().withDirections(false, true));
    ManagedChannel channel = channel(listener);
    List<PipeClient> clients = new ArrayList<>();
    try {
      for (int count = 0; count < 12; count++) {
        clients.add(new PipeClient(channel));
      }
      for (PipeClient client : clients) {
        String stream = "s" + clients.indexOf(client);
        assertThat(client.open("name", stream, Direction.DIRECTION_SEND).getStream())
            .isEqualTo(stream);
      }
    } finally {
      clients.forEach(PipeClient::close);
    }
  }

  private static ClientFrame open(String stream) {
    return ClientFrame.newBuilder()
        .setOpen(
            Open.newBuilder()
                .setPipe("name")
                .setStream(stream)
                .setDirection(Direction.DIRECTION_SEND))
        .build();
  }

  private static ClientFrame message(long sequence, byte[] payload) {
    return ClientFrame.newBuilder()
        .setMessage(
            io.hostpipe.connector.grpc.proto.Message.newBuilder()
                .setSequence(sequence)
                .setPayload(ByteString.copyFrom(payload)))
        .build();
  }

  private static String opened(RawHttp2.Frame frame) throws Exception {
    ByteBuffer message = frame.payload().duplicate().position(1 + Integer.BYTES);
    return ServerFrame.parseFrom(message).getOpened().getStream();
  }

  private static ManagedChannel channel(Listener listener) {
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.address().port()))
        .usePlaintext()
        .build();
  }
}
