package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The article's log forwarding: a log is followed on each of three hosts (network namespaces), and
 * a fourth one takes all of them at once.
 */
final class ThreeHostsTest {
  private static final int LINE_COUNT = 20_000;
  private static final int INTERRUPTED = 130;
  private static final List<String> NAMES = List.of("a", "b", "c");

  private final String prefix = "hp" + ProcessHandle.current().pid();
  @TempDir private Path folder;

  @BeforeEach
  void makeHosts() throws IOException, InterruptedException {
    assumeTrue(run("ip", "netns", "add", host("hub")) == 0, "no right to make network namespaces");
    ip("netns exec " + host("hub") + " ip link set lo up");
    ip("netns exec " + host("hub") + " ip link add bridge type bridge");
    ip("netns exec " + host("hub") + " ip addr add 10.7.0.1/24 dev bridge");
    ip("netns exec " + host("hub") + " ip link set bridge up");
    for (int index = 0; index < NAMES.size(); index++) {
      String name = NAMES.get(index);
      ip("netns add " + host(name));
      ip(
          "-n "
              + host("hub")
              + " link add to-"
              + name
              + " type veth peer name eth0 netns "
              + host(name));
      ip("-n " + host("hub") + " link set to-" + name + " master bridge up");
      ip("-n " + host(name) + " addr add 10.7.0." + (index + 2) + "/24 dev eth0");
      ip("-n " + host(name) + " link set eth0 up");
    }
  }

  @AfterEach
  void removeHosts() throws IOException, InterruptedException {
    for (String name : Stream.concat(NAMES.stream(), Stream.of("hub")).toList()) {
      run("ip", "netns", "del", host(name));
    }
  }

  @Test
  void eachHostsLinesArriveCompleteAndInOrder() throws Exception {
    Path all = folder.resolve("all.log");
    List<CommandProcess> tails = new ArrayList<>();
    try (CommandProcess hub =
        CommandProcess.startBy(
            in("hub"),
            "tcp-listen://10.7.0.1:9000/logs",
            "auth=none",
            "fan-in",
            "--frame",
            "lines",
            all.toString())) {
      hub.awaitSaid("listening on");
      for (String name : NAMES) {
        Path log = Files.writeString(folder.resolve(name + ".log"), lines(name, 0, LINE_COUNT / 2));
        tails.add(
            CommandProcess.startBy(
                in(name), "tail:" + log, "tcp://10.7.0.1:9000/logs", "--frame", "lines"));
        Files.writeString(log, lines(name, LINE_COUNT / 2, LINE_COUNT), StandardOpenOption.APPEND);
      }
      // Whoever follows a log does not end by himself: what was appended late is not missed.
      long wanted = NAMES.stream().mapToLong(name -> lines(name, 0, LINE_COUNT).length()).sum();
      Waiting.until(
          () -> Files.size(all) >= wanted || !tails.stream().allMatch(CommandProcess::isAlive));
      for (CommandProcess tail : tails) {
        tail.signal("TERM");
        assertThat(tail.exitCode()).as(tail::err).isEqualTo(INTERRUPTED);
      }
      hub.signal("TERM");
      hub.exitCode();
    } finally {
      tails.forEach(CommandProcess::close);
    }
    List<String> got = Files.readAllLines(all);
    assertThat(got).hasSize(NAMES.size() * LINE_COUNT);
    for (String name : NAMES) {
      assertThat(got.stream().filter(line -> line.startsWith(name + " ")).toList())
          .isEqualTo(lines(name, 0, LINE_COUNT).lines().toList());
    }
  }

  private static String lines(String name, int from, int to) {
    StringBuilder lines = new StringBuilder();
    IntStream.range(from, to).forEach(number -> lines.append(name + " line " + number + "\n"));
    return lines.toString();
  }

  private String host(String name) {
    return prefix + name;
  }

  private List<String> in(String name) {
    return List.of("ip", "netns", "exec", host(name));
  }

  private static void ip(String words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words.split(" ", -1)));
    assertThat(run(command.toArray(String[]::new))).as(words).isZero();
  }

  private static int run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    if (status != 0) {
      System.out.println(String.join(" ", command) + ": " + said);
    }
    return status;
  }
}
