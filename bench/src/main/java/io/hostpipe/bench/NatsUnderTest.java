package io.hostpipe.bench;

import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.api.StreamConfiguration;
import java.nio.file.Path;
import java.util.List;

/**
 * A nats-server, beside loops of jnats: one that does the least there is, and one with an id and
 * the id before it in each message, without which nothing is kept from coming twice.
 */
final class NatsUnderTest implements BrokerUnderTest {
  private static final String OURS = "hostpipe";
  private static final String BARE = "jnats";
  private static final String WITH_IDS = "jnats+ids";

  /** Without JetStream it takes so many times as many a second. */
  private static final int MORE = 8;

  private final NatsServer server;
  private final Connection nats;

  NatsUnderTest(Path folder) throws Exception {
    this.server = NatsServer.start(folder, "max_payload: 1MB"); // the default of its own
    this.nats = Nats.connect("nats://127.0.0.1:" + server.port());
  }

  @Override
  public List<Contest> contests(Load load, String place) throws Exception {
    Load more = load.times(MORE);
    String ours = place + "-ours";
    String bare = place + "-bare";
    String withIds = place + "-ids";
    JetStreamManagement streams = nats.jetStreamManagement();
    for (String each : List.of(ours, bare, withIds)) {
      streams.addStream(StreamConfiguration.builder().name(each).subjects(each).build());
    }
    return List.of(
        new Contest(
            "publish",
            load,
            List.of(
                new Contender(OURS, () -> our("publish", ours + "?jetstream", load)),
                new Contender(BARE, () -> bare("publish", bare, load)),
                new Contender(WITH_IDS, () -> bare("publish-once", withIds, load)))),
        new Contest(
            "consume",
            load,
            List.of(
                new Contender(OURS, () -> our("consume", bare + "?jetstream", load)),
                new Contender(BARE, () -> bare("consume", bare, load)))),
        new Contest(
            "core publish",
            more,
            List.of(
                new Contender(OURS, () -> our("publish", place + "-core", more)),
                new Contender(BARE, () -> bare("core", place + "-core", more)))),
        new Contest(
            "core subscribe",
            more,
            List.of(
                new Contender(OURS, () -> our("hear", place + "-heard", more)),
                new Contender(BARE, () -> bare("hear", place + "-heard", more)))));
  }

  @Override
  public void remove(String place) throws Exception {
    JetStreamManagement streams = nats.jetStreamManagement();
    for (String each : streams.getStreamNames()) {
      streams.deleteStream(each);
    }
  }

  @Override
  public void close() {
    try {
      nats.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.close();
  }

  private double our(String what, String subject, Load load) throws Exception {
    return FreshJvm.rate(
        BrokerEnd.class,
        what,
        "nats://127.0.0.1:" + server.port() + "/" + subject,
        "" + load.count(),
        "" + load.lengthBytes());
  }

  private double bare(String what, String subject, Load load) throws Exception {
    return FreshJvm.rate(
        BareNats.class,
        what,
        "" + server.port(),
        subject,
        "" + load.count(),
        "" + load.lengthBytes());
  }
}
