package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the network does to a pipe over NATS, and what a destination does that is slow. */
final class NatsFaultsTest {
  private static final int MEGABYTE = 1_000_000;

  private static final Pattern DROPPED = Pattern.compile(": ([0-9]+) messages were dropped behind");

  @TempDir private Path folder;

  private NatsServer server;
  private FaultProxy proxy;
  private Subject subject;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(folder, "max_payload: 1MB");
    proxy = FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    subject = new Subject(server, proxy.address().getPort());
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    proxy.close();
    server.close();
  }

  /** The server has the messages, and its word for it does not come. */
  @Test
  void nothingComesTwiceWhenAConfirmationIsLost() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    long certain = sink.awaitCommitted(sink.resume().position()).position();
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    proxy.hold(Duration.ofMinutes(2));
    proxy.cutNow(Fault.ONE_WAY_BLACKHOLE);
    Subject.writeNumbers(sink, 101, 200);
    InParallel.await(() -> messages(streams, stream) == 200);
    assertThat(sink.committed().position()).isEqualTo(certain);
    Subject.writeNumbers(sink, 201, 300);
    sink.finish();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, 300));
  }

  @Test
  void nothingComesTwiceOverAConnectionThatIsCutAgainAndAgain() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream&in-flight=200");
    proxy.hold(Duration.ofMillis(100));
    long from = proxy.passedBytes();
    for (int cut = 1; cut <= 6; cut++) {
      proxy.cutAt(from + cut * 300_000L, cut % 2 == 0 ? Fault.RESET : Fault.ONE_WAY_BLACKHOLE);
    }
    int last = Subject.writeNumbersWhile(() -> proxy.cuts().size() < 6, sink, 3_000);
    sink.finish();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, last));
  }

  @Test
  void anAcknowledgementThatIsLostIsSentAgain() throws Exception {
    write(100, new byte[] {'x'});
    Source source = subject.source("?jetstream&durable=jobs&ack-wait=3s");
    long end = read(source, 100);
    proxy.cutNow(Fault.BLACKHOLE);
    source.commit(end);
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    InParallel.await(() -> {
      assertThat(readNothing(source)).as("committed already").isTrue();
      return pending(streams, stream) == 0;
    });
    assertThat(proxy.connectionCount()).isGreaterThan(1);
  }

  @Test
  void whatIsDroppedForAListenerThatIsSlowIsCountedAndSaid() throws Exception {
    Source source = subject.source("");
    Connection client = subject.client();
    int sent = 200;
    for (int each = 0; each < sent; each++) {
      client.publish(subject.name(), new byte[MEGABYTE]);
    }
    client.flush(Duration.ofMinutes(2));
    int heard = 0;
    boolean last = false;
    while (!last) {
      client.publish(subject.name(), "last".getBytes(StandardCharsets.UTF_8));
      sent++;
      try (Batch batch = source.read(Duration.ofSeconds(1))) {
        if (batch != null) {
          heard += batch.count();
          last = batch.lengthBytes() < MEGABYTE;
        }
      }
    }
    for (boolean more = true; more; ) {
      try (Batch batch = source.read(Duration.ofSeconds(5))) {
        more = batch != null;
        heard += batch == null ? 0 : batch.count();
      }
    }
    source.close();
    long dropped = 0;
    for (String warning : subject.warnings()) {
      Matcher said = DROPPED.matcher(warning);
      dropped += said.find() ? Long.parseLong(said.group(1)) : 0;
    }
    assertThat(dropped).isPositive();
    assertThat(heard + dropped).isEqualTo(sent);
  }

  @Test
  void aListenerThatTheServerThrowsOutSaysSoAndListensAgain() throws Exception {
    server.kill();
    server.restart("max_pending: 1MB", "write_deadline: \"100ms\"");
    Source source = subject.source("");
    proxy.pace(MEGABYTE / 10);
    Connection client = subject.client();
    InParallel.await(() -> {
      client.publish(subject.name(), new byte[MEGABYTE / 2]);
      return readNothing(source) && proxy.connectionCount() > 1;
    });
    proxy.pace(0);
    InParallel.await(() -> {
      client.publish(subject.name(), "again".getBytes(StandardCharsets.UTF_8));
      return !readNothing(source);
    });
    assertThat(subject.warnings())
        .anyMatch(text -> text.contains("what is published until it stands again is missed"));
  }

  /** By a foreign client, into a stream of its own. */
  private void write(int count, byte[] message) throws Exception {
    Connection client = subject.client();
    var _ =
        client
            .jetStreamManagement()
            .addStream(
                io.nats.client.api.StreamConfiguration.builder()
                    .name("FOREIGN")
                    .subjects(subject.name())
                    .build());
    for (int each = 0; each < count; each++) {
      client.jetStream().publish(subject.name(), message);
    }
  }

  /** At least so many messages; answers where they end. */
  private static long read(Source source, int count) throws Exception {
    long end = 0;
    for (int read = 0; read < count; ) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        read += batch.count();
        end = batch.endPosition();
      }
    }
    return end;
  }

  private static boolean readNothing(Source source) {
    try (Batch batch = source.read(Duration.ofMillis(20))) {
      return batch == null;
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static long messages(JetStreamManagement streams, String stream) {
    try {
      return streams.getStreamInfo(stream).getStreamState().getMsgCount();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static long pending(JetStreamManagement streams, String stream) {
    try {
      return streams.getConsumerInfo(stream, "jobs").getNumAckPending();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
