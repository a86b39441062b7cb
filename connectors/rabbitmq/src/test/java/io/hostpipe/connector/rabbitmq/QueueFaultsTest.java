package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that dies, hangs, has no room, or takes back what is not acknowledged in time. */
final class QueueFaultsTest extends WithQueue {
  private static final int COUNT = 20_000;

  @Test
  void aServerThatIsKilledInMidTransferLosesAndDoublesNothing() throws Exception {
    Sink sink = queue.sink("numbers", "?single&end=mark");
    Source source = queue.source("?once&until=mark");
    InParallel<List<String>> reading =
        InParallel.run(() -> TestQueue.read(source, Integer.MAX_VALUE, true).texts());
    for (int part = 0; part < 4; part++) {
      int from = part * (COUNT / 4);
      long before = sink.committed().position();
      InParallel<Boolean> writing =
          InParallel.run(() -> {
            TestQueue.writeNumbers(sink, from + 1, from + COUNT / 4);
            return true;
          });
      InParallel.await(() -> position(sink) > before);
      if (part % 2 == 1) {
        server.kill();
        server.restart();
      }
      writing.join();
    }
    sink.finish();
    assertThat(TestQueue.wrong(reading.join(), 1, COUNT)).isEmpty();
  }

  @Test
  void aServerThatHangsIsNoticedAndTheRestGoesOverAnotherConnection() throws Exception {
    Sink sink = queue.sink("numbers", "?single");
    TestQueue.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    server.pause();
    TestQueue.writeNumbers(sink, 101, 200);
    InParallel.await(() ->
        queue.warnings().stream()
            .anyMatch(each -> each.contains("has not confirmed") || each.contains("Heartbeat")));
    server.goOn();
    sink.finish();
    assertThat(TestQueue.read(queue.source("?once&until=empty"), Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(1, 200));
  }

  @Test
  void aWriterThatAHungServerBlocksCanBeClosed() throws Exception {
    Sink sink = queue.sink("large", "");
    String large = "x".repeat(4 << 20);
    TestQueue.write(sink, "first", Headers.EMPTY);
    sink.awaitCommitted(sink.resume().position());
    server.pause();
    try {
      AtomicLong begun = new AtomicLong();
      InParallel<Long> writing =
          InParallel.run(() -> {
            while (true) {
              begun.incrementAndGet();
              TestQueue.write(sink, large, Headers.EMPTY);
            }
          });
      InParallel.await(() -> begun.get() > 0);
      InParallel.awaitStill(begun::get);
      sink.close();
      assertThat(writing.failure()).isInstanceOf(PipeException.Closed.class);
    } finally {
      server.goOn();
    }
  }

  /**
   * The way takes nothing more and says nothing, while the writer is in the middle of a message.
   */
  @Test
  void whatABlackHoleSwallowsGoesOverAnotherConnection() throws Exception {
    int count = 40;
    String large = "x".repeat(1 << 20);
    try (FaultProxy way =
        FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))) {
      way.hold(Duration.ofHours(1));
      Sink sink =
          queue.sink(
              "large",
              Address.parse(
                  "amqp://127.0.0.1:" + way.address().getPort() + "/" + queue.name() + "?single"));
      TestQueue.write(sink, "first", Headers.EMPTY);
      sink.awaitCommitted(sink.resume().position());
      way.cutNow(Fault.BLACKHOLE);
      InParallel<Boolean> writing =
          InParallel.run(() -> {
            for (int each = 0; each < count; each++) {
              TestQueue.write(sink, large, Headers.EMPTY);
            }
            sink.finish();
            return true;
          });
      assertThat(writing.join()).isTrue();
      assertThat(way.connectionCount()).isGreaterThan(1);
    }
    List<String> all =
        TestQueue.read(queue.source("?once&until=empty"), Integer.MAX_VALUE, true).texts();
    assertThat(all).hasSize(1 + count).startsWith("first").endsWith(large);
  }

  @Test
  void aServerWithoutMemoryIsWaitedForAndThatIsSaid() throws Exception {
    Sink sink = queue.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.awaitCommitted(sink.resume().position());
    server.administer("set_vm_memory_high_watermark", "0.0001");
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          TestQueue.writeNumbers(sink, 11, 100);
          sink.finish();
          return true;
        });
    InParallel.await(
        () -> queue.warnings().stream().anyMatch(each -> each.contains("takes nothing for now")));
    server.administer("set_vm_memory_high_watermark", "0.6");
    assertThat(writing.join()).isTrue();
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).isEqualTo(TestQueue.numbers(1, 100));
  }

  @ParameterizedTest
  @ValueSource(strings = {"?once", "?single", ""})
  void whatAServerTakesBackIsNotTakenTwice(String order) throws Exception {
    impatient(true);
    Sink sink = queue.sink("numbers", order.isEmpty() ? "" : "?single");
    TestQueue.writeNumbers(sink, 1, 100);
    sink.finish();
    Source source = queue.source(order);
    TestQueue.Read read = TestQueue.read(source, 100, false);
    AtomicBoolean enough = new AtomicBoolean();
    InParallel<Boolean> reading =
        InParallel.run(() -> {
          Batch batch = null;
          while (batch == null && !enough.get()) {
            batch = source.read(Duration.ofSeconds(1));
          }
          return batch != null;
        });
    InParallel.await(() ->
        queue.warnings().stream()
                .filter(each -> each.contains("delivery acknowledgement on channel"))
                .count()
            >= 2);
    source.commit(read.end().position());
    InParallel.await(() -> total(queue.name()) == 0);
    enough.set(true);
    assertThat(reading.join()).as("something came twice").isFalse();
    source.close();
    assertThat(queue.takeAll(queue.name())).isEmpty();
    impatient(false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"?single", "?quorum&single"})
  void aReaderThatIsTooSlowForItsServerLosesNothingBeforeTheMark(String kind) throws Exception {
    impatient(true);
    try {
      Sink sink = queue.sink("numbers", kind + "&end=mark");
      Source source = queue.source("?once&until=mark");
      TestQueue.writeNumbers(sink, 1, COUNT / 2);
      InParallel<Boolean> writing =
          InParallel.run(() -> {
            TestQueue.writeNumbers(sink, COUNT / 2 + 1, COUNT);
            sink.finish();
            return true;
          });
      Channel looking = queue.client();
      List<String> all = new ArrayList<>();
      while (true) {
        try (Batch batch = source.read()) {
          if (batch == null) {
            break;
          }
          int before = all.size();
          batch.forEach((end, payload, headers) -> all.add(TestQueue.textOf(payload)));
          if (all.size() / 4_000 > before / 4_000) {
            InParallel.await(() -> readers(looking) == 0);
          }
          source.commit(batch.endPosition());
        }
      }
      assertThat(writing.join()).isTrue();
      assertThat(TestQueue.wrong(all, 1, COUNT)).isEmpty();
    } finally {
      impatient(false);
    }
  }

  /** How many the server gives messages to. */
  private long readers(Channel looking) {
    try {
      return looking.consumerCount(queue.name());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Whether the server takes back what was not acknowledged within a second. */
  private static void impatient(boolean very) throws Exception {
    server.administer(
        "eval",
        "application:set_env(rabbit, consumer_timeout, " + (very ? 1_000 : 1_800_000) + ").");
    server.administer(
        "eval",
        "application:set_env(rabbit, channel_tick_interval, " + (very ? 1_000 : 60_000) + ").");
  }

  /** How many messages the queue has, those that somebody holds with them. */
  private static long total(String queue) {
    try {
      String listed = server.administer("list_queues", "name", "messages");
      return listed
          .lines()
          .filter(each -> each.startsWith(queue))
          .mapToLong(each -> Long.parseLong(each.substring(queue.length()).strip()))
          .findFirst()
          .orElseThrow();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static long position(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }
}
