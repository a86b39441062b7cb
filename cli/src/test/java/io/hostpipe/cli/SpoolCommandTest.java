package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A spool of real processes, looked at, damaged, cut and emptied from outside. */
final class SpoolCommandTest {
  private static final int SOME_BYTES = 6 << 20;

  /** More than a spool's limit and all that waits in memory before it. */
  private static final int ROUNDS = 16;

  @TempDir private Path folder;

  private final byte[] content = new byte[SOME_BYTES];
  private int port;

  @BeforeEach
  void prepare() throws IOException {
    new Random(1).nextBytes(content);
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
  }

  @Test
  void whatWaitsIsListedAlsoWhileItIsUsedAndOnlyThat() throws Exception {
    try (CommandProcess sender = sender()) {
      sender.feed(content);
      awaitSpooled();
      String user = "process " + sender.process().pid();
      try (CommandProcess ls = spool("ls")) {
        assertThat(ls.exitCode()).as(ls::err).isZero();
        assertThat(ls.err()).contains(queue() + " is in use by " + user);
      }
      for (String word : List.of("verify", "repair", "export")) {
        try (CommandProcess refused = spool(word)) {
          assertThat(refused.exitCode()).as(refused::err).isEqualTo(4);
          assertThat(refused.err()).contains("is in use by " + user);
        }
      }
      try (CommandProcess second = sender()) {
        assertThat(second.exitCode()).isEqualTo(4);
        assertThat(second.err()).contains(queue() + " is in use by " + user);
      }
      sender.signal("KILL");
      sender.exitCode();
    }
    try (CommandProcess ls = spool("ls")) {
      assertThat(ls.exitCode()).as(ls::err).isZero();
      assertThat(ls.out())
          .asString(StandardCharsets.UTF_8)
          .startsWith("STREAM  STATE ")
          .containsPattern("\ns +open +0\\.\\." + SOME_BYTES + " +6.0 MiB +");
    }
    try (CommandProcess ls = command("session", "ls", "--spool", queue().toString())) {
      assertThat(ls.exitCode()).as(ls::err).isZero();
      assertThat(ls.out())
          .asString(StandardCharsets.UTF_8)
          .containsPattern("\ns +stopped +s +0\\.\\." + SOME_BYTES + " +- +tcp://");
    }
  }

  @Test
  void aFullSpoolLetsTheProducerWaitAndIsEmptiedWhenSomebodyListens() throws Exception {
    Path out = folder.resolve("out");
    try (CommandProcess sender = sender("--spool-max", "4M")) {
      Thread producer =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  for (int round = 0; round < ROUNDS; round++) {
                    sender.feed(content);
                  }
                  sender.endInput();
                } catch (IOException e) {
                  // The sender's exit code says what became of it.
                }
              });
      sender.awaitSaid("the spool " + queue() + " is full");
      assertThat(producer.isAlive()).isTrue();
      try (CommandProcess receiver =
          command("tcp-listen://127.0.0.1:" + port + "/x", out.toString())) {
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(sender.err()).contains("has room again");
      }
    }
    byte[] received = Files.readAllBytes(out);
    assertThat(received).hasSize(ROUNDS * SOME_BYTES);
    for (int round = 0; round < ROUNDS; round++) {
      int from = round * SOME_BYTES;
      assertThat(Arrays.equals(received, from, from + SOME_BYTES, content, 0, SOME_BYTES)).isTrue();
    }
  }

  @Test
  void whatIsSoundIsSaidToBeAndCanBeHad() throws Exception {
    fillAndKill();
    try (CommandProcess verify = spool("verify")) {
      assertThat(verify.exitCode()).as(verify::err).isZero();
      assertThat(verify.out()).asString(StandardCharsets.UTF_8).isEqualTo("sound: 1 stream\n");
    }
    try (CommandProcess repair = spool("repair")) {
      assertThat(repair.exitCode()).as(repair::err).isZero();
      assertThat(repair.err()).contains("nothing is damaged, and nothing was changed");
    }
    try (CommandProcess export = spool("export")) {
      assertThat(export.exitCode()).as(export::err).isZero();
      assertThat(export.out()).isEqualTo(content);
      assertThat(export.err()).contains("written up to position " + SOME_BYTES);
    }
    try (CommandProcess export = spool("export", "s", "from=1000001")) {
      assertThat(export.exitCode()).as(export::err).isZero();
      assertThat(export.out()).isEqualTo(Arrays.copyOfRange(content, 1_000_001, SOME_BYTES));
    }
  }

  @Test
  void aFlippedBitIsNamedByWhoReadsItAndVerifyAndRepairAgree() throws Exception {
    fillAndKill();
    flipBitInTheMiddle();
    long at;
    try (CommandProcess verify = spool("verify")) {
      assertThat(verify.exitCode()).as(verify::err).isEqualTo(5);
      String text = new String(verify.out(), StandardCharsets.UTF_8);
      Matcher matcher = Pattern.compile("stream s: damaged at position (\\d+),").matcher(text);
      assertThat(matcher.find()).as(text).isTrue();
      at = Long.parseLong(matcher.group(1));
    }
    assertThat(at).isPositive().isLessThan(SOME_BYTES);
    Path out = folder.resolve("out");
    try (CommandProcess receiver =
            command("tcp-listen://127.0.0.1:" + port + "/x", out.toString());
        CommandProcess sender = sender("--restarted", "continue")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(5);
      assertThat(sender.err()).contains("bytes of the stream s at position " + at + ": ");
      // It waits: the sender may come back with what is missing.
      assertThat(receiver.isAlive()).as(receiver::err).isTrue();
    }
    try (CommandProcess export = spool("export")) {
      assertThat(export.exitCode()).isEqualTo(5);
      assertThat(export.out()).isEqualTo(Arrays.copyOf(content, (int) at));
      assertThat(export.err()).contains("at position " + at);
    }
    try (CommandProcess repair = spool("repair")) {
      assertThat(repair.exitCode()).as(repair::err).isZero();
      assertThat(repair.out())
          .asString(StandardCharsets.UTF_8)
          .startsWith("stream s: taken out: [" + at + ", " + SOME_BYTES + "); it ends at position ")
          .contains(".damaged");
    }
    try (CommandProcess verify = spool("verify")) {
      assertThat(verify.exitCode()).as(verify::err).isZero();
    }
    try (CommandProcess export = spool("export")) {
      assertThat(export.exitCode()).as(export::err).isZero();
      assertThat(export.out()).isEqualTo(Arrays.copyOf(content, (int) at));
    }
  }

  @Test
  void aRepairedSpoolIsFilledUpByAProducerThatGivesTheSameAgain() throws Exception {
    fillAndKill();
    flipBitInTheMiddle();
    try (CommandProcess repair = spool("repair")) {
      assertThat(repair.exitCode()).as(repair::err).isZero();
    }
    Path out = folder.resolve("out");
    try (CommandProcess receiver =
            command("tcp-listen://127.0.0.1:" + port + "/x", out.toString());
        CommandProcess sender = sender("--restarted", "replay")) {
      sender.feed(content).endInput();
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(receiver.exitCode()).as(receiver::err).isZero();
    }
    assertThat(out).hasBinaryContent(content);
  }

  @Test
  void aResetSaysHowMuchWasNotDelivered() throws Exception {
    fillAndKill();
    try (CommandProcess reset = command("session", "reset", "s", "--spool", queue().toString())) {
      assertThat(reset.exitCode()).as(reset::err).isZero();
      assertThat(reset.err())
          .contains("6,291,456 bytes of the stream s that were not known to be delivered, 0..")
          .contains("the stream s is forgotten here");
    }
    try (CommandProcess ls = spool("ls")) {
      assertThat(ls.exitCode()).as(ls::err).isZero();
      assertThat(ls.err()).contains("there are no streams in " + queue());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "2|spool|say what: hostpipe spool ls DIR ",
        "2|spool verfy ./q|did you mean 'verify'?",
        "2|spool ls|'ls' wants the folder of a spool",
        "2|spool ls ./none-there|is no spool: it is not there",
        "4|spool ls ../pom.xml|the spool ../pom.xml cannot be used: ../pom.xml is not a folder",
        "4|./a ./b --spool ../pom.xml|cannot be kept in ../pom.xml/sessions: ",
        "2|spool verify . s|'s' is too much here",
        "2|spool export . from=x|from= wants a position, not 'from=x'",
        "2|spool export .|there are 0 streams in .; name the one to export",
        "2|spool export . s|. has no stream 's'; 'hostpipe spool ls .' lists them",
      })
  void saysWhatItCannotDo(int code, String line, String message) {
    Captured captured = new Captured();
    assertThat(captured.run(line.split(" ")).number()).isEqualTo(code);
    assertThat(captured.err()).startsWith("hostpipe: ").contains(message).doesNotContain("\tat ");
    assertThat(captured.out()).isEmpty();
  }

  private void fillAndKill() throws Exception {
    try (CommandProcess sender = sender()) {
      sender.feed(content);
      awaitSpooled();
      sender.signal("KILL");
      sender.exitCode();
    }
  }

  /** Until all of it is in the spool, which says so to whoever asks. */
  private void awaitSpooled() {
    Waiting.until(() -> {
      try (CommandProcess ls = spool("ls")) {
        ls.exitCode();
        return new String(ls.out(), StandardCharsets.UTF_8).contains(".." + SOME_BYTES);
      }
    });
  }

  private void flipBitInTheMiddle() throws IOException {
    Path largest;
    try (Stream<Path> files = Files.list(queue())) {
      largest =
          files
              .filter(each -> each.toString().endsWith(".seg"))
              .max(Comparator.comparing(Path::toString))
              .orElseThrow();
    }
    try (RandomAccessFile file = new RandomAccessFile(largest.toFile(), "rw")) {
      // A segment is longer than what is in it: in the middle of that.
      long at = (4 << 10) + (300 << 10);
      file.seek(at);
      int old = file.read();
      file.seek(at);
      file.write(old ^ 1);
    }
  }

  private Path queue() {
    return folder.resolve("queue");
  }

  private CommandProcess sender(String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("-", "tcp://127.0.0.1:" + port + "/x"));
    words.addAll(List.of("--session", "s", "--spool", queue().toString()));
    words.addAll(List.of(more));
    return command(words.toArray(String[]::new));
  }

  private CommandProcess spool(String word, String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("spool", word, queue().toString()));
    words.addAll(List.of(more));
    return command(words.toArray(String[]::new));
  }

  private CommandProcess command(String... words) throws IOException {
    return CommandProcess.start(words);
  }
}
