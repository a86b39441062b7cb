package io.hostpipe.bench;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.MessageProperties;
import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A RabbitMQ server, beside PerfTest with the settings that Hostpipe has: durable queues,
 * persistent and mandatory messages, 4096 unconfirmed, 500 unacknowledged.
 */
final class RabbitUnderTest implements BrokerUnderTest {
  private static final String OURS = "hostpipe";
  private static final String TOOL = "PerfTest";

  /** One line for each interval, with its end and its rate. */
  private static final Pattern CONFIRMED =
      Pattern.compile("time ([0-9.]+) s,.* confirmed: ([0-9.]+) msg/s");

  private static final Pattern RECEIVED =
      Pattern.compile("time ([0-9.]+) s,.* received: ([0-9.]+) msg/s");

  private static final Pattern AVERAGE = Pattern.compile("rate avg: ([0-9.]+) msg/s");

  /** With fewer there is none behind the warm-up and before the end. */
  private static final int MARKS_LEAST = 3;

  private final RabbitServer server;
  private final Connection connection;
  private final Channel channel;

  RabbitUnderTest(Path folder) throws Exception {
    this.server = RabbitServer.start(folder);
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    this.connection = factory.newConnection();
    this.channel = connection.createChannel();
    channel.confirmSelect();
  }

  @Override
  public List<Contest> contests(Load load, String place) throws Exception {
    String ours = ours(place);
    String tools = tools(place);
    for (String each : List.of(ours, tools)) {
      channel.queueDeclare(each, true, false, false, Map.of());
    }
    return List.of(
        new Contest(
            "publish",
            load,
            List.of(
                new Contender(OURS, () -> our("publish", ours, load)),
                new Contender(
                    TOOL,
                    () ->
                        tool(
                            CONFIRMED,
                            tools,
                            load,
                            "-x1",
                            "-y0",
                            "-s" + load.lengthBytes(),
                            "-C" + load.count(),
                            "-c4096",
                            "-f",
                            "persistent",
                            "-f",
                            "mandatory")))),
        new Contest(
            "consume",
            load,
            List.of(
                new Contender(
                    OURS,
                    () -> {
                      fill(ours, load);
                      return our("consume", ours, load);
                    }),
                new Contender(
                    TOOL,
                    () -> {
                      fill(tools, load);
                      return tool(
                          RECEIVED,
                          tools,
                          load,
                          "-x0",
                          "-y1",
                          "-D" + load.count(),
                          "-q500",
                          "-A100");
                    }))));
  }

  @Override
  public void remove(String place) throws Exception {
    channel.queueDelete(ours(place));
    channel.queueDelete(tools(place));
  }

  @Override
  public void close() {
    connection.abort();
    server.close();
  }

  private static String ours(String place) {
    return place + "-ours";
  }

  private static String tools(String place) {
    return place + "-tools";
  }

  /** Each reads what nobody's headers make longer, and has all of it there when it begins. */
  private void fill(String queue, Load load) throws Exception {
    channel.queuePurge(queue);
    byte[] message = new byte[load.lengthBytes()];
    BrokerEnd.message(load.lengthBytes()).flip().get(message);
    for (int sent = 0; sent < load.count(); sent++) {
      channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, message);
    }
    channel.waitForConfirmsOrDie();
  }

  private double our(String what, String queue, Load load) throws Exception {
    return FreshJvm.rate(
        BrokerEnd.class,
        what,
        "amqp://127.0.0.1:" + server.port() + "/" + queue,
        "" + load.count(),
        "" + load.lengthBytes());
  }

  private double tool(Pattern told, String queue, Load load, String... words) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of(
                "-h",
                "amqp://guest:guest@127.0.0.1:" + server.port(),
                "-p",
                "-e",
                "amq.default",
                "-u",
                queue,
                "-k",
                queue,
                "-i",
                "1"));
    all.addAll(List.of(words));
    String said = FreshJvm.run("com.rabbitmq.perf.PerfTest", all.toArray(String[]::new));
    Matcher line = told.matcher(said);
    List<FreshJvm.Mark> marks = new ArrayList<>(List.of(new FreshJvm.Mark(0, 0)));
    while (line.find()) {
      FreshJvm.Mark before = marks.getLast();
      double seconds = Double.parseDouble(line.group(1));
      double more = Double.parseDouble(line.group(2)) * (seconds - before.seconds());
      marks.add(new FreshJvm.Mark(seconds, before.count() + more));
    }
    // Behind the end it still prints lines, and the line of the end is of a part of its interval.
    while (marks.size() > 1 && marks.getLast().count() == marks.get(marks.size() - 2).count()) {
      marks.removeLast();
    }
    marks.removeLast();
    return marks.size() < MARKS_LEAST ? average(said) : FreshJvm.steady(marks, load.count());
  }

  /** Of all, where it was done within few intervals; the one of what it did not do is 0. */
  private static double average(String said) {
    return AVERAGE
        .matcher(said)
        .results()
        .mapToDouble(each -> Double.parseDouble(each.group(1)))
        .max()
        .orElseThrow(() -> new IllegalStateException("PerfTest tells no rate: " + said));
  }
}
