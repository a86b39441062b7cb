package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** What leads a queue or a stream of a cluster is killed in the middle of a transfer. */
final class LeaderLoss {
  private static final int COUNT = 20_000;

  private LeaderLoss() {}

  /** A quorum queue, written and then read with nothing lost or doubled. The leader stays dead. */
  static void ofQueue(List<RabbitServer> servers) throws Exception {
    try (TestQueue queue = new TestQueue(servers.get(1))) {
      Address address = queue.address("?quorum");
      for (RabbitServer each : servers) {
        address = address.withAddedOption("server", "127.0.0.1:" + each.port());
      }
      Sink sink = queue.sink("numbers", address.withOption("single", "true"));
      Source source = queue.source(address.withOption("once", "true").withOption("until", "empty"));
      int last = writeAndKill(sink, RabbitServer.leader(servers, queue.name()));
      List<String> read = TestQueue.read(source, Integer.MAX_VALUE, true).texts();
      assertThat(TestQueue.wrong(read, 1, last)).isEmpty();
    }
  }

  /**
   * A stream, written and read meanwhile: every message once, for readers of other programs as
   * well. The leader is started again.
   *
   * @param dialed whether it is the leader that both are connected to
   */
  static void ofStream(List<RabbitServer> servers, boolean dialed) throws Exception {
    try (TestStream stream = new TestStream(servers.get(1))) {
      stream.sink("nobody", "").close();
      RabbitServer leader = RabbitServer.leader(servers, stream.name());
      List<RabbitServer> others = servers.stream().filter(each -> each != leader).toList();
      for (RabbitServer each : servers) {
        each.awaitStreamsKept();
      }
      Address all = everywhere(dialed ? leader : others.getFirst(), servers, stream);
      Sink sink = stream.sink("numbers", all.withOption("end", "mark"));
      Source source = stream.source(all.withOption("until", "mark"));
      InParallel<List<String>> reading =
          InParallel.run(() -> TestStream.read(source, Integer.MAX_VALUE));
      int last = writeAndKill(sink, leader);
      assertThat(TestStream.wrong(reading.join(), 1, last)).isEmpty();
      try (TestStream foreign = new TestStream(others.getLast(), stream.name())) {
        assertThat(TestStream.wrong(foreign.readAsQueue(last), 1, last)).isEmpty();
      }
      Sink next = stream.sink("numbers", everywhere(others.getLast(), servers, stream));
      assertThat(next.resume().position()).isEqualTo(sink.resume().position());
      leader.restart();
      leader.awaitRunning();
    }
  }

  /** Writes numbers until the leader is dead, and finishes; the last one of them. */
  private static int writeAndKill(Sink sink, RabbitServer leader) throws Exception {
    AtomicBoolean killing = new AtomicBoolean(true);
    InParallel<Integer> writing =
        InParallel.run(() -> {
          int last = TestQueue.writeNumbersWhile(killing::get, sink, COUNT);
          sink.finish();
          return last;
        });
    InParallel.await(() -> positionOf(sink) > COUNT || writing.ended());
    leader.kill();
    killing.set(false);
    return writing.join();
  }

  /** The stream at this server; the others may be tried as well. */
  private static Address everywhere(
      RabbitServer first, List<RabbitServer> servers, TestStream stream) throws Exception {
    Address address =
        Address.parse("rabbitmq-stream://127.0.0.1:" + first.streamPort() + "/" + stream.name());
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
}
