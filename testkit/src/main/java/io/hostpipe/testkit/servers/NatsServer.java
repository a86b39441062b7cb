package io.hostpipe.testkit.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A nats-server with JetStream, alone or one of a cluster.
 *
 * <p>Thread rule: one thread.
 */
public final class NatsServer implements AutoCloseable {
  /** What is the largest message of NATS that the protocol allows at all. */
  private static final String PAYLOAD_MAX = "64MB";

  private final int port;
  private final ServerProcess process;
  private final Path configuration;

  private NatsServer(int port, ServerProcess process, Path configuration) {
    this.port = port;
    this.process = process;
    this.configuration = configuration;
  }

  /**
   * Starts one alone.
   *
   * @param folder its own, where it keeps what is written
   * @param more lines of its configuration
   */
  public static NatsServer start(Path folder, String... more) throws IOException {
    NatsServer server = make(folder, "alone", ServerProcess.freePort(), List.of(more));
    server.process.start();
    return server;
  }

  /**
   * Starts several that keep streams together.
   *
   * @param folder for a folder of each
   */
  public static List<NatsServer> startCluster(Path folder, int count) throws IOException {
    List<Integer> routes = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      routes.add(ServerProcess.freePort());
    }
    String all =
        String.join(", ", routes.stream().map(port -> "nats://127.0.0.1:" + port).toList());
    List<NatsServer> servers = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      Path own = Files.createDirectories(folder.resolve("node" + index));
      List<String> more =
          List.of(
              "cluster { name: test, listen: \"127.0.0.1:"
                  + routes.get(index)
                  + "\", routes: ["
                  + all
                  + "] }");
      servers.add(make(own, "node" + index, ServerProcess.freePort(), more));
    }
    for (NatsServer server : servers) {
      server.process.start();
    }
    return servers;
  }

  private static NatsServer make(Path folder, String name, int port, List<String> more)
      throws IOException {
    Path configuration = folder.resolve("nats.conf");
    List<String> lines =
        new ArrayList<>(
            List.of(
                "listen: \"127.0.0.1:" + port + "\"",
                "server_name: " + name,
                "max_payload: " + PAYLOAD_MAX,
                "jetstream { store_dir: \"" + folder.resolve("store") + "\" }"));
    lines.addAll(more);
    Files.write(configuration, lines);
    return new NatsServer(
        port,
        new ServerProcess(List.of("nats-server", "-c", configuration.toString()), folder, port),
        configuration);
  }

  /** The port of 127.0.0.1 that clients connect to; the same after a restart. */
  public int port() {
    return port;
  }

  /** Starts it again with what it has on disk. */
  public void restart() throws IOException {
    process.start();
  }

  /**
   * The same with another configuration.
   *
   * @param more lines behind those that it had, which win over them
   */
  public void restart(String... more) throws IOException {
    configure(more);
    process.start();
  }

  /**
   * Has it read another configuration while it runs, and waits until that holds.
   *
   * @param more lines behind those that it had, which win over them
   */
  public void reload(String... more) throws IOException, InterruptedException {
    configure(more);
    process.tellAndAwait(
        "HUP", "Reloaded server configuration", "Failed to reload server configuration");
  }

  private void configure(String... more) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(configuration));
    lines.addAll(List.of(more));
    Files.write(configuration, lines);
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
