package io.hostpipe.connector.tcp.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs that people have, in both roles and both directions. */
@Timeout(240)
final class RawProgramsTest {
  private static final byte[] SENT = RawPlace.random(5_000_003);

  @TempDir private Path folder;
  private final RawPlace place = new RawPlace();

  @AfterEach
  void closeAll() {
    place.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nc -N 127.0.0.1 PORT",
        "ncat --send-only 127.0.0.1 PORT",
        "socat -u - TCP:127.0.0.1:PORT",
      })
  void aProgramThatDialsSendsToUs(String command) throws Exception {
    Listener listener = place.listen(place.receiving());
    feed(program(command, listener.address().port()));
    assertThat(RawPlace.readAll(place.accept(listener).source())).isEqualTo(SENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nc -d 127.0.0.1 PORT",
        "ncat --recv-only 127.0.0.1 PORT",
        "socat -u TCP:127.0.0.1:PORT -",
      })
  void aProgramThatDialsReceivesFromUs(String command) throws Exception {
    Listener listener = place.listen(place.sending());
    Process program = program(command, listener.address().port());
    InParallel<byte[]> received = output(program);
    sendTo(place.accept(listener));
    assertThat(received.join()).isEqualTo(SENT);
    assertThat(program.waitFor()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nc -d -l 127.0.0.1 PORT",
        "ncat --recv-only -l 127.0.0.1 PORT",
        "socat -u TCP-LISTEN:PORT,bind=127.0.0.1 -",
      })
  void aProgramThatListensReceivesFromUs(String command) throws Exception {
    int port = RawPlace.freePort();
    Process program = program(command, port);
    InParallel<byte[]> received = output(program);
    sendTo(place.dial(port, place.sending()));
    assertThat(received.join()).isEqualTo(SENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nc -N -l 127.0.0.1 PORT",
        "ncat --send-only -l 127.0.0.1 PORT",
        "socat -u - TCP-LISTEN:PORT,bind=127.0.0.1",
      })
  void aProgramThatListensSendsToUs(String command) throws Exception {
    int port = RawPlace.freePort();
    Process program = program(command, port);
    Pipe pipe = place.dial(port, place.receiving());
    feed(program);
    assertThat(RawPlace.readAll(pipe.source())).isEqualTo(SENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nc -N -U SOCKET", "socat -u - UNIX-CONNECT:SOCKET"})
  void aProgramOfThisHostSendsToOurSocket(String command) throws Exception {
    Path socket = folder.resolve("x.sock");
    Listener listener = place.listen("raw+unix-listen://" + socket, place.receiving());
    feed(program(command.replace("SOCKET", socket.toString()), 0));
    assertThat(RawPlace.readAll(place.accept(listener).source())).isEqualTo(SENT);
    listener.close();
    assertThat(socket).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nc -d -l -U SOCKET", "socat -u UNIX-LISTEN:SOCKET -"})
  void aProgramOfThisHostReceivesAtItsSocket(String command) throws Exception {
    Path socket = folder.resolve("x.sock");
    Process program = program(command.replace("SOCKET", socket.toString()), 0);
    InParallel<byte[]> received = output(program);
    sendTo(place.dial("raw+unix://" + socket, place.sending()));
    assertThat(received.join()).isEqualTo(SENT);
  }

  private static void sendTo(Pipe pipe) throws Exception {
    RawPlace.write(pipe.sink(), SENT);
    pipe.sink().finish();
    pipe.close();
  }

  private Process program(String command, int port) throws IOException {
    List<String> words =
        Arrays.asList(command.replace("PORT", String.valueOf(port)).split(" ", -1));
    assumeTrue(isInstalled(words.getFirst()), words.getFirst() + " is not installed");
    return place.start(new ProcessBuilder(words).redirectInput(Redirect.PIPE));
  }

  private static void feed(Process program) {
    InParallel.run(() -> {
      try (OutputStream in = program.getOutputStream()) {
        in.write(SENT);
      }
      return "fed";
    });
  }

  private static InParallel<byte[]> output(Process program) {
    return InParallel.run(() -> program.getInputStream().readAllBytes());
  }

  private static boolean isInstalled(String program) {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
