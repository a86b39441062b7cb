package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.Ends;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Fault 41: a listening process that runs out of file descriptors waits, says so, and lives on. */
@Timeout(240)
final class OutOfDescriptorsTest {
  private static final int DESCRIPTORS = 150;
  private static final int STRANGER_COUNT = 200;

  private final Ends ends = TestEnds.tcp();
  private final List<SocketChannel> strangers = new ArrayList<>();

  @AfterEach
  void closeAll() throws IOException {
    for (SocketChannel each : strangers) {
      each.close();
    }
    ends.close();
  }

  @Test
  void whoeverCameBeforeAndWhoeverComesAfterwardsIsServed() throws Exception {
    Process process = start();
    List<String> said = new CopyOnWriteArrayList<>();
    Thread.ofVirtual().start(() -> collect(process, said));
    try {
      InParallel.await(() -> !said.isEmpty());
      int port = Integer.parseInt(said.getFirst());
      Pipe before = ends.dial(port, "name", Ends.UNHURRIED, ends.messages());
      before.send(new byte[1]).awaitCommitted();
      for (int count = 0; count < STRANGER_COUNT; count++) {
        strangers.add(
            SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
      }
      InParallel.await(() -> said.stream().anyMatch(line -> line.contains("Too many open files")));
      before.send(new byte[1]).awaitCommitted();
      // The strangers are turned away one by one, and make room.
      Pipe afterwards = ends.dial(port, "name", ends.messages());
      afterwards.send(new byte[1]).awaitCommitted();
      before.send(new byte[1]).awaitCommitted();
      assertThat(before.stats().resumes()).isZero();
      assertThat(process.isAlive()).isTrue();
      assertThat(said)
          .filteredOn(line -> line.contains("Too many open files"))
          .hasSizeLessThan(STRANGER_COUNT / 4)
          .allMatch(line -> line.contains("cannot take a connection on port " + port));
      assertThat(said).noneMatch(line -> line.contains("Exception") || line.startsWith("\tat "));
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  private static Process start() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String limited = "ulimit -n " + DESCRIPTORS + "; exec \"$@\"";
    return new ProcessBuilder(
            "sh",
            "-c",
            limited,
            "sh",
            java,
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Listening.class.getName())
        .redirectErrorStream(true)
        .start();
  }

  private static void collect(Process process, List<String> said) {
    try (BufferedReader reader = process.inputReader()) {
      reader.lines().forEach(said::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The process that runs out: commits whatever any pipe brings. */
  static final class Listening {
    private Listening() {}

    /** Prints the port, then what there is to tell. */
    public static void main(String[] args) throws Exception {
      PipeEvents printing =
          new PipeEvents() {
            @Override
            public void warning(String text) {
              System.out.println(text);
            }
          };
      Address address =
          Address.parse("tcp-listen://127.0.0.1:0/name?heartbeat=1s&handshake=1s&linger=1s");
      PipeContext context = PipeContext.messages(Hostpipe.pool()).withEvents(printing);
      try (Listener listener = new TcpConnector().listen(address, context)) {
        System.out.println(listener.address().port());
        while (true) {
          Pipe pipe = listener.accept();
          Thread.ofVirtual()
              .start(() -> {
                for (Message message : pipe.messages()) {
                  try {
                    message.commit();
                  } catch (PipeException e) {
                    throw new UncheckedIOException(e);
                  }
                }
              });
        }
      }
    }
  }
}
