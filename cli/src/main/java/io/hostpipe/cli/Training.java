package io.hostpipe.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * The run that the AOT cache is made from: what it loads, links and warms up starts fast later.
 *
 * <p>It runs real commands, several in this one process because the cache takes no more than one. A
 * command is worth adding when its start is felt. Nothing else calls this class.
 */
final class Training {
  /** Enough that a transfer is more than its beginning and its end. */
  private static final int FILE_BYTES = 4 << 20;

  private Training() {}

  static void main() throws IOException, InterruptedException, ExecutionException {
    run("--version");
    run("--help");
    run("addresses");
    Path folder = Files.createTempDirectory("hostpipe-training-");
    Path sent = Files.write(folder.resolve("sent"), new byte[FILE_BYTES]);
    Path received = folder.resolve("received");
    try {
      run("check", sent.toString(), received.toString());
      train(sent.toString(), received.toString());
      run(sent.toString(), received.toString(), "overwrite", "--summary", "json", "-q");
      // Standard input is empty in a build: what reads it starts all the same.
      train("-", "-");
    } finally {
      Files.deleteIfExists(received);
      Files.delete(sent);
      Files.delete(folder);
    }
  }

  /** From one end to the other through a link of this host, both sides in this process. */
  private static void train(String source, String destination)
      throws IOException, InterruptedException, ExecutionException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Future<?> receiver = receiving("tcp-listen://127.0.0.1:" + port + "/training", destination);
    run(source, "tcp://127.0.0.1:" + port + "/training");
    receiver.get();
  }

  private static Future<?> receiving(String... command) {
    FutureTask<?> task = new FutureTask<>(() -> run(command), null);
    Thread.ofPlatform().name("receiver").start(task);
    return task;
  }

  private static void run(String... command) {
    int exitCode = Main.run(command);
    if (exitCode != 0) {
      throw new IllegalStateException("hostpipe " + List.of(command) + " ended with " + exitCode);
    }
  }
}
