package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.KafkaServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the network does to a pipe over Kafka, and what ends do that are slow. */
final class KafkaFaultsTest {
  private static final int CUTS = 30;
  private static final int LARGE_BYTES = 100_000;
  private static final int LARGE_COUNT = 600;

  /** A fetch that waits to be taken, one that is taken from, and what is around them. */
  private static final long AHEAD_BYTES_MAX = 20 << 20;

  /** Those of a member that goes on asking until it has no room. */
  private static final long MERGED_AHEAD_BYTES_MAX = 30 << 20;

  private static final int MANY = 12;

  /** Two fetches of each. */
  private static final long MANY_AHEAD_BYTES_MAX = 40 << 20;

  /** As a writer holds at most, and the buffers of the library and of both kernels. */
  private static final long WAITING_BYTES_MAX = 40 << 20;

  @TempDir private Path folder;

  private KafkaServer server;
  private FaultProxy proxy;
  private Topical topic;

  @BeforeEach
  void start() throws Exception {
    List<FaultProxy> led = new ArrayList<>();
    server =
        KafkaServer.startBehind(
            port -> {
              led.add(FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
              return led.getFirst().address().getPort();
            },
            folder);
    proxy = led.getFirst();
    topic = new Topical(proxy.address().getPort(), server.port(), "", Map.of());
  }

  @AfterEach
  void stop() throws Exception {
    topic.close();
    proxy.close();
    server.close();
  }

  /** The broker has the messages, and its word for it does not come. */
  @Test
  void nothingComesTwiceWhenAnAcknowledgementIsLost() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Topical.writeNumbers(sink, 1, 100);
    long certain = sink.awaitCommitted(sink.resume().position()).position();
    long end = topic.end(0);
    proxy.hold(Duration.ofMinutes(2));
    proxy.cutNow(Fault.ONE_WAY_BLACKHOLE);
    Topical.writeNumbers(sink, 101, 200);
    InParallel.await(() -> topic.end(0) >= end + 100);
    assertThat(sink.committed().position()).isEqualTo(certain);
    Topical.writeNumbers(sink, 201, 300);
    sink.finish();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, 300));
  }

  /**
   * A cut behind each few bytes of a transaction: what lacks an answer is another one each time.
   */
  @ParameterizedTest
  @ValueSource(strings = {"RESET", "TORN_FRAME"})
  void nothingComesTwiceWhereverInATransactionTheConnectionIsCut(Fault fault) throws Exception {
    Sink sink = topic.sink("numbers", "");
    int last = 0;
    for (int cut = 0; cut < CUTS; cut++) {
      proxy.cutAt(proxy.passedBytes() + cut * 71L, fault);
      while (proxy.cuts().size() <= cut) {
        Topical.writeNumbers(sink, last + 1, last + 20);
        last += 20;
        sink.awaitCommitted(sink.resume().position());
      }
    }
    sink.finish();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, last));
  }

  @Test
  void aReaderWhoseConnectionIsCutAgainAndAgainReadsEachMessageOnce() throws Exception {
    produceLarge();
    long from = proxy.passedBytes();
    proxy.hold(Duration.ofMillis(100));
    for (int cut = 1; cut <= 6; cut++) {
      proxy.cutAt(from + cut * 9_000_000L, cut % 2 == 0 ? Fault.RESET : Fault.ONE_WAY_BLACKHOLE);
    }
    List<String> all = new ArrayList<>();
    Source source = topic.source("?until=last");
    while (readOne(source, all) >= 0) {
      assertThat(all).hasSizeLessThanOrEqualTo(LARGE_COUNT);
    }
    assertThat(all).isEqualTo(Topical.numbers(1, LARGE_COUNT));
    assertThat(proxy.cuts()).hasSize(6);
  }

  @Test
  void aSlowReaderOfAPartitionAsksForLittleAhead() throws Exception {
    produceLarge();
    List<String> all = new ArrayList<>();
    Source source = topic.source("?until=last");
    readOne(source, all);
    InParallel.awaitStill(proxy::passedBytes);
    assertThat(proxy.passedBytes()).isBetween((long) LARGE_BYTES, AHEAD_BYTES_MAX);
    while (readOne(source, all) >= 0) {
      assertThat(all).hasSizeLessThanOrEqualTo(LARGE_COUNT);
    }
    assertThat(all).isEqualTo(Topical.numbers(1, LARGE_COUNT));
  }

  @Test
  void aSlowMemberOfAGroupKeepsItsPartitionAndAsksForLittleAhead() throws Exception {
    produceLarge();
    try (Listener listener = topic.listener("?group=slow&config=" + impatient());
        Pipe pipe = listener.accept()) {
      pipe.source().seek(Resume.START);
      readSlowly(pipe.source(), AHEAD_BYTES_MAX);
    }
  }

  @Test
  void aSlowMergedReaderKeepsItsPartitionAndAsksForLittleAhead() throws Exception {
    produceLarge();
    readSlowly(topic.source("?group=slow&merged&config=" + impatient()), MERGED_AHEAD_BYTES_MAX);
  }

  /** Its destination takes nothing for twice as long as a member may be silent. */
  private void readSlowly(Source source, long aheadBytesMax) throws Exception {
    List<String> all = new ArrayList<>();
    long end = readOne(source, all);
    InParallel.awaitStill(proxy::passedBytes);
    assertThat(proxy.passedBytes()).isBetween((long) LARGE_BYTES, aheadBytesMax);
    Source other = topic.source("?group=slow&merged&config=" + impatient());
    assertThat(other.read(Duration.ofSeconds(12))).as("it goes to nobody else").isNull();
    other.close();
    source.commit(end);
    while (all.size() < LARGE_COUNT) {
      source.commit(readOne(source, all));
    }
    assertThat(all).isEqualTo(Topical.numbers(1, LARGE_COUNT));
  }

  /** Each is read over a connection of its own. */
  @Test
  void manyPartitionsOfASlowMemberAskForLittleAheadTogether() throws Exception {
    topic.create(MANY, Map.of());
    KafkaProducer<String, String> producer = topic.producer();
    for (int each = 1; each <= LARGE_COUNT; each++) {
      producer.send(new ProducerRecord<>(topic.name(), each % MANY, null, large(each))).get();
    }
    List<String> all = new ArrayList<>();
    try (Listener listener = topic.listener("?group=slow")) {
      List<Pipe> pipes = new ArrayList<>();
      while (pipes.size() < MANY) {
        pipes.add(listener.accept());
        pipes.getLast().source().seek(Resume.START);
        readOne(pipes.getLast().source(), all);
      }
      InParallel.awaitStill(proxy::passedBytes);
      assertThat(proxy.passedBytes()).isBetween((long) LARGE_BYTES, MANY_AHEAD_BYTES_MAX);
      for (Pipe each : pipes) {
        each.close();
      }
    }
  }

  @Test
  void aWriterHoldsLittleForABrokerThatTakesNothing() throws Exception {
    Sink sink = topic.sink("large", "");
    server.pause();
    AtomicInteger written = new AtomicInteger();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          for (int each = 1; each <= LARGE_COUNT; each++) {
            Topical.write(sink, large(each), Headers.EMPTY);
            written.set(each);
          }
          sink.finish();
          return true;
        });
    InParallel.awaitStill(written::get);
    writing.awaitBlocked();
    assertThat((long) written.get() * LARGE_BYTES).isBetween(1L, WAITING_BYTES_MAX);
    server.goOn();
    assertThat(writing.join()).isTrue();
    assertThat(topic.stored().stream().map(KafkaFaultsTest::number).toList())
        .isEqualTo(Topical.numbers(1, LARGE_COUNT));
  }

  /** With a limit for members that is short, and one way for both kinds to share partitions. */
  private Path impatient() throws Exception {
    return Files.writeString(
        folder.resolve("impatient.properties"),
        "max.poll.interval.ms=5000\npartition.assignment.strategy="
            + "org.apache.kafka.clients.consumer.CooperativeStickyAssignor\n");
  }

  /** Past the proxy. */
  private void produceLarge() throws Exception {
    KafkaProducer<String, String> producer = topic.producer();
    for (int each = 1; each <= LARGE_COUNT; each++) {
      producer.send(new ProducerRecord<>(topic.name(), 0, null, large(each))).get();
    }
  }

  private static String large(int number) {
    return number + ":" + "x".repeat(LARGE_BYTES);
  }

  private static String number(String text) {
    return text.substring(0, text.indexOf(':'));
  }

  /** A batch; answers where it ends, or -1 where the source does. */
  private static long readOne(Source source, List<String> all) throws Exception {
    try (Batch batch = source.read()) {
      if (batch == null) {
        return -1;
      }
      batch.forEach((end, payload, headers) ->
          all.add(number(StandardCharsets.UTF_8.decode(payload.duplicate()).toString())));
      return batch.endPosition();
    }
  }
}
