package io.hostpipe.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * The run that the AOT cache is made from: what it loads, links and warms up starts fast later.
 *
 * <p>It runs real commands, several in this one process because the cache takes no more than one. A
 * command is worth adding when its start is felt. One that fails (a host may have no loopback
 * interface) costs time at its start later, and nothing else: it is told, and the rest goes on.
 * Nothing else calls this class.
 */
final class Training {
  /** Enough that what every block passes is called often enough to be worth a profile. */
  private static final int FILE_BLOCK_COUNT = 32;

  private static final int BLOCK_BYTES = 1 << 20;

  /** How long a host without a loopback interface keeps its build waiting. */
  private static final String GIVE_UP = "5s";

  private Training() {}

  static void main() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("hostpipe-training");
    try {
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

  private static void moveFiles(Path folder) throws IOException, InterruptedException {
    Path source = folder.resolve("in");
    byte[] block = new byte[BLOCK_BYTES];
    new Random(1).nextBytes(block);
    try (OutputStream out = Files.newOutputStream(source)) {
      for (int i = 0; i < FILE_BLOCK_COUNT; i++) {
        out.write(block);
      }
    }
    String in = source.toString();
    run("check", in, folder.resolve("copy").toString());
    run(in, folder.resolve("copy").toString());
    run(in, folder.resolve("copy").toString(), "overwrite", "--summary", "json", "-q");
    run(in, "/dev/null");
    moveOverLink(in, folder.resolve("out").toString());
    // Standard input is empty in a build: what reads it starts all the same. Last, because it and
    // standard output are closed by this.
    moveOverLink("-", "-");
  }

  /** From one end to the other through a link of this host, both sides in this process. */
  private static void moveOverLink(String source, String destination)
      throws IOException, InterruptedException {
    String hostPort = "127.0.0.1:" + freePort();
    Thread receiver =
        Thread.ofPlatform()
            .name("receiver")
            .start(() ->
                run("tcp-listen://" + hostPort + "/training", destination, "--give-up", GIVE_UP));
    run(source, "tcp://" + hostPort + "/training", "--give-up", GIVE_UP);
    receiver.join();
  }

  /** Free a moment ago; should it be taken now, the transfer over it is only not trained. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
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
