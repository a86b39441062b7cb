package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In which order a real sender writes, syncs and sends, as the system sees it. */
final class SpoolSyncProcessTest {
  private static final int PIECES = 6;

  @TempDir private Path folder;

  @Test
  void withSyncBeforeNothingIsSentThatIsNotSynced() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/strace")), "no strace");
    Path trace = folder.resolve("trace");
    Path out = folder.resolve("out");
    Map<String, String> state = Map.of("XDG_STATE_HOME", folder.resolve("state").toString());
    try (CommandProcess receiver =
        CommandProcess.start(state, "tcp-listen://127.0.0.1:0/x", out.toString())) {
      String to = "tcp://127.0.0.1:" + receiver.awaitPort() + "/x";
      List<String> strace =
          List.of(
              "strace",
              "-f",
              "-y",
              "-qq",
              "-s",
              "200",
              "-e",
              "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync",
              "-o",
              trace.toString());
      Path spool = folder.resolve("spool");
      try (CommandProcess sender =
          CommandProcess.startBy(
              strace,
              "-",
              to,
              "--spool",
              spool.toString(),
              "--spool-sync",
              "before",
              "--restarted",
              "replay")) {
        StringBuilder sent = new StringBuilder();
        for (int piece = 0; piece < PIECES; piece++) {
          // One at a time, so that each has a write, a sync and a frame of its own.
          sender.feed(mark(piece).getBytes(StandardCharsets.US_ASCII));
          sent.append(mark(piece));
          Waiting.until(() -> lengthOf(out) == sent.length());
        }
        sender.endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(out).hasContent(sent.toString());
      }
    }
    List<String> calls = Files.readAllLines(trace);
    for (int piece = 0; piece < PIECES; piece++) {
      int written = next(calls, 0, ".seg>", mark(piece));
      int sent = next(calls, 0, "<socket:", mark(piece));
      int begun = next(calls, written, "fdatasync(", ".seg>");
      String thread = threadOf(calls.get(begun));
      int synced =
          calls.get(begun).contains(" = 0")
              ? begun
              : next(calls, begun, thread, "fdatasync resumed");
      assertThat(List.of(written, begun, synced, sent))
          .as("write, sync and its end, and the frame of piece " + piece)
          .isSorted();
    }
  }

  private static String mark(int piece) {
    return "piece-" + piece + "-of-what-is-sent;";
  }

  /** The first call from there on that has both. */
  private static int next(List<String> calls, int from, String one, String other) {
    for (int index = from; index < calls.size(); index++) {
      if (calls.get(index).contains(one) && calls.get(index).contains(other)) {
        return index;
      }
    }
    throw new AssertionError("no call from " + from + " on has " + one + " and " + other);
  }

  private static String threadOf(String call) {
    return call.substring(0, call.indexOf(' ') + 1);
  }

  private static long lengthOf(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
