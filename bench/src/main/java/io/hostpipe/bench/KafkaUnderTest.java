package io.hostpipe.bench;

import io.hostpipe.testkit.servers.KafkaServer;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * A broker of Kafka, beside the performance tools that come with it and the settings that Hostpipe
 * has: transactions of up to 200 ms, batches of up to 256 KiB, what is committed alone is read.
 */
final class KafkaUnderTest implements BrokerUnderTest {
  private static final String OURS = "hostpipe";
  private static final String PRODUCER = "ProducerPerformance";
  private static final String CONSUMER = "ConsumerPerformance";
  private static final String PACKAGE = "org.apache.kafka.tools.";

  /** Behind the warm-up. */
  private static final Pattern SENT =
      Pattern.compile("steady state records sent, ([0-9.]+) records/sec");

  /** One line for each interval, with its end, and all messages up to there. */
  private static final Pattern READ =
      Pattern.compile("(?m)^(\\d+-\\S+), \\d+, [0-9.]+, [0-9.]+, (\\d+),");

  private static final double MILLIS_PER_SECOND = 1e3;

  /** It takes more a second than the other brokers. */
  private static final int MORE = 4;

  private final KafkaServer server;
  private final Admin admin;

  KafkaUnderTest(Path folder) throws Exception {
    this.server = KafkaServer.start(folder);
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrap()));
  }

  @Override
  public List<Contest> contests(Load given, String place) throws Exception {
    Load load = given.times(MORE);
    String ours = ours(place);
    String tools = tools(place);
    admin.createTopics(List.of(topic(ours), topic(tools))).all().get();
    return List.of(
        new Contest(
            "publish",
            load,
            List.of(
                new Contender(OURS, () -> our("publish", ours, load)),
                new Contender(PRODUCER, () -> produce(tools, load)))),
        new Contest(
            "consume",
            load,
            List.of(
                new Contender(OURS, () -> our("consume", tools, load)),
                new Contender(CONSUMER, () -> consume(tools, load)))));
  }

  @Override
  public void remove(String place) throws Exception {
    admin.deleteTopics(List.of(ours(place), tools(place))).all().get();
  }

  @Override
  public void close() {
    admin.close();
    server.close();
  }

  private static NewTopic topic(String name) {
    return new NewTopic(name, Optional.of(1), Optional.of((short) 1));
  }

  private static String ours(String place) {
    return place + "-ours";
  }

  private static String tools(String place) {
    return place + "-tools";
  }

  private String bootstrap() {
    return "127.0.0.1:" + server.port();
  }

  private double our(String what, String topic, Load load) throws Exception {
    return FreshJvm.rate(
        BrokerEnd.class,
        what,
        "kafka://" + bootstrap() + "/" + topic,
        "" + load.count(),
        "" + load.lengthBytes());
  }

  private double produce(String topic, Load load) throws Exception {
    return FreshJvm.rate(
        SENT,
        PACKAGE + PRODUCER,
        "--bootstrap-server",
        bootstrap(),
        "--topic",
        topic,
        "--num-records",
        "" + load.count(),
        "--warmup-records",
        "" + FreshJvm.warmUp(load.count()),
        "--record-size",
        "" + load.lengthBytes(),
        "--throughput",
        "-1",
        "--transactional-id",
        topic,
        "--transaction-duration-ms",
        "200",
        "--command-property",
        "acks=all",
        "enable.idempotence=true",
        "linger.ms=1",
        "batch.size=262144",
        "buffer.memory=67108864");
  }

  private double consume(String topic, Load load) throws Exception {
    Matcher line =
        READ.matcher(
            FreshJvm.run(
                PACKAGE + CONSUMER,
                "--bootstrap-server",
                bootstrap(),
                "--topic",
                topic,
                "--num-records",
                "" + load.count(),
                "--fetch-size",
                "" + (8 << 20),
                "--show-detailed-stats",
                "--reporting-interval",
                "10",
                "--date-format",
                "yyyy-MM-dd'T'HH:mm:ss.SSS",
                "--command-property",
                "isolation.level=read_committed",
                "--command-property",
                "max.poll.records=4096"));
    List<FreshJvm.Mark> marks = new ArrayList<>();
    while (line.find()) {
      marks.add(
          new FreshJvm.Mark(
              LocalDateTime.parse(line.group(1)).toInstant(ZoneOffset.UTC).toEpochMilli()
                  / MILLIS_PER_SECOND,
              Double.parseDouble(line.group(2))));
    }
    return FreshJvm.steady(marks, load.count());
  }
}
