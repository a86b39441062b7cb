package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real command with ten thousand pipes on one port at the same time. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class TenThousandPipesTest {
  private static final int PIPE_COUNT = 10_000;

  /** About three times what was seen: a block or a platform thread for each pipe is beyond it. */
  private static final long KIB_MAX = 2L << 20;

  @TempDir private Path folder;

  private final BlockPool pool = new BlockPool(64L << 20);
  private final List<Pipe> pipes = new ArrayList<>();

  @Test
  void movesALittleThroughEachOfThemInBoundedMemory() throws Exception {
    Path all = folder.resolve("all.log");
    try (CommandProcess listener =
            CommandProcess.start(
                "tcp-listen://127.0.0.1:0/x",
                "backlog=1000",
                "fan-in",
                all.toString(),
                "--frame",
                "lines");
        ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      Address address = Address.parse("tcp://127.0.0.1:" + listener.awaitPort() + "/x");
      PipeContext context = PipeContext.messages(pool).withDirections(true, false);
      for (int index = 0; index < PIPE_COUNT; index++) {
        pipes.add(Hostpipe.connect(address, context));
      }
      inAll(users, index -> send(index, "first"));
      listener.signal("USR1").awaitSaid("0 arrived, 0 did not, " + PIPE_COUNT + " under way");
      inAll(users, index -> send(index, "second"));
      assertThat(residentKib(listener)).isLessThan(KIB_MAX);
      inAll(users, index -> finish(index));
      awaitIdle(listener);
      listener.signal("TERM");
      assertThat(listener.exitCode()).as(listener::err).isZero();
      assertThat(listener.err())
          .contains("  pipes               10,000 arrived, 0 did not\n")
          .contains("  messages            20,000\n");
    } finally {
      closeAll();
    }
    checkLines(Files.readAllLines(all));
  }

  private Callable<Object> send(int index, String text) {
    return () ->
        pipes
            .get(index)
            .send((index + " " + text).getBytes(StandardCharsets.UTF_8))
            .awaitCommitted();
  }

  private Callable<Object> finish(int index) {
    return () -> {
      pipes.get(index).sink().finish();
      return index;
    };
  }

  /** The senders know that all arrived before the listener has put everything away. */
  private static void awaitIdle(CommandProcess listener) {
    Waiting.until(() -> {
      listener.signal("USR1");
      return listener.err().contains("; " + PIPE_COUNT + " arrived, 0 did not, 0 under way");
    });
  }

  /** Does something with all pipes at the same time. */
  private static void inAll(ExecutorService users, Function<Integer, Callable<Object>> work)
      throws Exception {
    List<Callable<Object>> all = new ArrayList<>();
    for (int index = 0; index < PIPE_COUNT; index++) {
      all.add(work.apply(index));
    }
    for (Future<Object> each : users.invokeAll(all)) {
      each.get();
    }
  }

  private void closeAll() throws InterruptedException {
    List<Thread> closing = new ArrayList<>();
    pipes.forEach(each -> closing.add(Thread.ofVirtual().start(each::close)));
    for (Thread each : closing) {
      each.join();
    }
  }

  private static long residentKib(CommandProcess process) throws IOException {
    for (String line :
        Files.readAllLines(Path.of("/proc/" + process.process().pid() + "/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new AssertionError("no VmHWM");
  }

  private static void checkLines(List<String> lines) {
    boolean[] first = new boolean[PIPE_COUNT];
    boolean[] second = new boolean[PIPE_COUNT];
    for (String line : lines) {
      int space = line.indexOf(' ');
      int index = Integer.parseInt(line, 0, space, 10);
      if (line.endsWith(" first")) {
        assertThat(first[index]).isFalse();
        first[index] = true;
      } else {
        assertThat(line).endsWith(" second");
        assertThat(first[index] && !second[index]).isTrue();
        second[index] = true;
      }
    }
    assertThat(lines).hasSize(2 * PIPE_COUNT);
  }
}
