package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an acknowledgement means through a host in between: real processes, A to B to C. */
final class RelayedAckTest {
  private static final int SOME_BYTES = 2 << 20;

  @TempDir private Path folder;

  private final byte[] content = new byte[SOME_BYTES];
  private int portOfB;
  private int portOfC;

  @BeforeEach
  void prepare() throws IOException {
    new Random(1).nextBytes(content);
    try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      portOfB = one.getLocalPort();
      portOfC = other.getLocalPort();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whenTheLastHostIsKilledAllIsAppliedThereInTheEnd(boolean withSpool) throws Exception {
    try (CommandProcess b = b(withSpool);
        CommandProcess a = a()) {
      try (CommandProcess killed = c()) {
        killed.awaitPort();
        feedHalf(a);
        killed.signal("KILL").exitCode();
      }
      try (CommandProcess again = c()) {
        feedRest(a);
        assertEndWell(a, b, again);
      }
    }
    assertThat(out()).hasBinaryContent(content);
  }

  @Test
  void whenARelayWithASpoolIsKilledAllIsAppliedAtTheLastHostInTheEnd() throws Exception {
    try (CommandProcess c = c();
        CommandProcess a = a()) {
      try (CommandProcess killed = b(true)) {
        killed.awaitPort();
        feedHalf(a);
        killed.signal("KILL").exitCode();
      }
      try (CommandProcess again = b(true)) {
        feedRest(a);
        assertEndWell(a, again, c);
      }
    }
    assertThat(out()).hasBinaryContent(content);
  }

  /** The receiver is another one then, and what is certain is said with what is not. */
  @Test
  void whenARelayWithoutASpoolIsKilledTheFirstHostSaysWhatIsCertain() throws Exception {
    try (CommandProcess c = c();
        CommandProcess a = a()) {
      try (CommandProcess killed = b(false)) {
        killed.awaitPort();
        feedHalf(a);
        killed.signal("KILL").exitCode();
      }
      c.signal("KILL").exitCode();
      try (CommandProcess _ = b(false);
          CommandProcess _ = c()) {
        assertThat(a.exitCode()).as(a::err).isEqualTo(4);
        assertThat(a.err())
            .contains("is another one than before")
            .containsPattern("delivered: 0\\.\\.\\d+(, perhaps up to \\d+)?\n");
      }
    }
  }

  /** Nobody is at the last host, and the first one is done: its bytes are on the disk of B. */
  @Test
  void durableIsSaidByARelayWithASpoolThoughTheLastHostIsDown() throws Exception {
    try (CommandProcess b = b(true);
        CommandProcess a = a("--ack", "durable")) {
      a.feed(content).endInput();
      assertThat(a.exitCode()).as(a::err).isZero();
      b.signal("KILL").exitCode();
    }
    assertThat(out()).doesNotExist();
    try (CommandProcess _ = b(true);
        CommandProcess c = c()) {
      assertThat(c.exitCode()).as(c::err).isZero();
    }
    assertThat(out()).hasBinaryContent(content);
  }

  @Test
  void durableIsHandedOnByARelayWithoutASpoolThatAsksForItItself() throws Exception {
    try (CommandProcess c = c();
        CommandProcess b = b(false, "--ack", "durable");
        CommandProcess a = a("--ack", "durable")) {
      a.feed(content).endInput();
      assertEndWell(a, b, c);
    }
    assertThat(out()).hasBinaryContent(content);
  }

  @Test
  void durableIsRefusedByARelayThatCannotSayItBeforeTheFirstByte() throws Exception {
    try (CommandProcess _ = c();
        CommandProcess _ = b(false);
        CommandProcess a = a("--ack", "durable")) {
      assertThat(a.exitCode()).as(a::err).isEqualTo(4);
      assertThat(a.err()).contains("durable");
    }
    assertThat(!Files.exists(out()) || Files.size(out()) == 0).isTrue();
  }

  private void feedHalf(CommandProcess a) throws IOException {
    a.feed(Arrays.copyOf(content, SOME_BYTES / 2));
    Waiting.until(() -> Files.exists(out()) && Files.size(out()) > 0);
  }

  private void feedRest(CommandProcess a) throws IOException {
    a.feed(Arrays.copyOfRange(content, SOME_BYTES / 2, SOME_BYTES)).endInput();
  }

  private static void assertEndWell(CommandProcess... all) throws InterruptedException {
    for (CommandProcess each : all) {
      assertThat(each.exitCode()).as(each::err).isZero();
    }
  }

  private Path out() {
    return folder.resolve("out");
  }

  private CommandProcess a(String... more) throws IOException {
    return start("a", List.of("-", "tcp://127.0.0.1:" + portOfB + "/x", "--session", "s"), more);
  }

  private CommandProcess b(boolean withSpool, String... more) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of(
                "tcp-listen://127.0.0.1:" + portOfB + "/x", "tcp://127.0.0.1:" + portOfC + "/y"));
    if (withSpool) {
      words.addAll(List.of("--spool", folder.resolve("spool").toString()));
    }
    return start("b", words, more);
  }

  private CommandProcess c() throws IOException {
    return start(
        "c",
        List.of("tcp-listen://127.0.0.1:" + portOfC + "/y", out().toString(), "--session", "s"));
  }

  private CommandProcess start(String host, List<String> words, String... more) throws IOException {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of(more));
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.resolve(host).toString()), all.toArray(String[]::new));
  }
}
