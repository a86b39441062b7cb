package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.spool.SpoolFolder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A receiver with a spool is killed while its destination takes nothing, and the same command is
 * started again: what waited and what its sender still brings go into one opening of the
 * destination.
 */
final class KilledReceiverTest {
  private static final int SOME_BYTES = 3 << 20;
  private static final Pattern DOUBT =
      Pattern.compile("positions (\\d+)\\.\\.(\\d+) of the stream s may be twice in");

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
  void theReaderOfAFifoSeesOneStreamAndItsEndOnce() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    Path read = folder.resolve("read");
    try (CommandProcess sender = sender()) {
      try (RandomAccessFile _ = new RandomAccessFile(fifo.toFile(), "rw")) {
        killWhenSpooled(receiver(fifo.toString()), sender, SOME_BYTES / 2);
      }
      Process reader =
          new ProcessBuilder("cat", fifo.toString()).redirectOutput(read.toFile()).start();
      try (CommandProcess again = receiver(fifo.toString())) {
        Waiting.until(() -> Files.size(read) > 0);
        goOn(sender);
        assertThat(reader.waitFor()).isZero();
        assertInDoubt(again);
        assertContinues(Files.readAllBytes(read), again);
      } finally {
        reader.destroyForcibly();
      }
    }
  }

  @Test
  void aProgramIsStartedOnceMoreAndGetsAllOfIt() throws Exception {
    Path got = Files.createDirectory(folder.resolve("got"));
    Path gate = folder.resolve("gate");
    String program = "while [ ! -e " + gate + " ]; do sleep 0.1; done; exec cat > " + got + "/$$";
    String[] words = {"exec:sh", "arg=-c", "arg=" + program};
    try (CommandProcess sender = sender()) {
      killWhenSpooled(receiver(words), sender, SOME_BYTES / 2);
      Files.createFile(gate);
      // The program of the killed process gets what lay in its pipe, and ends.
      Waiting.until(() -> list(got).size() == 1);
      try (CommandProcess again = receiver(words)) {
        goOn(sender);
        assertInDoubt(again);
        assertThat(again.err()).contains("positions 0.." + SOME_BYTES / 2);
      }
    }
    assertThat(list(got)).hasSize(2);
    assertThat(list(got)).anySatisfy(each -> assertThat(each).hasBinaryContent(content));
  }

  @Test
  void standardOutputGoesOnWhereItWasKnownToBe() throws Exception {
    try (CommandProcess sender = sender()) {
      CommandProcess killed = CommandProcess.startInto(List.of("sleep", "1000"), receiving("-"));
      killWhenSpooled(killed, sender, SOME_BYTES / 2);
      try (CommandProcess again = receiver("-")) {
        again.awaitOutput(1);
        goOn(sender);
        assertInDoubt(again);
        assertContinues(again.out(), again);
        assertThat(folder.resolve("spool/running")).doesNotExist();
      }
    }
  }

  /** Its end is orderly: what standard output got is known to the byte. */
  @Test
  void whatWasInterruptedLeavesNothingInDoubt() throws Exception {
    CommandProcess interrupted = CommandProcess.startInto(List.of("sleep", "1000"), receiving("-"));
    try (interrupted;
        CommandProcess sender = sender()) {
      interrupted.awaitPort();
      sender.feed(Arrays.copyOf(content, SOME_BYTES / 2));
      awaitSpooled(SOME_BYTES / 2);
      interrupted.signal("TERM").process().waitFor();
      assertThat(interrupted.process().exitValue()).isEqualTo(130);
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(6);
    }
    Matcher delivered =
        Pattern.compile("interrupted; delivered: 0\\.\\.(\\d+)").matcher(interrupted.err());
    assertThat(delivered.find()).as(interrupted::err).isTrue();
    assertThat(folder.resolve("spool/running")).doesNotExist();
    try (CommandProcess again = receiver("-");
        CommandProcess sender = sender("--restarted", "replay")) {
      sender.feed(content).endInput();
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(again.exitCode()).as(again::err).isZero();
      assertThat(again.err()).doesNotContain("may be twice");
      int from = Integer.parseInt(delivered.group(1));
      assertThat(again.out()).isEqualTo(Arrays.copyOfRange(content, from, SOME_BYTES));
    }
  }

  /** Where the destination knows its place nothing is in doubt, and there is no spool. */
  @Test
  void aFileIsWhole() throws Exception {
    Path out = folder.resolve("out");
    try (CommandProcess sender = sender()) {
      try (CommandProcess killed = receiver(out.toString())) {
        killed.awaitPort();
        sender.feed(Arrays.copyOf(content, SOME_BYTES / 2));
        Waiting.until(() -> Files.exists(out) && Files.size(out) == SOME_BYTES / 2);
        killed.signal("KILL").exitCode();
      }
      try (CommandProcess again = receiver(out.toString())) {
        goOn(sender);
        assertThat(again.exitCode()).as(again::err).isZero();
      }
    }
    assertThat(out).hasBinaryContent(content);
  }

  /** Sends the rest of the stream; the sender ends well. */
  private void goOn(CommandProcess sender) throws Exception {
    sender.feed(Arrays.copyOfRange(content, SOME_BYTES / 2, SOME_BYTES)).endInput();
    assertThat(sender.exitCode()).as(sender::err).isZero();
  }

  private static void assertInDoubt(CommandProcess receiver) throws Exception {
    assertThat(receiver.exitCode()).as(receiver::err).isEqualTo(6);
    assertThat(receiver.err())
        .contains("everything arrived, but positions ")
        .contains("the last process was killed, and how far ");
  }

  /** What came begins where the doubt does, and is all that follows. */
  private void assertContinues(byte[] came, CommandProcess receiver) {
    Matcher doubt = DOUBT.matcher(receiver.err());
    assertThat(doubt.find()).as(receiver::err).isTrue();
    int from = Integer.parseInt(doubt.group(1));
    assertThat(Integer.parseInt(doubt.group(2))).isEqualTo(SOME_BYTES / 2);
    assertThat(came).isEqualTo(Arrays.copyOfRange(content, from, SOME_BYTES));
  }

  private void killWhenSpooled(CommandProcess receiver, CommandProcess sender, int lengthBytes)
      throws Exception {
    try (receiver) {
      receiver.awaitPort();
      sender.feed(Arrays.copyOf(content, lengthBytes));
      awaitSpooled(lengthBytes);
      receiver.signal("KILL").process().waitFor();
      assertThat(folder.resolve("spool/running")).exists();
    }
  }

  private void awaitSpooled(long position) {
    SpoolFolder spool = new SpoolFolder(RealDisk.INSTANCE, folder.resolve("spool"));
    Waiting.until(() -> spool.list().streams().stream().anyMatch(each -> each.end() == position));
  }

  private CommandProcess receiver(String... to) throws IOException {
    return CommandProcess.start(environment("db2"), receiving(to));
  }

  private String[] receiving(String... to) {
    List<String> words = new ArrayList<>(List.of("tcp-listen://127.0.0.1:" + port + "/x"));
    words.addAll(List.of(to));
    words.addAll(List.of("--spool", folder.resolve("spool").toString()));
    return words.toArray(String[]::new);
  }

  private CommandProcess sender(String... more) throws IOException {
    List<String> words =
        new ArrayList<>(List.of("-", "tcp://127.0.0.1:" + port + "/x", "--session", "s"));
    words.addAll(List.of(more));
    return CommandProcess.start(environment("web1"), words.toArray(String[]::new));
  }

  private Map<String, String> environment(String host) {
    return Map.of("XDG_STATE_HOME", folder.resolve(host).toString());
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }
}
