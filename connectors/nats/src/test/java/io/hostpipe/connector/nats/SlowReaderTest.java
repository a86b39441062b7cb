package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Source;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StreamConfiguration;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Readers of JetStream whose destination takes nothing for a while, or whose messages are long. */
final class SlowReaderTest {
  private static final int MEGABYTE = 1_000_000;
  private static final int COUNT = 250;

  /** More than a reader and all that lies between it and the server hold. */
  private static final long HELD_BYTES = 64L * MEGABYTE;

  @TempDir private Path folder;

  private NatsServer server;
  private FaultProxy proxy;
  private Subject subject;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(folder);
    proxy = FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    subject = new Subject(server, proxy.address().getPort());
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    proxy.close();
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "?jetstream, 250, 1000000",
    "?jetstream, 50000, 4000",
    "?jetstream&durable=jobs&ack-wait=4s, 250, 1000000",
    "?jetstream&durable=jobs&ack-wait=4s&in-flight=100000, 50000, 4000"
  })
  void isSentNoMoreThanItHasRoomForAndEverythingOnce(String query, int count, int lengthBytes)
      throws Exception {
    write(count, lengthBytes);
    Source source = subject.source(query);
    List<Integer> read = new ArrayList<>(read(source, 1));
    long passed = awaitStanding(Duration.ofSeconds(9));
    assertThat(passed).isLessThan(HELD_BYTES);
    read.addAll(read(source, count - read.size()));
    assertThat(read).isEqualTo(numbers(count));
    assertThat(proxy.passedBytes()).isLessThan(count * (long) lengthBytes + HELD_BYTES);
    assertThat(source.read(Duration.ofMillis(200))).isNull();
  }

  /** Its words lie behind messages that there is no room for, longer than a silence may last. */
  @Test
  void aServerIsNotTakenForSilentWhileNobodyTakesWhatItHasSent() throws Exception {
    write(60_000, 500);
    Source source = subject.source("?jetstream");
    List<Integer> read = new ArrayList<>(read(source, 1));
    var _ = awaitStanding(Duration.ofSeconds(21));
    read.addAll(read(source, 60_000 - read.size()));
    assertThat(read).isEqualTo(numbers(60_000));
    assertThat(subject.warnings()).isEmpty();
  }

  @Test
  void aDurableConsumersMessagesAreNotDeliveredAgainWhileTheyWaitToBeTaken() throws Exception {
    write(0, 0);
    Source source = subject.source("?jetstream&durable=jobs&ack-wait=4s");
    assertThat(source.read(Duration.ofMillis(100))).isNull();
    write(40, 10);
    JetStreamManagement streams = subject.client().jetStreamManagement();
    InParallel.await(() -> consumer(streams).getNumAckPending() == 40);
    long since = System.nanoTime();
    InParallel.await(() -> System.nanoTime() - since > Duration.ofSeconds(9).toNanos());
    assertThat(consumer(streams).getRedelivered()).isZero();
    assertThat(read(source, 40)).isEqualTo(numbers(40));
  }

  @Test
  void goesOnInOrderBehindAServerThatWasAway() throws Exception {
    write(COUNT, MEGABYTE);
    Source source = subject.source("?jetstream&until=last");
    List<Integer> read = new ArrayList<>(read(source, 20));
    awaitStanding(Duration.ZERO);
    server.kill();
    server.restart();
    read.addAll(read(source, COUNT - read.size()));
    assertThat(read).isEqualTo(numbers(COUNT));
    assertThat(source.read()).isNull();
  }

  @Test
  void losesNothingOfADurableConsumerBehindAServerThatWasAway() throws Exception {
    write(COUNT, MEGABYTE);
    Source source = subject.source("?jetstream&durable=jobs&ack-wait=2s");
    List<Integer> read = new ArrayList<>(read(source, 20));
    awaitStanding(Duration.ZERO);
    server.kill();
    server.restart();
    InParallel.await(() -> {
      try {
        read.addAll(read(source, 1));
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      return read.stream().distinct().count() == COUNT;
    });
    assertThat(read).containsAll(numbers(COUNT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"?jetstream", "?jetstream&durable=jobs"})
  void takesMessagesThatAreLongerThanWhatItAsksForAtATime(String query) throws Exception {
    write(3, 100);
    write(3, 15 * MEGABYTE);
    write(3, 100);
    Source source = subject.source(query);
    List<Integer> read = new ArrayList<>();
    while (read.size() < 9) {
      read.addAll(read(source, 1));
    }
    assertThat(read).containsExactly(1, 2, 3, 1, 2, 3, 1, 2, 3);
  }

  /** What the proxy has let pass, once it lets nothing more pass, and for as long as this since. */
  private long awaitStanding(Duration pause) {
    InParallel.awaitStill(() -> proxy.passedBytes() / MEGABYTE);
    long since = System.nanoTime();
    InParallel.await(() -> System.nanoTime() - since >= pause.toNanos());
    return proxy.passedBytes();
  }

  /** By a foreign client: each message begins with its number. */
  private void write(int count, int lengthBytes) throws Exception {
    var client = subject.client();
    var _ =
        client
            .jetStreamManagement()
            .addStream(
                StreamConfiguration.builder().name("FOREIGN").subjects(subject.name()).build());
    List<CompletableFuture<PublishAck>> stored = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      byte[] message = Arrays.copyOf(String.format("%06d", number).getBytes(US_ASCII), lengthBytes);
      stored.add(client.jetStream().publishAsync(subject.name(), message));
      if (stored.size() >= 64) {
        var _ = stored.removeFirst().get();
      }
    }
    for (CompletableFuture<PublishAck> each : stored) {
      var _ = each.get();
    }
    client.close();
  }

  /** The numbers of at least so many messages, which are committed. */
  private static List<Integer> read(Source source, int count) throws Exception {
    List<Integer> numbers = new ArrayList<>();
    while (numbers.size() < count) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        batch.forEach((end, payload, headers) -> {
          byte[] number = new byte[6];
          payload.duplicate().get(number);
          numbers.add(Integer.parseInt(new String(number, US_ASCII)));
        });
        source.commit(batch.endPosition());
      }
    }
    return numbers;
  }

  private static ConsumerInfo consumer(JetStreamManagement streams) {
    try {
      return streams.getConsumerInfo("FOREIGN", "jobs");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static List<Integer> numbers(int count) {
    List<Integer> all = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      all.add(number);
    }
    return all;
  }
}
