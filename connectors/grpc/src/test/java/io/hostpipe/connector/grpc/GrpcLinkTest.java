package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.AccessOptions.Carrier;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.SessionEnds;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.testkit.InParallel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One stream as a link, without a session on it. */
@Timeout(240)
final class GrpcLinkTest {
  private static final long CREDIT_BYTES = 1 << 20;

  /** What the two systems' buffers of a socket may hold, at most. */
  private static final long SOCKET_BYTES_MAX = 16 << 20;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private GrpcLinkListener listener;
  private Link near;
  private Link far;

  @BeforeEach
  void open() throws Exception {
    listener = listener(CREDIT_BYTES);
    opened.add(listener);
    near = dialer(listener.port()).dial();
    opened.add(near);
    far = letIn(listener);
    opened.add(far);
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bytesGoBothWaysWhateverTheirBorders(boolean dialed) throws Exception {
    Link from = dialed ? near : far;
    Link to = dialed ? far : near;
    byte[] bytes = new byte[3 * Carrying.CHUNK_BYTES_MAX + 17];
    new SplittableRandom(1).nextBytes(bytes);
    InParallel<Object> written =
        InParallel.run(() -> {
          ByteBuffer all = ByteBuffer.wrap(bytes);
          ByteBuffer direct = ByteBuffer.allocateDirect(100_000);
          direct.put(0, bytes, 5, 100_000);
          from.write(
              new ByteBuffer[] {
                all.slice(0, 5), ByteBuffer.allocate(0), direct, all.position(100_005)
              },
              4);
          return "written";
        });
    ByteBuffer read = ByteBuffer.allocate(bytes.length);
    while (read.hasRemaining()) {
      ByteBuffer small = ByteBuffer.allocate(Math.min(7, read.remaining()));
      ByteBuffer large = ByteBuffer.allocateDirect(Math.min(9_999, read.remaining()));
      assertThat(to.read(new ByteBuffer[] {small, large})).isPositive();
      read.put(small.flip());
      if (large.flip().remaining() <= read.remaining()) {
        read.put(large);
      }
    }
    written.join();
    assertThat(read.array()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWriterWhosePeerDoesNotReadWaitsAndWhatIsUnderWayIsBounded(boolean dialed) throws Exception {
    Link from = dialed ? near : far;
    Link to = dialed ? far : near;
    AtomicLong writtenBytes = new AtomicLong();
    InParallel<Object> writing = write(from, writtenBytes);
    InParallel.awaitStill(writtenBytes::get);
    writing.awaitBlocked();
    assertThat(writtenBytes.get()).isLessThan(CREDIT_BYTES + SOCKET_BYTES_MAX);
    long before = writtenBytes.get();
    ByteBuffer target = ByteBuffer.allocate(64 << 10);
    while (writtenBytes.get() == before) {
      to.read(new ByteBuffer[] {target.clear()});
    }
    to.close();
    assertThat(writing.failure()).isInstanceOf(IOException.class);
  }

  /** More than sockets hold: what a session was given credit for has to fit into the window. */
  @Test
  void http2HoldsNobodyBackBelowItsCredit() throws Exception {
    long creditBytes = 3 * SOCKET_BYTES_MAX;
    GrpcLinkListener roomy = listener(creditBytes);
    opened.add(roomy);
    Link from = dialer(roomy.port()).dial();
    opened.add(from);
    Link to = letIn(roomy);
    opened.add(to);
    ByteBuffer piece = ByteBuffer.allocateDirect(64 << 10);
    for (long writtenBytes = 0; writtenBytes < creditBytes; writtenBytes += piece.capacity()) {
      from.write(new ByteBuffer[] {piece.clear()}, 1);
    }
    assertThat(to.read(new ByteBuffer[] {ByteBuffer.allocate(1)})).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReaderAndAWriterWakeWhenTheirLinkIsClosed(boolean dialed) throws Exception {
    Link link = dialed ? near : far;
    InParallel<Long> reading =
        InParallel.run(() -> link.read(new ByteBuffer[] {ByteBuffer.allocate(1)}));
    reading.awaitBlocked();
    AtomicLong writtenBytes = new AtomicLong();
    InParallel<Object> writing = write(link, writtenBytes);
    InParallel.awaitStill(writtenBytes::get);
    link.close();
    link.close();
    assertThat(reading.failure()).isInstanceOf(ClosedChannelException.class);
    assertThat(writing.failure()).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void eachSideMayEndItsOutputAndGoOnReading(boolean dialed) throws Exception {
    Link from = dialed ? near : far;
    Link to = dialed ? far : near;
    from.write(new ByteBuffer[] {text("last words")}, 1);
    from.shutdownOutput();
    assertThat(readAll(to)).isEqualTo("last words");
    to.write(new ByteBuffer[] {text("heard")}, 1);
    to.close();
    assertThat(readAll(from)).isEqualTo("heard");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatWasWrittenBeforeACloseStillArrives(boolean dialed) throws Exception {
    Link from = dialed ? near : far;
    Link to = dialed ? far : near;
    byte[] bytes = new byte[300_000];
    from.write(new ByteBuffer[] {ByteBuffer.wrap(bytes)}, 1);
    from.close();
    assertThat(readAll(to)).hasSize(bytes.length);
  }

  @Test
  void aQuietLinkKnowsWhenItIsNotSoAnyMore() throws Exception {
    assertThat(near.isQuiet()).isTrue();
    assertThat(far.isQuiet()).isTrue();
    far.write(new ByteBuffer[] {text("x")}, 1);
    InParallel.await(() -> !near.isQuiet());
    near.close();
    InParallel.await(() -> !far.isQuiet());
  }

  @Test
  void anotherGrpcServerIsNamed() throws Exception {
    Server other =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .build()
            .start();
    opened.add(other::shutdownNow);
    assertThatThrownBy(() -> dialer(other.getPort()).dial())
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("UNIMPLEMENTED")
        .hasMessageContaining("no Hostpipe's: it does not know hostpipe.v1.Link");
  }

  @Test
  void aProxyThatWantsToKnowWhoItIsIsNoReasonToTryAgain() throws Exception {
    Server other =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                ServerServiceDefinition.builder(Carrying.SERVICE)
                    .addMethod(Carrying.METHOD, GrpcLinkTest::turnAway)
                    .build())
            .build()
            .start();
    opened.add(other::shutdownNow);
    assertThatThrownBy(() -> dialer(other.getPort()).dial())
        .isInstanceOfSatisfying(
            PipeException.Refused.class,
            e -> assertThat(e.status()).isEqualTo(io.hostpipe.Status.UNAUTHENTICATED))
        .hasMessageContaining("who are you?");
  }

  @Test
  void aServerThatSpeaksSomethingElseIsTriedAgain() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      InParallel<Object> answering =
          InParallel.run(() -> {
            try (Socket socket = server.accept()) {
              socket
                  .getOutputStream()
                  .write("220 mail.example ESMTP\r\n".getBytes(StandardCharsets.US_ASCII));
              return socket.getInputStream().readAllBytes();
            }
          });
      assertThatThrownBy(() -> dialer(server.getLocalPort()).dial())
          .isInstanceOf(GrpcFailure.class)
          .hasMessageContaining("gRPC ");
      answering.join();
    }
  }

  @Test
  void aChunkThatIsTooLongBreaksItsLinkAndNoOther() throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.port()))
            .usePlaintext()
            .build();
    opened.add(channel::shutdownNow);
    ClientCall<InputStream, InputStream> call =
        channel.newCall(Carrying.METHOD, CallOptions.DEFAULT);
    call.start(new ClientCall.Listener<>() {}, new Metadata());
    Link rude = letIn(listener);
    opened.add(rude);
    int lengthBytes = Carrying.CHUNK_BYTES_MAX + 1;
    call.sendMessage(
        new Chunk(
            new ByteBuffer[] {ByteBuffer.allocate(lengthBytes)}, lengthBytes, Chunk.newStep()));
    assertThatThrownBy(() -> rude.read(new ByteBuffer[] {ByteBuffer.allocate(1)}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a chunk is longer than");
    near.write(new ByteBuffer[] {text("unharmed")}, 1);
    near.shutdownOutput();
    assertThat(readAll(far)).isEqualTo("unharmed");
  }

  @Test
  void aChunkThatNobodyReadsIsGivenBack() {
    Unread link = new Unread();
    List<Given> chunks = new ArrayList<>();
    for (int lengthBytes : new int[] {Carrying.CHUNK_BYTES_MAX + 1, 1, 0}) {
      Given chunk = new Given(lengthBytes);
      chunks.add(chunk);
      link.onChunk(chunk);
    }
    assertThat(chunks).allMatch(chunk -> chunk.closed);
    Unread ended = new Unread();
    Given end = new Given(0);
    ended.onChunk(end);
    assertThat(end.closed).isTrue();
  }

  @Test
  void strangersOnThePortDoNotDisturbALink() throws Exception {
    InetSocketAddress port =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.port());
    for (String word : List.of("GET / HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001", "HPIPE", "")) {
      try (Socket socket = new Socket()) {
        socket.connect(port);
        socket.getOutputStream().write(word.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    near.write(new ByteBuffer[] {text("still here")}, 1);
    near.shutdownOutput();
    assertThat(readAll(far)).isEqualTo("still here");
  }

  /** A chunk of which is known whether its memory was given back. */
  private static final class Given extends ByteArrayInputStream {
    private boolean closed;

    private Given(int lengthBytes) {
      super(new byte[lengthBytes]);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  /** A link of which nobody reads anything. */
  private static final class Unread extends GrpcLink {
    @Override
    void request(int count) {}

    @Override
    boolean isReady() {
      return false;
    }

    @Override
    void send(Chunk chunk) {}

    @Override
    void endOutput() {}

    @Override
    void end() {}

    @Override
    public String peer() {
      return "nobody";
    }
  }

  private static ServerCall.Listener<InputStream> turnAway(
      ServerCall<InputStream, InputStream> call, Metadata headers) {
    call.close(Status.UNAUTHENTICATED.withDescription("who are you?"), new Metadata());
    return new ServerCall.Listener<>() {};
  }

  /** The next link, as if its peer had been greeted. */
  private static Link letIn(GrpcLinkListener listener) throws IOException {
    Link link = listener.accept();
    link.onLetIn();
    return link;
  }

  private static GrpcLinkListener listener(long creditBytes) throws PipeException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return GrpcLinkListener.bind(any, 16, options("grpc-listen", creditBytes), null, "grpc-listen");
  }

  private static GrpcDialer dialer(int port) throws PipeException {
    return new GrpcDialer(
        "127.0.0.1",
        port,
        options("grpc", CREDIT_BYTES),
        null,
        Map.of(),
        "grpc://127.0.0.1:" + port);
  }

  private static SessionOptions options(String scheme, long creditBytes) throws PipeException {
    Address address =
        Address.parse(scheme + "://127.0.0.1:9000/n?handshake=60s&window=" + creditBytes);
    return SessionEnds.options(address, new GrpcConnector().options(scheme), Carrier.PLAIN);
  }

  /** Writes until the link breaks. */
  private static InParallel<Object> write(Link link, AtomicLong writtenBytes) {
    return InParallel.run(() -> {
      ByteBuffer piece = ByteBuffer.allocateDirect(64 << 10);
      while (true) {
        link.write(new ByteBuffer[] {piece.clear()}, 1);
        writtenBytes.addAndGet(piece.capacity());
      }
    });
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String readAll(Link link) throws IOException {
    StringBuilder text = new StringBuilder();
    ByteBuffer target = ByteBuffer.allocate(1_000);
    while (link.read(new ByteBuffer[] {target.clear()}) >= 0) {
      text.append(StandardCharsets.US_ASCII.decode(target.flip()));
    }
    return text.toString();
  }
}
