package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pipes through a real sshd of this host. */
final class SshProcessTest {
  private static final int FILE_BYTES = 24 << 20;
  private static final int CUTS = 3;

  @TempDir private Path folder;
  private SshServer server;

  @BeforeEach
  void startServer() throws IOException, InterruptedException {
    server = new SshServer(Files.createDirectory(folder.resolve("ssh")));
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Test
  void aFileGoesThereThroughConnectionsThatAreCut() throws IOException, InterruptedException {
    byte[] sent = Files.readAllBytes(randomFile());
    Path received = folder.resolve("received");
    try (CommandProcess sender = start("-", server.words("", "to=" + received), "-v")) {
      int fed = 0;
      for (int cut = 1; cut <= CUTS; cut++) {
        int least = FILE_BYTES / (CUTS + 2) * cut;
        int more = FILE_BYTES / (CUTS + 2) * (cut + 1);
        // It is not through before the last cut, however long that takes.
        sender.feed(Arrays.copyOfRange(sent, fed, more));
        fed = more;
        Waiting.until(() -> Files.exists(received) && Files.size(received) >= least);
        assertThat(server.cut()).isPositive();
        int links = cut + 1;
        Waiting.until(() -> sender.err().split("connected to 127.0.0.1", -1).length > links);
      }
      sender.feed(Arrays.copyOfRange(sent, fed, FILE_BYTES)).endInput();
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(sender.err()).contains("  resumes             " + CUTS + "\n");
    }
    assertThat(received).hasBinaryContent(sent);
  }

  @Test
  void aFileComesFromThere() throws IOException, InterruptedException {
    Path sent = randomFile();
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
        CommandProcess.start(words(server.words("", "from=" + sent), received.toString()))) {
      assertThat(receiver.exitCode()).as(receiver::err).isZero();
    }
    assertThat(Files.mismatch(sent, received)).isEqualTo(-1);
  }

  @Test
  void whoeverWaitsThereForTheNameIsReached() throws IOException, InterruptedException {
    try (CommandProcess sender = start("-", server.words("logs"))) {
      sender.feed("one\ntwo\n".getBytes(StandardCharsets.UTF_8)).endInput();
      sender.awaitSaid("nobody waits for 'logs' there");
      try (CommandProcess receiver = listen("logs")) {
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(receiver.out()).asString().isEqualTo("one\ntwo\n");
      }
    }
  }

  @Test
  void aFarEndThatCannotBeOpenedSaysWhyOnce() throws IOException, InterruptedException {
    Path there = Files.writeString(folder.resolve("there"), "kept");
    try (CommandProcess sender = start("-", server.words("", "to=" + there))) {
      assertThat(sender.endInput().exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err()).contains("ended with 4", there.toString(), "'overwrite'");
    }
    assertThat(there).hasContent("kept");
  }

  @Test
  void aLoginThatIsRefusedIsNotTriedAgain() throws IOException, InterruptedException {
    Files.delete(folder.resolve("ssh/id"));
    try (CommandProcess sender = start("-", server.words("logs"))) {
      assertThat(sender.endInput().exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err()).contains("Permission denied").doesNotContain("\tat ");
    }
  }

  @Test
  void noHostpipeThereIsSaid() throws IOException, InterruptedException {
    Files.delete(folder.resolve("ssh/hostpipe"));
    try (CommandProcess sender = start("-", server.words("logs"))) {
      assertThat(sender.endInput().exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err()).contains("there is no hostpipe on 127.0.0.1", "hostpipe=PATH");
    }
  }

  @Test
  void checkLogsInAndLooksWhoWaits() throws IOException, InterruptedException {
    try (CommandProcess receiver = listen("logs")) {
      receiver.awaitSaid("listening on ssh-listen:///logs");
      try (CommandProcess check = CommandProcess.start(words("check", server.words("logs")))) {
        assertThat(check.exitCode()).as(check::err).isZero();
        assertThat(check.out()).asString().contains("takes this login", "waits for 'logs'");
      }
    }
    try (CommandProcess check = CommandProcess.start(words("check", server.words("other")))) {
      assertThat(check.exitCode()).isEqualTo(3);
    }
  }

  /** ssh has proved the hosts to each other, so nobody has to write binding=none. */
  @Test
  void aTokenIsProvedOverALoginToo() throws IOException, InterruptedException {
    Path token = folder.resolve("token");
    Files.writeString(token, "web1:0123456789abcdef0123456789abcdef\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    try (CommandProcess receiver = listen("logs?tokens=" + token)) {
      receiver.awaitSaid("listening on ssh-listen:///logs");
      try (CommandProcess stranger = start("-", server.words("logs"))) {
        stranger.feed(new byte[] {9});
        assertThat(stranger.exitCode()).as(stranger::err).isEqualTo(4);
        assertThat(stranger.err()).contains("this listener wants a token");
      }
      try (CommandProcess sender = start("-", server.words("logs"), "token=@" + token)) {
        sender.feed(new byte[] {1, 2, 3}).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(receiver.out()).containsExactly(1, 2, 3);
        assertThat(sender.err() + receiver.err()).doesNotContain("binding");
      }
    }
  }

  private CommandProcess listen(String name) throws IOException {
    return CommandProcess.start(
        Map.of("JAVA_TOOL_OPTIONS", "-Duser.home=" + server.home()), "ssh-listen:///" + name, "-");
  }

  private static CommandProcess start(String first, String[] words, String... more)
      throws IOException {
    return CommandProcess.start(
        Stream.concat(Stream.of(words(first, words)), Stream.of(more)).toArray(String[]::new));
  }

  private static String[] words(String first, String[] words) {
    return Stream.concat(Stream.of(first), Stream.of(words)).toArray(String[]::new);
  }

  private static String[] words(String[] words, String last) {
    return Stream.concat(Stream.of(words), Stream.of(last)).toArray(String[]::new);
  }

  private Path randomFile() throws IOException {
    byte[] bytes = new byte[FILE_BYTES];
    new Random(5).nextBytes(bytes);
    return Files.write(folder.resolve("sent"), bytes);
  }
}
