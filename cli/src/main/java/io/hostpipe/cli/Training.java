package io.hostpipe.cli;

import io.hostpipe.runtime.tls.Identity;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The run that an AOT cache is made from: what it loads, links and warms up starts fast later.
 *
 * <p>It runs real commands, several in this one process because the cache takes no more than one. A
 * command is worth adding when its start is felt. One that fails costs time at its start later, and
 * nothing else: it is told, and the rest goes on. Nothing else calls this class.
 */
final class Training {
  /** Enough that what every block passes is called often enough to be worth a profile. */
  private static final int FILE_BLOCK_COUNT = 32;

  /**
   * How often that file passes TLS. The cache also tells later processes which methods came to be
   * worth the second compiler here, and they compile these at once. What encrypts a record is
   * called once for each 16 KiB, and the compiler wants to have seen it thousands of times.
   */
  private static final int TLS_FILE_COUNT = 12;

  private static final int BLOCK_BYTES = 1 << 20;

  private Training() {}

  /**
   * Runs what the cache is for.
   *
   * @param args {@code grpc} for that of gRPC addresses, else nothing: the libraries of gRPC are
   *     half as large as all the rest, and would cost every other command time at its start
   */
  static void main(String[] args) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("hostpipe-training");
    try {
      if (args.length > 0 && args[0].equals("grpc")) {
        moveOverGrpc(folder);
        return;
      }
      run("--version");
      run("--help");
      run("addresses");
      run("addresses", "tcp");
      run("completion", "bash");
      moveFiles(folder);
    } finally {
      remove(folder);
    }
  }

  private static void moveOverGrpc(Path folder) throws IOException, InterruptedException {
    if (hasLoopback()) {
      String in = someFile(folder);
      Path key = folder.resolve("identity.pem");
      String pin = "peer=" + Identity.ofHost(key).fingerprint();
      move("grpc", in, null, "/dev/null", null);
      for (int count = 0; count < TLS_FILE_COUNT; count++) {
        move("grpcs", in, "cert=" + key, "/dev/null", pin);
      }
      move("grpc", "-", null, "-", null);
    }
  }

  private static String someFile(Path folder) throws IOException {
    Path source = folder.resolve("in");
    byte[] block = new byte[BLOCK_BYTES];
    new Random(1).nextBytes(block);
    try (OutputStream out = Files.newOutputStream(source)) {
      for (int i = 0; i < FILE_BLOCK_COUNT; i++) {
        out.write(block);
      }
    }
    return source.toString();
  }

  private static void moveFiles(Path folder) throws IOException, InterruptedException {
    String in = someFile(folder);
    run("check", in, folder.resolve("copy").toString());
    run(in, folder.resolve("copy").toString());
    run(in, folder.resolve("copy").toString(), "overwrite", "--summary", "json", "-q");
    run(in, "/dev/null");
    run(
        in,
        "/dev/null",
        "--frame",
        "lines",
        "--frame-out",
        "u32",
        "--rate",
        "1G",
        "--window",
        "1M");
    if (hasLoopback()) {
      Path key = folder.resolve("identity.pem");
      String pin = "peer=" + Identity.ofHost(key).fingerprint();
      for (int count = 0; count < TLS_FILE_COUNT; count++) {
        move("tls", in, "cert=" + key, "/dev/null", pin);
      }
      move("wss", in, "cert=" + key, "/dev/null", pin);
      moveOverLink(in, folder.resolve("out").toString());
      moveOverLink(in, "/dev/null", "--frame", "lines");
      // Standard input is empty in a build: what reads it starts all the same. Last, because it
      // and standard output are closed by this.
      moveOverLink("-", "-");
    }
  }

  /** From one end to the other through a link of this host, both sides in this process. */
  private static void moveOverLink(String source, String destination, String... flags)
      throws IOException, InterruptedException {
    move("tcp", source, null, destination, null, flags);
  }

  /** The same over a carrier whose ends want a word each. */
  private static void move(
      String scheme,
      String source,
      @Nullable String listensWith,
      String destination,
      @Nullable String dialsWith,
      String... flags)
      throws IOException, InterruptedException {
    int port;
    try (ServerSocket free = listening()) {
      port = free.getLocalPort();
    }
    String place = "://127.0.0.1:" + port + "/training";
    Thread receiver =
        Thread.ofPlatform()
            .name("receiver")
            .start(() -> run(words(flags, scheme + "-listen" + place, listensWith, destination)));
    run(words(flags, source, scheme + place, dialsWith));
    receiver.join();
  }

  private static String[] words(String[] flags, @Nullable String... ends) {
    return Stream.concat(Stream.of(ends).filter(Objects::nonNull), Stream.of(flags))
        .toArray(String[]::new);
  }

  /** A network namespace of its own may have the interface, but not up. */
  private static boolean hasLoopback() {
    try (ServerSocket server = listening();
        Socket client = new Socket(server.getInetAddress(), server.getLocalPort())) {
      return client.isConnected();
    } catch (IOException e) {
      System.err.println("training: no link, because this host has no loopback: " + e.getMessage());
      return false;
    }
  }

  private static ServerSocket listening() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  private static void run(String... words) {
    int exitCode = Main.run(words);
    if (exitCode != 0) {
      System.err.println("training: hostpipe " + List.of(words) + " ended with " + exitCode);
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
