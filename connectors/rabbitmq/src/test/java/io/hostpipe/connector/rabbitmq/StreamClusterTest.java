package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three servers that keep a stream. */
final class StreamClusterTest {
  private static final int COUNT = 20_000;

  @TempDir private static Path folder;

  private static List<RabbitServer> servers;

  @BeforeAll
  static void start() throws Exception {
    servers = RabbitServer.startCluster(folder, 3);
    for (RabbitServer each : servers) {
      each.awaitRunning();
    }
  }

  @AfterAll
  static void stop() {
    if (servers != null) {
      servers.forEach(RabbitServer::close);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStreamThatLosesItsLeaderInMidTransferLosesAndDoublesNothing(boolean dialed)
      throws Exception {
    try (TestStream stream = new TestStream(servers.get(1))) {
      stream.sink("nobody", "").close();
      RabbitServer leader = leader(stream.name());
      List<RabbitServer> others = servers.stream().filter(each -> each != leader).toList();
      for (RabbitServer each : servers) {
        each.awaitStreamsKept();
      }
      Address all = everywhere(dialed ? leader : others.getFirst(), stream);
      Sink sink = stream.sink("numbers", all.withOption("end", "mark"));
      Source source = stream.source(all.withOption("until", "mark"));
      InParallel<List<String>> reading =
          InParallel.run(() -> TestStream.read(source, Integer.MAX_VALUE));
      AtomicBoolean killing = new AtomicBoolean(true);
      InParallel<Integer> writing =
          InParallel.run(() -> {
            int last = TestStream.writeNumbersWhile(killing::get, sink, COUNT);
            sink.finish();
            return last;
          });
      InParallel.await(() -> positionOf(sink) > COUNT || writing.ended());
      leader.kill();
      killing.set(false);
      int last = writing.join();
      assertThat(reading.join()).isEqualTo(TestStream.numbers(1, last));
      try (TestStream foreign = new TestStream(others.getLast(), stream.name())) {
        assertThat(foreign.readAsQueue(last)).isEqualTo(TestStream.numbers(1, last));
      }
      Sink next = stream.sink("numbers", everywhere(others.getLast(), stream));
      assertThat(next.resume().position()).isEqualTo(sink.resume().position());
      leader.restart();
      leader.awaitRunning();
    }
  }

  @Test
  void whoDialsAServerThatDoesNotKeepTheStreamIsLedToOneThatDoes() throws Exception {
    try (TestStream stream = new TestStream(servers.get(1))) {
      Sink first = stream.sink("numbers", "?replicas=1");
      TestStream.writeNumbers(first, 1, 100);
      first.finish();
      RabbitServer keeper = leader(stream.name());
      for (RabbitServer each : servers) {
        Address address = at(each, stream);
        assertThat(new StreamConnector().check(address, true))
            .contains("127.0.0.1:" + keeper.streamPort());
        assertThat(TestStream.read(stream.source(address.withOption("until", "last")), 100))
            .isEqualTo(TestStream.numbers(1, 100));
        assertThat(stream.sink("numbers", address).resume()).isEqualTo(first.resume());
      }
    }
  }

  private static Address at(RabbitServer server, TestStream stream) throws Exception {
    return Address.parse(
        "rabbitmq-stream://127.0.0.1:" + server.streamPort() + "/" + stream.name());
  }

  /** First this server, then the others. */
  private static Address everywhere(RabbitServer first, TestStream stream) throws Exception {
    Address address = at(first, stream);
    for (RabbitServer each : servers) {
      if (each != first) {
        address = address.withAddedOption("server", "127.0.0.1:" + each.streamPort());
      }
    }
    return address;
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  private static RabbitServer leader(String stream) throws Exception {
    String listed = servers.getFirst().administer("list_queues", "name", "leader", "members");
    String line = listed.lines().filter(each -> each.startsWith(stream)).findFirst().orElseThrow();
    return servers.stream()
        .filter(each -> line.contains("\t" + each.node()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(listed));
  }
}
