package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.connector.tcp.TcpConnector;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.spi.Holdings;
import io.hostpipe.spi.PipeContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A sender was restarted and began where its receiver stood; then that one is killed, too, before
 * it kept what it had, and the next receiver has less. The receivers are of this process, because a
 * real one keeps what it has within milliseconds.
 */
final class GoneBackProcessTest {
  private static final StreamId STREAM = new StreamId("s");
  private static final int FAR_BYTES = 200_000;
  private static final int NEAR_BYTES = 50_000;
  private static final int ALL_BYTES = 300_000;

  @TempDir private Path folder;

  private final byte[] content = new byte[ALL_BYTES];

  @BeforeEach
  void prepare() {
    new Random(1).nextBytes(content);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFileIsGoneOnWithWhereTheReceiverIs(boolean spools) throws Exception {
    Path in = Files.write(folder.resolve("in"), content);
    String[] more = spools ? new String[] {"--spool", "" + folder.resolve("spool")} : new String[0];
    try (Receivers receivers = new Receivers();
        CommandProcess sender = receivers.sender(in.toString(), more)) {
      receivers.begin();
      assertThat(receivers.readFromNear())
          .isEqualTo(Arrays.copyOfRange(content, NEAR_BYTES, ALL_BYTES));
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(sender.err()).contains("a receiver went back below the place", "done: ");
    }
  }

  @Test
  void aProducerThatGivesTheSameAgainIsToBeStartedAgain() throws Exception {
    try (Receivers receivers = new Receivers()) {
      try (CommandProcess sender = receivers.sender("-", "--restarted", "replay")) {
        sender.feed(Arrays.copyOf(content, FAR_BYTES));
        receivers.begin();
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
        assertThat(sender.err())
            .contains("goes on at " + NEAR_BYTES + "; this one began at " + FAR_BYTES)
            .contains("start it again to go back");
      }
      try (CommandProcess again = receivers.sender("-", "--restarted", "replay")) {
        again.feed(content).endInput();
        assertThat(receivers.readFromNear())
            .isEqualTo(Arrays.copyOfRange(content, NEAR_BYTES, ALL_BYTES));
        assertThat(again.exitCode()).as(again::err).isZero();
      }
    }
  }

  @Test
  void whatAProducerGaveOnceIsGone() throws Exception {
    try (Receivers receivers = new Receivers();
        CommandProcess sender = receivers.sender("-", "--restarted", "continue")) {
      receivers.begin();
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(5);
      assertThat(sender.err()).contains("only if the source gives again what lies between");
    }
  }

  /** Two receivers, one after the other, at one place. */
  private final class Receivers implements AutoCloseable {
    private final Listener far;
    private final FaultProxy proxy;
    private @Nullable Listener near;

    Receivers() throws Exception {
      far = listen(0, FAR_BYTES);
      proxy =
          FaultProxy.to(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), far.address().port()));
    }

    CommandProcess sender(String from, String... more) throws IOException {
      String to = "tcp://127.0.0.1:" + proxy.address().getPort() + "/x";
      List<String> words = new ArrayList<>(List.of(from, to, "--session", STREAM.value()));
      words.addAll(List.of(more));
      return CommandProcess.start(
          Map.of("XDG_STATE_HOME", folder.resolve("state").toString()),
          words.toArray(String[]::new));
    }

    /** A sender begins with the one that has more, which is gone before it confirms anything. */
    void begin() throws Exception {
      int port = far.address().port();
      try (far;
          Pipe begun = far.accept()) {
        assertThat(begun.source().awaitStream()).isEqualTo(STREAM);
        proxy.refuse(true);
        proxy.cutNow(Fault.RESET);
      }
      Waiting.until(() -> listensAgain(port));
      proxy.refuse(false);
    }

    /** The port of the one that is gone may still be taken for a moment. */
    private boolean listensAgain(int port) throws IOException {
      try {
        near = listen(port, NEAR_BYTES);
        return true;
      } catch (PipeException.Refused e) {
        return false;
      }
    }

    /** All that comes to the one that has less. */
    byte[] readFromNear() throws Exception {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      try (Pipe pipe = Objects.requireNonNull(near, "near").accept()) {
        pipe.source().seek(held(NEAR_BYTES));
        while (true) {
          try (Batch batch = pipe.source().read()) {
            if (batch == null) {
              return all.toByteArray();
            }
            byte[] bytes = new byte[batch.lengthBytes()];
            batch.bytes().get(bytes);
            all.writeBytes(bytes);
            pipe.source().commit(batch.endPosition());
          }
        }
      }
    }

    @Override
    public void close() throws IOException {
      proxy.close();
      far.close();
      if (near != null) {
        near.close();
      }
    }

    private Listener listen(int port, int heldBytes) throws PipeException {
      PipeContext context =
          PipeContext.messages(Hostpipe.pool())
              .withEncoding(Encoding.RAW)
              .withDirections(false, true)
              .withHoldings(holding(heldBytes), PipeContext.KEPT_DURABLY);
      return new TcpConnector()
          .listen(Address.parse("tcp-listen://127.0.0.1:" + port + "/x"), context);
    }

    private Resume held(int bytes) {
      return new Resume(bytes, null, Digest.EMPTY.extend(ByteBuffer.wrap(content, 0, bytes)), 0, 1);
    }

    private Holdings holding(int bytes) {
      return new Holdings() {
        @Override
        public @Nullable Resume held(StreamId stream) {
          return stream.equals(STREAM) ? Receivers.this.held(bytes) : null;
        }

        @Override
        public List<StreamId> heldStreams() {
          return List.of(STREAM);
        }
      };
    }
  }
}
