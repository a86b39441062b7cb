package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.SessionFolder;
import io.hostpipe.storage.SessionState;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a stream with a name survives: real processes, each as on a host of its own. */
final class LastingProcessTest {
  private static final int SOME_BYTES = 3 << 20;

  @TempDir private Path folder;

  @Test
  void aProducerThatGivesTheSameAgainIsComparedAndLeftOut() throws Exception {
    byte[] bytes = randomBytes(1, SOME_BYTES);
    Path out = folder.resolve("out");
    try (CommandProcess receiver = receiver(out)) {
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      feedAndKill(sender(to, "--restarted", "replay"), Arrays.copyOf(bytes, SOME_BYTES / 2), out);
      try (CommandProcess again = sender(to, "--restarted", "replay")) {
        again.feed(bytes).endInput();
        assertThat(again.exitCode()).as(again::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
      }
    }
    assertThat(out).hasBinaryContent(bytes);
  }

  @Test
  void aProducerThatComesBackWithOtherBytesIsDataLoss() throws Exception {
    byte[] bytes = randomBytes(1, SOME_BYTES);
    Path out = folder.resolve("out");
    try (CommandProcess receiver = receiver(out)) {
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      feedAndKill(sender(to, "--restarted", "replay"), Arrays.copyOf(bytes, SOME_BYTES / 2), out);
      try (CommandProcess again = sender(to, "--restarted", "replay")) {
        again.feed(randomBytes(2, SOME_BYTES / 2)).endInput();
        assertThat(again.exitCode()).isEqualTo(5);
        assertThat(again.err())
            .contains("came back with other bytes before position " + SOME_BYTES / 2);
      }
    }
    assertThat(out).hasBinaryContent(Arrays.copyOf(bytes, SOME_BYTES / 2));
  }

  @Test
  void aProducerThatGoesOnIsTakenBehindWhatWasTaken() throws Exception {
    byte[] bytes = randomBytes(1, SOME_BYTES);
    Path out = folder.resolve("out");
    try (CommandProcess receiver = receiver(out)) {
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      feedAndKill(sender(to, "--restarted", "continue"), Arrays.copyOf(bytes, 1_000_000), out);
      try (CommandProcess again = sender(to, "--restarted", "continue")) {
        again.feed(Arrays.copyOfRange(bytes, 1_000_000, SOME_BYTES)).endInput();
        assertThat(again.exitCode()).as(again::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
      }
    }
    assertThat(out).hasBinaryContent(bytes);
  }

  @Test
  void aSourceThatBeginsAnewIsRefusedUntilItIsSaidWhatItGives() throws Exception {
    Path out = folder.resolve("out");
    try (CommandProcess receiver = receiver(out)) {
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      feedAndKill(sender(to), new byte[1_000], out);
      try (CommandProcess again = sender(to)) {
        again.feed(new byte[1_000]).endInput();
        assertThat(again.exitCode()).isEqualTo(4);
        assertThat(again.err())
            .contains("is held up to position 1000", "--restarted replay", "--restarted continue")
            .contains("hostpipe session reset s");
      }
    }
  }

  @Test
  void aReceiverThatIsStartedAgainGoesOnInItsFile() throws Exception {
    byte[] bytes = randomBytes(1, SOME_BYTES);
    Path out = folder.resolve("out");
    int port;
    CommandProcess sender;
    try (CommandProcess killed = receiver(out)) {
      port = killed.awaitPort();
      sender = sender("tcp://127.0.0.1:" + port + "/x");
      sender.feed(Arrays.copyOf(bytes, SOME_BYTES / 2));
      Waiting.until(() -> Files.exists(out) && Files.size(out) == SOME_BYTES / 2);
      killed.signal("KILL");
      killed.exitCode();
    }
    try (sender;
        CommandProcess again =
            start(
                "db2", "tcp-listen://127.0.0.1:" + port + "/x", out.toString(), "--session", "s")) {
      sender.feed(Arrays.copyOfRange(bytes, SOME_BYTES / 2, SOME_BYTES)).endInput();
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(again.exitCode()).as(again::err).isZero();
    }
    assertThat(out).hasBinaryContent(bytes);
  }

  @Test
  void anEndedSessionThatIsStartedAgainIsAnotherStream() throws Exception {
    Path in = Files.write(folder.resolve("in"), randomBytes(1, 1_000));
    Path incoming = Files.createDirectory(folder.resolve("incoming"));
    try (CommandProcess receiver =
        start("db2", "tcp-listen://127.0.0.1:0/x", "keep", incoming + "/")) {
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      for (String name : List.of("s", "s%232")) {
        try (CommandProcess sender = start("web1", in.toString(), to, "--session", "s")) {
          assertThat(sender.exitCode()).as(sender::err).isZero();
        }
        assertThat(incoming.resolve(name)).hasSameBinaryContentAs(in);
      }
    }
    try (CommandProcess ls = start("web1", "session", "ls")) {
      assertThat(ls.exitCode()).isZero();
      assertThat(ls.out()).asString(StandardCharsets.UTF_8).containsPattern("s +ended +s#2 ");
    }
  }

  /** As a kill leaves it that falls between the end of the stream and that of its process. */
  @ParameterizedTest
  @ValueSource(ints = {0, 7})
  void anEndThatNobodyHeardOfIsToldAndNothingIsSentTwice(int exitCode) throws Exception {
    Path in = Files.write(folder.resolve("in"), randomBytes(1, 1_000));
    Path out = folder.resolve("out");
    String[] words = {
      in.toString(), out.toString(), "append", "--session", "s", "--summary", "json"
    };
    ended(words);
    leaveUntold(exitCode, in);
    try (CommandProcess again = start("web1", words)) {
      assertThat(again.exitCode()).as(again::err).isEqualTo(exitCode);
      assertThat(again.err())
          .contains("the stream s#2 was delivered to its end", "nothing is left to send")
          .contains("\"exit\":" + exitCode);
    }
    assertThat(out).hasSize(1_000);
    ended(words);
    assertThat(out).hasSize(2_000);
  }

  /** Its last words find no room, so it stays between the two until it is killed. */
  @Test
  void aSenderThatIsKilledBeforeItCouldSaySoSaysSoNextTimeAndSendsNothingTwice() throws Exception {
    Path in = Files.write(folder.resolve("in"), randomBytes(1, SOME_BYTES));
    Path incoming = Files.createDirectory(folder.resolve("incoming"));
    Path stderr = folder.resolve("stderr");
    assertThat(new ProcessBuilder("mkfifo", stderr.toString()).start().waitFor()).isZero();
    try (RandomAccessFile _ = new RandomAccessFile(stderr.toFile(), "rw");
        CommandProcess receiver =
            start("db2", "tcp-listen://127.0.0.1:0/x", "keep", incoming + "/")) {
      fill(stderr);
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      String[] words = {in.toString(), to, "--session", "s", "-q", "--summary", "json"};
      ProcessBuilder builder = CommandProcess.builder(words).redirectError(stderr.toFile());
      builder.environment().put("XDG_STATE_HOME", folder.resolve("web1").toString());
      Process killed = builder.start();
      try {
        Waiting.until(() -> hasUntoldEnd() || !killed.isAlive());
        assertThat(killed.isAlive()).isTrue();
      } finally {
        killed.destroyForcibly().waitFor();
      }
      assertThat(hasUntoldEnd()).isTrue();
      try (CommandProcess again = start("web1", in.toString(), to, "--session", "s")) {
        assertThat(again.exitCode()).as(again::err).isZero();
        assertThat(again.err())
            .contains("the stream s was delivered to its end by the process before this one");
      }
      assertThat(incoming.toFile().list()).containsExactly("s");
      assertThat(incoming.resolve("s")).hasSameBinaryContentAs(in);
      ended(in.toString(), to, "--session", "s");
      assertThat(incoming.resolve("s%232")).hasSameBinaryContentAs(in);
    }
  }

  /** Until not a byte more goes into it; somebody else holds it open. */
  private static void fill(Path pipe) throws Exception {
    Process filling =
        new ProcessBuilder("dd", "if=/dev/zero", "of=" + pipe, "bs=4096", "oflag=nonblock")
            .redirectErrorStream(true)
            .start();
    String said = new String(filling.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(filling.waitFor()).as(said).isNotZero();
    assertThat(said).contains("temporarily unavailable");
  }

  /** Whether the only session has come to an end that nobody has heard of. */
  private boolean hasUntoldEnd() throws IOException {
    Path sessions = folder.resolve("web1/hostpipe/sessions");
    return new SessionFolder(RealDisk.INSTANCE, sessions)
        .list().stream()
            .anyMatch(each -> each.state().end().reached() && !each.state().end().told());
  }

  @Test
  void aFileThatIsAnotherOneIsAnotherStreamWhoeverHeardOfTheLast() throws Exception {
    Path in = Files.write(folder.resolve("in"), randomBytes(1, 1_000));
    Path out = folder.resolve("out");
    String[] words = {in.toString(), out.toString(), "append", "--session", "s"};
    ended(words);
    leaveUntold(0, in);
    Files.write(in, randomBytes(2, 500));
    ended(words);
    assertThat(out).hasSize(1_500);
  }

  @Test
  void ofWhatBeginsAnewOnlyAPersonKnowsWhetherItWasDelivered() throws Exception {
    Path out = folder.resolve("out");
    String[] words = {"exec:echo a", out.toString(), "append", "--session", "s"};
    ended(words);
    leaveUntold(0, folder.resolve("none"));
    try (CommandProcess again = start("web1", words)) {
      assertThat(again.exitCode()).isEqualTo(4);
      assertThat(again.err())
          .contains("the stream s#2 was delivered to its end, by a process that was ended")
          .contains("--restarted replay", "--restarted continue");
    }
    ended("exec:echo a", out.toString(), "append", "--session", "s", "--restarted", "replay");
    assertThat(out).hasContent("a\n");
    leaveUntold(0, folder.resolve("none"));
    ended("exec:echo b", out.toString(), "append", "--session", "s", "--restarted", "continue");
    assertThat(out).hasContent("a\nb\n");
  }

  @Test
  void aSessionIsOneProcessesAndTheOtherIsToldWhose() throws Exception {
    try (CommandProcess first = sender("tcp://127.0.0.1:1/x")) {
      first.awaitSaid("no link to");
      try (CommandProcess second = sender("tcp://127.0.0.1:1/x")) {
        assertThat(second.exitCode()).isEqualTo(4);
        assertThat(second.err())
            .contains("the session 's' is in use by process " + first.process().pid());
      }
    }
  }

  @Test
  void whatFailedBeforeASpoolIsToldBehindIt() throws Exception {
    Path in = Files.write(folder.resolve("in"), new byte[] {127, 0, 0, 0});
    try (CommandProcess receiver =
            start("db2", "tcp-listen://127.0.0.1:0/x", "-", "--frame", "u32");
        CommandProcess sender =
            start(
                "web1",
                in.toString(),
                "tcp://127.0.0.1:" + receiver.awaitPort() + "/x",
                "--spool",
                folder.resolve("q").toString(),
                "--frame",
                "u32")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(6);
      assertThat(receiver.exitCode()).as(receiver::err).isEqualTo(6);
      assertThat(receiver.err()).contains("the peer gave up", "is u32 the right framing?");
    }
  }

  @Test
  void anEmptyWordIsNoFolderForASpool() {
    Captured captured = new Captured();
    assertThat(captured.run("./in", "./out", "--spool", "").number()).isEqualTo(2);
    assertThat(captured.err()).contains("--spool wants a folder, not ''");
  }

  @Test
  void bothSidesOfOneHostMayUseOneName() throws Exception {
    Path in = Files.write(folder.resolve("in"), randomBytes(1, SOME_BYTES));
    Path out = folder.resolve("out");
    try (CommandProcess receiver = receiver(out);
        CommandProcess sender =
            start(
                "db2",
                in.toString(),
                "tcp://127.0.0.1:" + receiver.awaitPort() + "/x",
                "--session",
                "s")) {
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(receiver.exitCode()).as(receiver::err).isZero();
    }
    assertThat(out).hasSameBinaryContentAs(in);
  }

  @Test
  void aSuspendedSenderIsReplacedByOneThatTakesOver() throws Exception {
    byte[] bytes = randomBytes(1, SOME_BYTES);
    Path out = folder.resolve("out");
    try (CommandProcess receiver = receiver(out)) {
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      try (CommandProcess suspended = sender(to)) {
        suspended.feed(Arrays.copyOf(bytes, SOME_BYTES / 4));
        Waiting.until(() -> Files.exists(out) && Files.size(out) == SOME_BYTES / 4);
        suspended.signal("STOP");
        try (CommandProcess taking =
            start("web2", "-", to, "--session", "s", "--restarted", "replay", "--takeover")) {
          taking.feed(Arrays.copyOf(bytes, SOME_BYTES / 2));
          Waiting.until(() -> Files.size(out) == SOME_BYTES / 2);
          suspended.signal("CONT");
          assertThat(suspended.exitCode()).as(suspended::err).isEqualTo(4);
          assertThat(suspended.err()).contains("replaced");
          taking.feed(Arrays.copyOfRange(bytes, SOME_BYTES / 2, SOME_BYTES)).endInput();
          assertThat(taking.exitCode()).as(taking::err).isZero();
          assertThat(receiver.exitCode()).as(receiver::err).isZero();
        }
      }
    }
    assertThat(out).hasBinaryContent(bytes);
  }

  private void ended(String... words) throws Exception {
    try (CommandProcess process = start("web1", words)) {
      assertThat(process.exitCode()).as(process::err).isZero();
    }
  }

  /** The next stream of the only session has ended, and its process came to nothing more. */
  private void leaveUntold(int exitCode, Path source) throws Exception {
    Path sessions = folder.resolve("web1/hostpipe/sessions");
    SessionFolder known = new SessionFolder(RealDisk.INSTANCE, sessions);
    SessionState state = known.list().getFirst().state();
    try (SessionFolder.Session next =
        known.open(state.key(), state.from(), state.to(), state.firstStream())) {
      next.finished(exitCode, KnownAgain.sign(source));
    }
  }

  private CommandProcess receiver(Path out) throws IOException {
    return start("db2", "tcp-listen://127.0.0.1:0/x", out.toString(), "--session", "s");
  }

  private CommandProcess sender(String to, String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("-", to, "--session", "s"));
    words.addAll(List.of(more));
    return start("web1", words.toArray(String[]::new));
  }

  private CommandProcess start(String host, String... words) throws IOException {
    return CommandProcess.start(Map.of("XDG_STATE_HOME", folder.resolve(host).toString()), words);
  }

  /** Feeds it, and kills it when all of that is in the file. */
  private static void feedAndKill(CommandProcess sender, byte[] bytes, Path out) throws Exception {
    try (sender) {
      sender.feed(bytes);
      Waiting.until(() -> Files.exists(out) && Files.size(out) == bytes.length);
      sender.signal("KILL");
      sender.exitCode();
    }
  }

  private static byte[] randomBytes(long seed, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
