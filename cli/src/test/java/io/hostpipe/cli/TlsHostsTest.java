package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.runtime.tls.Identity;
import io.hostpipe.testkit.tls.TestAuthority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TLS between two hosts (network namespaces), each with a user of its own who has never met the
 * other.
 */
final class TlsHostsTest {
  private static final byte[] SENT = "to be or not to be\n".getBytes(StandardCharsets.UTF_8);
  private static final String ANOTHER_KEY = "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  private static final String TOKEN_WORD = "token=env:HOSTPIPE_TOKEN";

  private static final Pattern INVITATION =
      Pattern.compile("on the other host: hostpipe ([-a-zA-Z0-9:/.=+ ]+)\r?\n");

  private static final Pattern LINE =
      Pattern.compile(
          "on the other host: (HOSTPIPE_TOKEN=(invited:[A-Za-z0-9_-]{43}) hostpipe send"
              + " ([-a-z]+://[0-9.:]+/orders) (peer=sha256:[A-Za-z0-9+/]{43}=)"
              + " token=env:HOSTPIPE_TOKEN)\r?\n");

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

  /**
   * The line as a person sees it and runs it; and whoever lacks a part of it, or passes it on, is
   * told in one line what is wrong, exit code 4, and changes nothing for the others.
   */
  @ParameterizedTest
  @ValueSource(strings = {"tls", "wss", "grpcs"})
  void thePrintedLineWorksAsPrintedAndNothingLessDoes(String scheme) throws Exception {
    Path received = folder.resolve("received");
    try (CommandProcess listener =
        onTerminal("a", scheme + "-listen://:9000/orders", received.toString())) {
      Line line = line(listener);
      assertThat(line.address()).isEqualTo(scheme + "://10.8.0.1:9000/orders");
      assertNotTrusted(scheme, line);
      assertWantsTheToken(line);
      if (!scheme.equals("grpcs")) {
        // Who sits between has to agree on HTTP/2 there, which socat does not.
        assertNotPassedOn(scheme, line, listener);
      }
      try (CommandProcess sender = onHost("b", List.of("sh", script(line.text())))) {
        sender.feed(SENT).awaitSaid("hostpipe: ");
        assertNotListed(line.token());
        sender.endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(sender.err()).doesNotContain(line.token());
      }
      assertThat(listener.exitCode()).as(listener::err).isZero();
    }
    assertThat(received).hasBinaryContent(SENT);
    Path kept = folder.resolve("a/hostpipe/token");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
        .isEqualTo("rw-------");
  }

  private void assertNotTrusted(String scheme, Line line) throws Exception {
    assertRefused(
        withToken("b", line.token(), "send", line.address(), "peer=" + ANOTHER_KEY, TOKEN_WORD),
        "10.8.0.1:9000 is not trusted: its key is sha256:",
        "and peer= allows " + ANOTHER_KEY);
    TestAuthority.Issued old =
        new TestAuthority(folder, "authority").issueExpired("old", "10.8.0.1");
    try (CommandProcess listener =
        onTerminal(
            "a",
            scheme + "-listen://:9001/orders",
            "cert=" + old.file(),
            folder.resolve("nothing").toString())) {
      Line expired = line(listener);
      assertThat(expired.token()).isEqualTo(line.token());
      assertRefused(
          onHost("b", List.of("sh", script(expired.text()))),
          "its certificate has expired: it was valid until");
    }
  }

  private void assertWantsTheToken(Line line) throws Exception {
    assertRefused(
        withToken("b", line.token(), "send", line.address(), line.pin()),
        "this listener wants a token");
    String name = line.token().substring(0, line.token().indexOf(':'));
    assertRefused(
        withToken("b", name + ":another-secret-of-many-letters", send(line)),
        "token '" + name + "' was refused");
    assertRefused(
        withToken("b", "nobody:another-secret-of-many-letters", send(line)),
        "token 'nobody' was refused");
  }

  /** A proof that was given on one TLS connection, and is shown on another by who sits between. */
  private void assertNotPassedOn(String scheme, Line line, CommandProcess listener)
      throws Exception {
    Path key = folder.resolve("between.pem");
    String pin = "peer=" + Identity.ofHost(key).fingerprint();
    Process between =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                host("b"),
                "socat",
                "openssl-listen:9443,reuseaddr,fork,verify=0,cert=" + key,
                "openssl:10.8.0.1:9000,verify=0")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("between.log").toFile())
            .start();
    try {
      String address = scheme + "://10.8.0.2:9443/orders?" + pin;
      Waiting.until(() -> {
        assertThat(between.isAlive()).isTrue();
        try (CommandProcess check = withToken("b", line.token(), "check", address)) {
          return check.exitCode() == 0;
        }
      });
      assertRefused(
          withToken("b", line.token(), "send", address + "&" + TOKEN_WORD), "' was refused: it is");
      listener.awaitSaid("the proof is wrong");
    } finally {
      between.destroy();
      between.waitFor();
    }
  }

  @Test
  void aLogDoesNotGetTheTokenWhichIsThereForWhoAsks() throws Exception {
    Path received = folder.resolve("received");
    try (CommandProcess listener = onHost("a", "tls-listen://:9000/orders", received.toString())) {
      listener.awaitSaid("'hostpipe key token' on this host prints the token");
      String token;
      try (CommandProcess shown = onHost("a", "key", "token")) {
        assertThat(shown.exitCode()).as(shown::err).isZero();
        token = new String(shown.out(), StandardCharsets.UTF_8).strip();
        assertThat(token).matches("invited:[A-Za-z0-9_-]{43}");
      }
      assertThat(listener.err())
          .containsPattern(
              "on the other host: HOSTPIPE_TOKEN=… hostpipe send tls://10.8.0.1:9000/orders"
                  + " peer=sha256:\\S+= token=env:HOSTPIPE_TOKEN\n")
          .doesNotContain(token);
      String address = "tls://10.8.0.1:9000/orders";
      try (CommandProcess sender =
          withToken("b", token, "send", address, "accept-new", TOKEN_WORD)) {
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
          onHost("b", "send", address, "peer=" + ANOTHER_KEY),
          "10.8.0.1:9000 is not trusted: its key is sha256:",
          "and peer= allows " + ANOTHER_KEY);
      String fingerprint = line.substring(line.indexOf("sha256:"));
      assertRefused(
          onHost("b", "send", address), "not known here; its key is " + fingerprint, "accept-new");
      Path known = folder.resolve("b/hostpipe/known_hosts");
      Files.createDirectories(known.getParent());
      Files.writeString(known, "10.8.0.1:9000 " + ANOTHER_KEY + "\n");
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

  /** What a listener tells its user to run on the other host. */
  private record Line(String text, String token, String address, String pin) {}

  private static Line line(CommandProcess listener) throws InterruptedException {
    listener.awaitSaid("on the other host: ").awaitSaid(TOKEN_WORD);
    Waiting.until(() -> LINE.matcher(listener.err()).find());
    Matcher found = LINE.matcher(listener.err());
    assertThat(found.find()).as(listener::err).isTrue();
    return new Line(found.group(1), found.group(2), found.group(3), found.group(4));
  }

  private static String[] send(Line line) {
    return new String[] {"send", line.address(), line.pin(), TOKEN_WORD};
  }

  /** A script of a user who has hostpipe on the path. */
  private String script(String line) throws IOException {
    Path hostpipe = folder.resolve("bin/hostpipe");
    if (!Files.exists(hostpipe)) {
      Files.createDirectories(hostpipe.getParent());
      String command =
          CommandProcess.builder().command().stream()
              .map(word -> "'" + word + "'")
              .collect(Collectors.joining(" "));
      Files.writeString(hostpipe, "#!/bin/sh\nexec " + command + " \"$@\"\n");
      Files.setPosixFilePermissions(hostpipe, PosixFilePermissions.fromString("rwx------"));
    }
    Path script = Files.createTempFile(folder, "line", ".sh");
    Files.writeString(script, line + "\n");
    return script.toString();
  }

  /** In no list of processes. */
  private static void assertNotListed(String token) throws IOException {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      for (ProcessHandle each : all.toList()) {
        Path words = Path.of("/proc", String.valueOf(each.pid()), "cmdline");
        try {
          assertThat(Files.readString(words, StandardCharsets.ISO_8859_1)).doesNotContain(token);
        } catch (IOException e) {
          // It has ended, before or behind the opening of the file.
        }
      }
    }
  }

  private CommandProcess onHost(String name, String... words) throws IOException {
    return CommandProcess.startBy(ofUser(name), words);
  }

  /** With this token in the environment. */
  private CommandProcess withToken(String name, String token, String... words) throws IOException {
    List<String> starter = new ArrayList<>(ofUser(name));
    starter.add("HOSTPIPE_TOKEN=" + token);
    return CommandProcess.startBy(starter, words);
  }

  /** Another program. */
  private CommandProcess onHost(String name, List<String> program) throws IOException {
    List<String> starter = new ArrayList<>(ofUser(name));
    starter.add("PATH=" + folder.resolve("bin") + ":" + System.getenv("PATH"));
    starter.addAll(program);
    return CommandProcess.startProgram(starter);
  }

  /** With a person before it: what it says comes out of the terminal. */
  private CommandProcess onTerminal(String name, String... words) throws IOException {
    String command =
        CommandProcess.builder(words).command().stream()
            .map(word -> "'" + word + "'")
            .collect(Collectors.joining(" "));
    return onHost(
        name,
        List.of(
            "sh",
            "-c",
            "exec script -qefc \"$0\" /dev/null 1>&2",
            "exec " + command + " --progress never"));
  }

  private List<String> ofUser(String name) {
    return List.of(
        "ip",
        "netns",
        "exec",
        host(name),
        "env",
        "XDG_CONFIG_HOME=" + folder.resolve(name),
        "XDG_STATE_HOME=" + folder.resolve(name));
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
