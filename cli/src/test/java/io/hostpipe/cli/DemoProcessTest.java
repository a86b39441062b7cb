package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.runtime.fault.Fault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DemoProcessTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tcp", "tls", "unix", "ws", "wss", "grpc", "grpcs", "ssh"})
  void showsEveryKindOfCutAndEqualFiles(String carrier) throws IOException, InterruptedException {
    assumeTrue(
        !carrier.equals("ssh") || Files.exists(Path.of("/usr/sbin/sshd")),
        "openssh-server is not installed");
    try (CommandProcess demo = demo("over=" + carrier, "size=16M", "rate=100MB/s", "cuts=5")) {
      assertThat(demo.exitCode()).as(demo::err).isZero();
      String table = new String(demo.out(), StandardCharsets.UTF_8);
      for (Fault fault : Fault.values()) {
        assertThat(table).contains(fault.toString());
        assertThat(demo.err()).contains(": " + fault + "\n");
      }
      assertThat(table)
          .contains("bytes                   16,777,216 of 16,777,216\n", "5 of 5\n")
          .contains("result                  equal: nothing lost, nothing twice");
    }
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void takesTheFileOfTheUserAndLeavesItAlone() throws IOException, InterruptedException {
    Path file = Files.write(folder.resolve("mine"), new byte[3_000_000]);
    try (CommandProcess demo = demo(file.toString(), "cuts=1", "-q")) {
      assertThat(demo.exitCode()).as(demo::err).isZero();
      assertThat(demo.out()).asString().contains("3,000,000 of 3,000,000");
      assertThat(demo.err()).isEmpty();
    }
    assertThat(leftovers()).containsExactly(file);
  }

  @Test
  void endsItsProcessesAndRemovesItsFilesWhenInterrupted()
      throws IOException, InterruptedException {
    try (CommandProcess demo = demo("size=100M", "rate=5MB/s", "cuts=40")) {
      demo.awaitSaid("hostpipe: cut 1 of 40");
      List<ProcessHandle> children = demo.process().children().toList();
      assertThat(children).hasSize(2);
      demo.signal("INT");
      assertThat(demo.exitCode()).isEqualTo(130);
      Waiting.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void saysHowMuchRoomItNeeds() throws IOException, InterruptedException {
    try (CommandProcess demo = demo("size=4000T")) {
      assertThat(demo.exitCode()).isEqualTo(4);
      assertThat(demo.err()).contains("the demo needs 7.8 PiB in " + folder, "say size=100M");
    }
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void saysWhenItsFolderCannotBeMade() throws IOException, InterruptedException {
    Path none = folder.resolve("none");
    try (CommandProcess demo = CommandProcess.start(Map.of("TMPDIR", none.toString()), "demo")) {
      assertThat(demo.exitCode()).isEqualTo(4);
      assertThat(demo.err()).contains("no folder can be made in " + none, "set TMPDIR");
    }
  }

  private CommandProcess demo(String... words) throws IOException {
    String[] command = Stream.concat(Stream.of("demo"), Stream.of(words)).toArray(String[]::new);
    return CommandProcess.start(Map.of("TMPDIR", folder.toString()), command);
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
