package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.testkit.tls.TestAuthority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * TLS between two hosts (network namespaces), each with a user of its own who has never met the
 * other.
 */
final class TlsHostsTest {
  private static final byte[] SENT = "to be or not to be\n".getBytes(StandardCharsets.UTF_8);
  private static final Pattern INVITATION =
      Pattern.compile("on the other host: hostpipe ([-a-zA-Z0-9:/.=+ ]+)\n");

  private final String prefix = "hpt" + ProcessHandle.current().pid();
  @TempDir private Path folder;

  @BeforeEach
  void makeHosts() throws IOException, InterruptedException {
    assumeTrue(run("ip", "netns", "add", host("a")) == 0, "no right to make network namespaces");
    ip("netns add " + host("b"));
    ip("-n " + host("a") + " link add eth0 type veth peer name eth0 netns " + host("b"));
    for (String name : List.of("a", "b")) {
      ip("-n " + host(name) + " link set lo up");
      ip("-n " + host(name) + " addr add 10.8.0." + (name.equals("a") ? 1 : 2) + "/24 dev eth0");
      ip("-n " + host(name) + " link set eth0 up");
    }
  }

  @AfterEach
  void removeHosts() throws IOException, InterruptedException {
    run("ip", "netns", "del", host("a"));
    run("ip", "netns", "del", host("b"));
  }

  @Test
  void thePrintedLineWorksAsPrinted() throws Exception {
    Path received = folder.resolve("received");
    try (CommandProcess listener =
        onHost("a", "tls-listen://:9000/orders", "auth=none", received.toString())) {
      String line = invitation(listener);
      assertThat(line).startsWith("send tls://10.8.0.1:9000/orders peer=sha256:");
      try (CommandProcess sender = onHost("b", line.split(" ", -1))) {
        sender.feed(SENT).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
      }
      assertThat(listener.exitCode()).as(listener::err).isZero();
    }
    assertThat(received).hasBinaryContent(SENT);
  }

  @Test
  void whoeverIsNotTheOneMeantGetsNothing() throws Exception {
    Path received = folder.resolve("received");
    try (CommandProcess listener =
        onHost("a", "tls-listen://:9000/orders", "auth=none", received.toString())) {
      String line = invitation(listener);
      String address = "tls://10.8.0.1:9000/orders";
      assertRefused(
          onHost("b", "send", address, "peer=sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
          "10.8.0.1:9000 is not trusted: its key is sha256:",
          "and peer= allows sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
      String fingerprint = line.substring(line.indexOf("sha256:"));
      assertRefused(
          onHost("b", "send", address), "not known here; its key is " + fingerprint, "accept-new");
      Path known = folder.resolve("b/hostpipe/known_hosts");
      Files.createDirectories(known.getParent());
      Files.writeString(
          known, "10.8.0.1:9000 sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
      assertRefused(
          onHost("b", "send", address),
          "THE KEY OF THIS HOST HAS CHANGED",
          fingerprint,
          known + ", line 1");
      assertRefused(
          onHost("b", "send", "tcp://10.8.0.1:9000/orders"), "this port speaks TLS", "tls://");
      assertThat(listener.isAlive()).isTrue();
      assertThat(received)
          .satisfiesAnyOf(
              file -> assertThat(file).doesNotExist(), file -> assertThat(file).isEmptyFile());
    }
  }

  @Test
  void anExpiredCertificateIsRefusedAlthoughItIsPinned() throws Exception {
    TestAuthority.Issued old =
        new TestAuthority(folder, "authority").issueExpired("old", "10.8.0.1");
    try (CommandProcess listener =
        onHost(
            "a",
            "tls-listen://:9000/orders",
            "auth=none",
            "cert=" + old.file(),
            folder.resolve("received").toString())) {
      String[] line = invitation(listener).split(" ", -1);
      assertThat(listener.err()).contains("has expired");
      assertRefused(onHost("b", line), "its certificate has expired: it was valid until");
    }
  }

  private static void assertRefused(CommandProcess sender, String... parts) throws Exception {
    try (sender) {
      sender.feed(SENT);
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
      List<String> lines = sender.err().lines().filter(line -> line.contains(parts[0])).toList();
      assertThat(lines).singleElement().asString().contains(parts);
      assertThat(sender.err()).doesNotContain("Exception", "\tat ");
    }
  }

  private static String invitation(CommandProcess listener) throws InterruptedException {
    listener.awaitSaid("on the other host: ").awaitSaid("=\n");
    Matcher found = INVITATION.matcher(listener.err());
    assertThat(found.find()).as(listener::err).isTrue();
    return found.group(1);
  }

  private CommandProcess onHost(String name, String... words) throws IOException {
    return CommandProcess.startBy(
        List.of(
            "ip",
            "netns",
            "exec",
            host(name),
            "env",
            "XDG_CONFIG_HOME=" + folder.resolve(name),
            "XDG_STATE_HOME=" + folder.resolve(name)),
        words);
  }

  private String host(String name) {
    return prefix + name;
  }

  private static void ip(String words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words.split(" ", -1)));
    assertThat(run(command.toArray(String[]::new))).as(words).isZero();
  }

  private static int run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    return process.waitFor();
  }
}
