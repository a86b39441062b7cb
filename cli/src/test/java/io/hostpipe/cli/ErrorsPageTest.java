package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Status;
import io.hostpipe.session.Frame;
import io.hostpipe.testkit.RawPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What docs/ERRORS.md says of each status code is what the command does. */
final class ErrorsPageTest {
  private static final Path PAGE = Path.of("../docs/ERRORS.md");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([A-Z_]+)` \\| (\\d+) \\| [^|]+ \\| (yes|no) \\| (\\d+) \\|$");

  @Test
  void everyCodeHasARow() throws IOException {
    assertThat(rows().stream().map(Row::status))
        .containsExactlyElementsOf(
            Arrays.stream(Status.values()).filter(status -> status != Status.OK).toList());
    assertThat(rows())
        .allSatisfy(row -> {
          assertThat(row.status.code()).isEqualTo(row.number);
          assertThat(row.status.retryable()).isEqualTo(row.retried);
        });
  }

  @ParameterizedTest
  @MethodSource("rows")
  void anAnswerIsRetriedAndEndsTheCommandAsThePageSays(Row row, @TempDir Path folder)
      throws Exception {
    Path file = Files.writeString(folder.resolve("sent"), "anything");
    AtomicInteger dialed = new AtomicInteger();
    Thread answering;
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      answering = Thread.ofVirtual().start(() -> answerAll(server, row.status.code(), dialed));
      int exit =
          Main.run(
              file.toString(),
              "tcp://127.0.0.1:" + server.getLocalPort() + "/n",
              "--retry-max",
              "1",
              "-q");
      assertThat(exit).isEqualTo(row.exit);
      assertThat(dialed.get()).isEqualTo(row.retried ? 2 : 1);
    }
    answering.join();
  }

  static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    Matcher row = ROW.matcher(Files.readString(PAGE));
    while (row.find()) {
      rows.add(
          new Row(
              Status.valueOf(row.group(1)),
              Integer.parseInt(row.group(2)),
              row.group(3).equals("yes"),
              Integer.parseInt(row.group(4))));
    }
    return rows;
  }

  /** A peer that says nothing but this code to everyone who dials. */
  private static void answerAll(ServerSocket server, int code, AtomicInteger dialed) {
    while (true) {
      try (Socket socket = server.accept()) {
        dialed.incrementAndGet();
        ByteBuffer answer = RawPeer.encode(new Frame.Failure(code, "as the page says"));
        byte[] bytes = new byte[answer.remaining()];
        answer.get(bytes);
        socket.getOutputStream().write(bytes);
        socket.shutdownOutput();
        socket.getInputStream().readAllBytes();
      } catch (IOException e) {
        if (server.isClosed()) {
          return;
        }
      }
    }
  }

  record Row(Status status, int number, boolean retried, int exit) {}
}
