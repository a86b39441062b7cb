package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One pipe over several carriers: {@code --via}. */
final class FailoverTest {
  private static final int FILE_BYTES = 16 << 20;

  /** Who takes a connection and falls silent is left after this; a busy machine is not so slow. */
  private static final String SHORT = "?heartbeat=2s&handshake=15s";

  @TempDir private Path folder;

  private final byte[] content = new byte[FILE_BYTES];

  @BeforeEach
  void prepare() {
    new Random(5).nextBytes(content);
  }

  /** Tcp takes connections and passes nothing any more, as behind a firewall that drops. */
  @Test
  void goesOnOverTheNextCarrierWhenOneStaysDown() throws Exception {
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
        CommandProcess.start(
            "tcp-listen://127.0.0.1:0/x" + SHORT,
            received.toString(),
            "--via",
            "ws-listen://127.0.0.1:0/x" + SHORT)) {
      int tcp = port(receiver, "tcp");
      int ws = port(receiver, "ws");
      try (FaultProxy proxy =
              FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcp));
          CommandProcess sender =
              CommandProcess.start(
                  "-",
                  "tcp://127.0.0.1:" + proxy.address().getPort() + "/x" + SHORT,
                  "--via",
                  "ws://127.0.0.1:" + ws + "/x" + SHORT)) {
        receiver.awaitSaid("listening on ws-listen");
        feedHalf(sender, received);
        proxy.cutEach(Fault.BLACKHOLE);
        proxy.cutNow(Fault.BLACKHOLE);
        feedRest(sender);
        assertWentOver(sender, receiver);
        assertThat(proxy.connectionCount()).isGreaterThan(1);
      }
    }
    assertThat(received).hasBinaryContent(content);
  }

  /** And from the one that listens: it sends, and has to find the peer on its other port. */
  @Test
  void aSenderThatListensGoesOnOverTheNextCarrier() throws Exception {
    Path received = folder.resolve("received");
    try (CommandProcess sender =
        CommandProcess.start(
            "-",
            "tcp-listen://127.0.0.1:0/x" + SHORT,
            "--via",
            "ws-listen://127.0.0.1:0/x" + SHORT)) {
      int tcp = port(sender, "tcp");
      int ws = port(sender, "ws");
      try (FaultProxy proxy =
              FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcp));
          CommandProcess receiver =
              CommandProcess.start(
                  "tcp://127.0.0.1:" + proxy.address().getPort() + "/x" + SHORT,
                  received.toString(),
                  "--via",
                  "ws://127.0.0.1:" + ws + "/x" + SHORT)) {
        feedHalf(sender, received);
        proxy.refuse(true);
        proxy.cutNow(Fault.RESET);
        feedRest(sender);
        assertWentOver(sender, receiver);
      }
    }
    assertThat(received).hasBinaryContent(content);
  }

  /** A firewall between two hosts begins to drop what goes to the port of tcp. */
  @Test
  void tcpThatIsBlockedInMidStreamIsLeftForTheNextCarrier() throws Exception {
    String near = "hpf" + ProcessHandle.current().pid() + "n";
    String far = "hpf" + ProcessHandle.current().pid() + "f";
    assumeTrue(run("ip", "netns", "add", near) == 0, "no right to make network namespaces");
    try {
      assertThat(run("ip", "netns", "add", far)).isZero();
      ip("-n " + near + " link add eth0 type veth peer name eth0 netns " + far);
      ip("-n " + near + " addr add 10.8.0.1/24 dev eth0");
      ip("-n " + far + " addr add 10.8.0.2/24 dev eth0");
      ip("-n " + near + " link set eth0 up");
      ip("-n " + far + " link set eth0 up");
      assumeTrue(
          run("ip", "netns", "exec", far, "nft", "add table inet f") == 0, "no nft to block with");
      Path received = folder.resolve("received");
      try (CommandProcess receiver =
          CommandProcess.startBy(
              List.of("ip", "netns", "exec", far),
              "tcp-listen://10.8.0.2:9000/x" + SHORT + "&auth=none",
              received.toString(),
              "--via",
              "ws-listen://10.8.0.2:9080/x" + SHORT + "&auth=none")) {
        receiver.awaitSaid("listening on tcp-listen");
        receiver.awaitSaid("listening on ws-listen");
        try (CommandProcess sender =
            CommandProcess.startBy(
                List.of("ip", "netns", "exec", near),
                "-",
                "tcp://10.8.0.2:9000/x" + SHORT,
                "--via",
                "ws://10.8.0.2:9080/x" + SHORT)) {
          feedHalf(sender, received);
          String chain = "add chain inet f in { type filter hook input priority 0; }";
          assertThat(run("ip", "netns", "exec", far, "nft", chain)).isZero();
          String rule = "add rule inet f in tcp dport 9000 drop";
          assertThat(run("ip", "netns", "exec", far, "nft", rule)).isZero();
          feedRest(sender);
          assertWentOver(sender, receiver);
        }
      }
      assertThat(received).hasBinaryContent(content);
    } finally {
      run("ip", "netns", "del", near);
      run("ip", "netns", "del", far);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "- tcp://h:1/x --via wss://h/x|is encrypted and the other is not",
        "- tls://h:1/x --via ws://h/x|is encrypted and the other is not",
        "- tls://h:1/x?token=@t --via tcp://h:2/x|is encrypted and the other is not",
        "- tls://h:1/x?token=@t --via tcp://h:2/x?token=@t&binding=none|is encrypted and the other",
        "- tls://h:1/x?token=@t --via ssh://h/x|has a token and the other has none",
        "wss-listen://127.0.0.1:0/x - --via unix-listen:///tmp/x|is encrypted and the other is not",
        "- tcp://h:1/x --via tcp-listen://127.0.0.1:0/x|it waits, and tcp://h:1/x dials",
        "- tcp://h:1/x --via raw+tcp://h:2|no session goes on over raw+tcp://h:2",
        "- ./x --via tcp://h:2/x|no end is one",
        "tcp://h:1/x tcp://h:2/x --via tcp://h:3/x|more than one end is one",
        "- tcp://127.0.0.1:1/x --via ws://127.0.0.1:1/y|names the pipe 'y', and the first address"
            + " 'x'",
      })
  void whatCannotStandInIsRefusedBeforeTheFirstByte(String words, String said) throws Exception {
    try (CommandProcess process = CommandProcess.start(words.split(" ", -1))) {
      assertThat(process.exitCode()).as(process::err).isEqualTo(2);
      assertThat(process.err()).contains(said);
    }
  }

  @Test
  void tokensOfDifferentNamesAreRefusedBeforeAnybodyIsDialed() throws Exception {
    Path web1 = folder.resolve("web1.token");
    Path web2 = folder.resolve("web2.token");
    for (Path each : List.of(web1, web2)) {
      String name = each.getFileName().toString().replace(".token", "");
      try (CommandProcess made =
          CommandProcess.start(
              "key", "token", name, "tokens=" + folder.resolve("tokens"), "write")) {
        assertThat(made.exitCode()).as(made::err).isZero();
        Files.write(each, made.out());
      }
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rw-------"));
    }
    try (CommandProcess process =
        CommandProcess.start(
            "-",
            "tls://127.0.0.1:1/x?token=@" + web1,
            "--via",
            "wss://127.0.0.1:1/x?token=@" + web2)) {
      assertThat(process.exitCode()).as(process::err).isEqualTo(2);
      assertThat(process.err())
          .contains("its token is that of web2")
          .contains("has that of web1; a stream belongs to one token");
    }
  }

  private static void assertWentOver(CommandProcess sender, CommandProcess receiver)
      throws InterruptedException {
    assertThat(sender.exitCode()).as(sender::err).isZero();
    assertThat(receiver.exitCode()).as(receiver::err).isZero();
    for (CommandProcess each : List.of(sender, receiver)) {
      assertThat(each.err())
          .containsPattern("carriers +tcp, then ws\n")
          .containsPattern("resumes +[1-9]")
          .containsPattern("duplicates dropped +0\n");
    }
  }

  /** Of the half it gets some has arrived; it is not through before it gets the rest. */
  private void feedHalf(CommandProcess sender, Path received) throws Exception {
    sender.feed(Arrays.copyOf(content, FILE_BYTES / 2));
    Waiting.until(() -> {
      assertThat(sender.isAlive()).as(sender::err).isTrue();
      return Files.exists(received) && Files.size(received) > FILE_BYTES / 4;
    });
  }

  private void feedRest(CommandProcess sender) throws IOException {
    sender.feed(Arrays.copyOfRange(content, FILE_BYTES / 2, FILE_BYTES)).endInput();
  }

  /** The port that it says it listens on with this scheme. */
  private static int port(CommandProcess process, String scheme) throws InterruptedException {
    String said = "listening on " + scheme + "-listen://127.0.0.1:";
    process.awaitSaid(said);
    Matcher port = Pattern.compile(Pattern.quote(said) + "([0-9]+)/").matcher(process.err());
    assertThat(port.find()).isTrue();
    return Integer.parseInt(port.group(1));
  }

  private static void ip(String words) throws IOException, InterruptedException {
    assertThat(run(("ip " + words).split(" ", -1))).as(words).isZero();
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
