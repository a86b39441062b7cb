package io.hostpipe.bench;

import com.rabbitmq.stream.Environment;
import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import java.util.List;

/**
 * Streams of a RabbitMQ server, beside loops of RabbitMQ's own client of streams. Its performance
 * tool is in no registry of libraries.
 */
final class StreamsUnderTest implements BrokerUnderTest {
  private static final String OURS = "hostpipe";
  private static final String BARE = "stream-client";

  /** Streams take so many times as many a second as queues. */
  private static final int MORE = 4;

  private final RabbitServer server;
  private final Environment environment;

  StreamsUnderTest(Path folder) throws Exception {
    this.server = RabbitServer.start(folder);
    this.environment =
        Environment.builder().uri("rabbitmq-stream://127.0.0.1:" + server.streamPort()).build();
  }

  @Override
  public List<Contest> contests(Load given, String place) {
    Load load = given.times(MORE);
    String ours = ours(place);
    String bare = bare(place);
    for (String each : List.of(ours, bare)) {
      environment.streamCreator().stream(each).create();
    }
    return List.of(
        new Contest(
            "publish",
            load,
            List.of(
                new Contender(OURS, () -> our("publish", ours, load)),
                new Contender(BARE, () -> bare("publish", bare, load)))),
        // Each reads the same, with no header of anybody's.
        new Contest(
            "consume",
            load,
            List.of(
                new Contender(OURS, () -> our("consume", bare, load)),
                new Contender(BARE, () -> bare("consume", bare, load)))));
  }

  @Override
  public void remove(String place) {
    environment.deleteStream(ours(place));
    environment.deleteStream(bare(place));
  }

  @Override
  public void close() {
    environment.close();
    server.close();
  }

  private static String ours(String place) {
    return place + "-ours";
  }

  private static String bare(String place) {
    return place + "-bare";
  }

  private double our(String what, String stream, Load load) throws Exception {
    return FreshJvm.rate(
        BrokerEnd.class,
        what,
        "rabbitmq-stream://127.0.0.1:" + server.streamPort() + "/" + stream,
        "" + load.count(),
        "" + load.lengthBytes());
  }

  private double bare(String what, String stream, Load load) throws Exception {
    return FreshJvm.rate(
        BareStreams.class,
        what,
        "" + server.streamPort(),
        stream,
        "" + load.count(),
        "" + load.lengthBytes());
  }
}
