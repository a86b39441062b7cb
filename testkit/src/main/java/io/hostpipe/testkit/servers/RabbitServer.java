package io.hostpipe.testkit.servers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A RabbitMQ server with streams, alone or one of a cluster. It has a home, a cookie, a node name,
 * ports and a port mapper of its own, so that many live beside each other, and beside the one of
 * the system. It takes seconds to start: share one among the tests of a class.
 *
 * <p>Thread rule: one thread.
 */
public final class RabbitServer implements AutoCloseable {
  private static final String SCRIPTS = "/usr/lib/rabbitmq/bin/";
  private static final String COOKIE = "HOSTPIPETESTS";

  /** The root in which RabbitMQ 4 is. */
  private static final String ROOT = "rabbitmq-4";

  private final String node;
  private final int port;
  private final int streamPort;
  private final Map<String, String> environment;
  private final Path folder;
  private final ServerProcess process;

  /** Where its programs are; null for this system. */
  private final @Nullable DebianRoot root;

  /** The mapper of node names to ports, where it is this server that ends it. */
  private final @Nullable ServerProcess mapper;

  private RabbitServer(
      Node node,
      Map<String, String> environment,
      @Nullable DebianRoot root,
      @Nullable ServerProcess mapper) {
    this.root = root;
    this.folder = node.folder;
    this.node = node.name;
    this.port = node.port;
    this.streamPort = node.streamPort;
    this.environment = environment;
    // With its input open it is the very process that was started, and it ends with this one.
    this.process =
        new ServerProcess(
            command(List.of(SCRIPTS + "rabbitmq-server")), environment, node.folder, node.port);
    this.mapper = mapper;
  }

  /**
   * Starts one alone.
   *
   * @param folder its own, where it keeps what is written
   * @param more lines of its configuration
   */
  public static RabbitServer start(Path folder, String... more) throws IOException {
    return start(folder, 1, null, List.of(more)).getFirst();
  }

  /**
   * Starts RabbitMQ 4 alone, which this system need not have.
   *
   * @param folder its own, where it keeps what is written
   * @param more lines of its configuration
   * @throws org.opentest4j.TestAbortedException when it is not to be had
   */
  public static RabbitServer startVersion4(Path folder, String... more)
      throws IOException, InterruptedException {
    DebianRoot root = DebianRoot.find(ROOT, SCRIPTS + "rabbitmq-server");
    return start(folder, 1, root, List.of(more)).getFirst();
  }

  /**
   * Starts several that keep queues together.
   *
   * @param folder for a folder of each
   */
  public static List<RabbitServer> startCluster(Path folder, int count) throws IOException {
    return start(folder, count, null, List.of());
  }

  /**
   * The same of RabbitMQ 4.
   *
   * @throws org.opentest4j.TestAbortedException when it is not to be had
   */
  public static List<RabbitServer> startClusterVersion4(Path folder, int count)
      throws IOException, InterruptedException {
    DebianRoot root = DebianRoot.find(ROOT, SCRIPTS + "rabbitmq-server");
    return start(folder, count, root, List.of());
  }

  private static List<RabbitServer> start(
      Path folder, int count, @Nullable DebianRoot root, List<String> more) throws IOException {
    int mapperPort = ServerProcess.freePort();
    ServerProcess mapper =
        new ServerProcess(
            List.of("epmd", "-port", "" + mapperPort, "-address", "127.0.0.1"), folder, mapperPort);
    mapper.start();
    List<Node> nodes = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      Path own = Files.createDirectories(folder.resolve("node" + index));
      nodes.add(
          new Node(
              "rabbit" + index + "@localhost",
              own,
              ServerProcess.freePort(),
              ServerProcess.freePort()));
    }
    List<RabbitServer> servers = new ArrayList<>();
    for (Node node : nodes) {
      servers.add(
          new RabbitServer(
              node,
              configure(node, nodes, mapperPort, more),
              root,
              servers.isEmpty() ? mapper : null));
    }
    boolean started = false;
    try {
      servers.getFirst().process.begin();
      if (root == null) {
        // One of RabbitMQ 4 waits for the others before it answers.
        servers.getFirst().process.awaitAnswer();
      }
      for (RabbitServer server : servers.subList(1, count)) {
        server.process.begin();
      }
      for (RabbitServer server : servers) {
        server.process.awaitAnswer();
      }
      started = true;
    } finally {
      if (!started) {
        servers.forEach(RabbitServer::close);
      }
    }
    return servers;
  }

  private static Map<String, String> configure(
      Node node, List<Node> nodes, int mapperPort, List<String> more) throws IOException {
    Path folder = node.folder;
    Path cookie = folder.resolve(".erlang.cookie");
    Files.writeString(cookie, COOKIE);
    Files.setPosixFilePermissions(cookie, PosixFilePermissions.fromString("r--------"));
    Path plugins = Files.writeString(folder.resolve("enabled_plugins"), "[rabbitmq_stream].\n");
    List<String> lines =
        new ArrayList<>(
            List.of(
                "listeners.tcp.1 = 127.0.0.1:" + node.port,
                "stream.listeners.tcp.1 = 127.0.0.1:" + node.streamPort,
                "stream.advertised_host = 127.0.0.1",
                "stream.advertised_port = " + node.streamPort,
                "disk_free_limit.absolute = 1MB"));
    if (nodes.size() > 1) {
      lines.add("cluster_formation.peer_discovery_backend = classic_config");
      lines.addAll(
          IntStream.range(0, nodes.size())
              .mapToObj(index ->
                  "cluster_formation.classic_config.nodes."
                      + (index + 1)
                      + " = "
                      + nodes.get(index).name)
              .collect(Collectors.toList()));
    }
    lines.addAll(more);
    Path configuration = folder.resolve("rabbitmq.conf");
    Files.write(configuration, lines);
    Map<String, String> environment = new HashMap<>();
    environment.put("HOME", folder.toString());
    environment.put("ERL_EPMD_PORT", "" + mapperPort);
    environment.put("ERL_EPMD_ADDRESS", "127.0.0.1");
    environment.put("RABBITMQ_NODENAME", node.name);
    environment.put("RABBITMQ_DIST_PORT", "" + ServerProcess.freePort());
    environment.put("RABBITMQ_MNESIA_BASE", folder.resolve("data").toString());
    environment.put("RABBITMQ_LOG_BASE", folder.resolve("log").toString());
    environment.put("RABBITMQ_LOGS", "-");
    environment.put("RABBITMQ_CONFIG_FILE", configuration.toString());
    environment.put("RABBITMQ_ENABLED_PLUGINS_FILE", plugins.toString());
    environment.put("RABBITMQ_PID_FILE", folder.resolve("pid").toString());
    environment.put("RABBITMQ_ALLOW_INPUT", "true");
    environment.put(
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
        "+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}");
    environment.put("RABBITMQ_CTL_ERL_ARGS", "+S 1:1");
    return Map.copyOf(environment);
  }

  /** The port of 127.0.0.1 that clients of queues connect to; the same after a restart. */
  public int port() {
    return port;
  }

  /** The port of 127.0.0.1 that clients of streams connect to. */
  public int streamPort() {
    return streamPort;
  }

  /** Its name in the cluster. */
  public String node() {
    return node;
  }

  /**
   * Waits until it has on disk who keeps its streams. That is written a while after its first
   * stream was made: a server that is killed before has the streams, and never opens them again.
   */
  public void awaitStreamsKept() {
    awaitNamed("coordination", "rabbit_stream_coordinator");
  }

  /** The same for a quorum queue that was made. */
  public void awaitKept(String queue) {
    awaitNamed("quorum", queue);
  }

  private void awaitNamed(String system, String name) {
    Path names =
        Path.of(environment.getOrDefault("RABBITMQ_MNESIA_BASE", ""))
            .resolve(node + "/" + system + "/" + node + "/names.dets");
    InParallel.await(() -> contains(names, name));
  }

  private static boolean contains(Path file, String word) {
    try {
      return Files.exists(file) && new String(Files.readAllBytes(file), ISO_8859_1).contains(word);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The one of them that leads a queue or a stream; the first one has to run. */
  public static RabbitServer leader(List<RabbitServer> servers, String queue)
      throws IOException, InterruptedException {
    String listed = servers.getFirst().administer("list_queues", "name", "leader");
    return servers.stream()
        .filter(each -> listed.lines().anyMatch((queue + "\t" + each.node)::equals))
        .findFirst()
        .orElseThrow(() -> new AssertionError(listed));
  }

  /** Starts it again with what it has on disk. */
  public void restart() throws IOException {
    process.start();
  }

  /**
   * Waits until it says itself that it runs. It answers a little before, and until then drops all
   * that goes to a channel (direct reply-to), and confirms that.
   */
  public void awaitRunning() throws IOException, InterruptedException {
    String _ = administer("await_startup");
  }

  /** As kill -9 does. */
  public void kill() {
    process.kill();
  }

  /** It holds its connections and answers nobody, until {@link #goOn}. */
  public void pause() throws IOException, InterruptedException {
    process.pause();
  }

  /** The end of a {@link #pause}. */
  public void goOn() throws IOException, InterruptedException {
    process.goOn();
  }

  /**
   * What its administrator does, with rabbitmqctl.
   *
   * @return what that printed
   */
  public String administer(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(SCRIPTS + "rabbitmqctl", "--quiet", "--node", node));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command(command)).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process running = builder.start();
    running.getOutputStream().close();
    String printed = new String(running.getInputStream().readAllBytes(), UTF_8);
    if (running.waitFor() != 0) {
      throw new AssertionError(String.join(" ", command) + ": " + printed);
    }
    return printed;
  }

  @Override
  public void close() {
    process.close();
    if (mapper != null) {
      mapper.close();
    }
  }

  private List<String> command(List<String> program) {
    return root == null ? program : root.command(folder, program);
  }

  private record Node(String name, Path folder, int port, int streamPort) {}
}
