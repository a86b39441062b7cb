package io.hostpipe.testkit.servers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A broker of Kafka that is its own controller (KRaft), alone or one of a cluster, in a JVM of its
 * own.
 *
 * <p>Its jars are on nobody's class path: a file on the class path, which the module {@code
 * testkit/kafka-server} makes, says where they are.
 *
 * <p>Thread rule: one thread.
 */
public final class KafkaServer implements AutoCloseable {
  private static final String CLASS_PATH_FILE = "kafka-server.classpath";
  private static final int CLUSTER_REPLICAS = 3;
  private static final int MESSAGE_BYTES_MAX = 64 << 20;

  private final int port;
  private final ServerProcess process;

  private KafkaServer(int port, ServerProcess process) {
    this.port = port;
    this.process = process;
  }

  /** Where one node listens. */
  private record Node(int id, int port, int controllerPort) {
    String voter() {
      return id + "@127.0.0.1:" + controllerPort;
    }
  }

  /**
   * Starts one alone.
   *
   * @param folder its own, where it keeps what is written
   * @param more lines of its configuration
   */
  public static KafkaServer start(Path folder, String... more) throws IOException {
    Node node = new Node(1, ServerProcess.freePort(), ServerProcess.freePort());
    KafkaServer server = make(folder, node, List.of(node), List.of(more));
    server.process.start();
    return server;
  }

  /** What leads to a port of this host on another way. */
  @FunctionalInterface
  public interface Way {
    /** Begins to lead there; answers with the port where clients come in. */
    int to(int port) throws IOException;
  }

  /**
   * Starts one alone that has a second port, whose clients are told to come on that way. The broker
   * itself, and who dials {@link #port}, does without it.
   *
   * @param folder its own, where it keeps what is written
   */
  public static KafkaServer startBehind(Way way, Path folder) throws IOException {
    Node node = new Node(1, ServerProcess.freePort(), ServerProcess.freePort());
    int behind = ServerProcess.freePort();
    String own = "CLIENTS://127.0.0.1:" + node.port();
    List<String> more =
        List.of(
            "listeners="
                + own
                + ",BEHIND://127.0.0.1:"
                + behind
                + ",CONTROLLER://127.0.0.1:"
                + node.controllerPort(),
            "advertised.listeners=" + own + ",BEHIND://127.0.0.1:" + way.to(behind),
            "listener.security.protocol.map="
                + "CLIENTS:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT");
    KafkaServer server = make(folder, node, List.of(node), more);
    server.process.start();
    return server;
  }

  /**
   * Starts three that keep topics together.
   *
   * @param folder for a folder of each
   */
  public static List<KafkaServer> startCluster(Path folder) throws IOException {
    return startCluster(folder, CLUSTER_REPLICAS);
  }

  /**
   * The same, and some of them are not there yet: {@link #restart} starts each.
   *
   * @param count of those that are there, most of the three
   */
  public static List<KafkaServer> startCluster(Path folder, int count) throws IOException {
    List<Node> nodes = new ArrayList<>();
    for (int id = 1; id <= CLUSTER_REPLICAS; id++) {
      nodes.add(new Node(id, ServerProcess.freePort(), ServerProcess.freePort()));
    }
    List<KafkaServer> servers = new ArrayList<>();
    for (Node node : nodes) {
      Path own = Files.createDirectories(folder.resolve("node" + node.id()));
      servers.add(make(own, node, nodes, List.of()));
    }
    // Nobody answers before most of them are there.
    for (KafkaServer server : servers.subList(0, count)) {
      server.process.begin();
    }
    for (KafkaServer server : servers.subList(0, count)) {
      server.process.awaitAnswer();
    }
    return servers;
  }

  private static KafkaServer make(Path folder, Node node, List<Node> all, List<String> more)
      throws IOException {
    Path configuration = folder.resolve("server.properties");
    int replicas = all.size();
    List<String> lines =
        new ArrayList<>(
            List.of(
                "process.roles=broker,controller",
                "node.id=" + node.id(),
                "listeners=CLIENTS://127.0.0.1:"
                    + node.port()
                    + ",CONTROLLER://127.0.0.1:"
                    + node.controllerPort(),
                "advertised.listeners=CLIENTS://127.0.0.1:" + node.port(),
                "listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name=CLIENTS",
                "controller.listener.names=CONTROLLER",
                "controller.quorum.voters="
                    + all.stream().map(Node::voter).collect(Collectors.joining(",")),
                "log.dirs=" + folder.resolve("store"),
                "message.max.bytes=" + MESSAGE_BYTES_MAX,
                "replica.fetch.max.bytes=" + MESSAGE_BYTES_MAX,
                "default.replication.factor=" + replicas,
                "min.insync.replicas=" + (replicas / 2 + 1),
                "offsets.topic.num.partitions=1",
                "offsets.topic.replication.factor=" + replicas,
                "transaction.state.log.num.partitions=1",
                "transaction.state.log.replication.factor=" + replicas,
                "transaction.state.log.min.isr=" + (replicas / 2 + 1),
                "share.coordinator.state.topic.num.partitions=1",
                "group.initial.rebalance.delay.ms=0",
                "broker.session.timeout.ms=6000",
                "broker.heartbeat.interval.ms=1000"));
    lines.addAll(more);
    Files.write(configuration, lines);
    format(folder, configuration, clusterId(all));
    return new KafkaServer(
        node.port(),
        new ServerProcess(java("kafka.Kafka", configuration.toString()), folder, node.port()));
  }

  /** The same one for all that start together. */
  private static String clusterId(List<Node> all) {
    String ports = all.stream().map(Node::voter).collect(Collectors.joining());
    return UUID.nameUUIDFromBytes(ports.getBytes(StandardCharsets.UTF_8))
        .toString()
        .replace("-", "")
        .substring(0, 22);
  }

  private static void format(Path folder, Path configuration, String clusterId) throws IOException {
    Path output = folder.resolve("format.log");
    Process formatting =
        new ProcessBuilder(
                java(
                    "kafka.tools.StorageTool",
                    "format",
                    "--cluster-id",
                    clusterId,
                    "--config",
                    configuration.toString()))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (formatting.waitFor() != 0) {
        throw new AssertionError("Kafka's storage was not made: " + Files.readString(output));
      }
    } catch (InterruptedException e) {
      formatting.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while Kafka's storage was made", e);
    }
  }

  private static List<String> java(String main, String... words) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath(),
                main));
    command.addAll(List.of(words));
    return command;
  }

  private static String classPath() throws IOException {
    try (InputStream in = KafkaServer.class.getClassLoader().getResourceAsStream(CLASS_PATH_FILE)) {
      if (in == null) {
        throw new AssertionError(
            CLASS_PATH_FILE
                + " is not on the class path; the module testkit/kafka-server makes it, and a"
                + " module that starts a broker in its tests needs that one");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
  }

  /** The port of 127.0.0.1 that clients connect to; the same after a restart. */
  public int port() {
    return port;
  }

  /** Starts it again with what it has on disk. */
  public void restart() throws IOException {
    process.start();
  }

  /** As kill -9 does. */
  public void kill() {
    process.kill();
  }

  /** Asks it to stop, and waits. */
  public void stop() {
    process.stop();
  }

  /** It holds its connections and answers nobody, until {@link #goOn}. */
  public void pause() throws IOException, InterruptedException {
    process.pause();
  }

  /** The end of a {@link #pause}. */
  public void goOn() throws IOException, InterruptedException {
    process.goOn();
  }

  @Override
  public void close() {
    process.close();
  }
}
