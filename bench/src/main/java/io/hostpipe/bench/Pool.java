package io.hostpipe.bench;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs {@link ShortPipes} without a pool and with pools from one link to eight for each processor,
 * always by ten threads, as the table was made that it is compared with.
 */
public final class Pool {
  private static final int THREADS = 10;
  private static final int WARM_UPS = 3;
  private static final int LINKS_A_PROCESSOR_MAX = 8;
  private static final long TIMEOUT_MINUTES = 10;

  private Pool() {}

  /**
   * Words: how many rounds, how many pipes a round, perhaps the largest pool; {@code serve} is the
   * other JVM.
   */
  public static void main(String[] words) throws Exception {
    if (words[0].equals("serve")) {
      serve();
      return;
    }
    int rounds = Integer.parseInt(words[0]);
    int pipesOfThread = Math.max(1, Integer.parseInt(words[1]) / THREADS);
    measure(0, "without a pool", rounds, pipesOfThread);
    int most =
        words.length > 2
            ? Integer.parseInt(words[2])
            : LINKS_A_PROCESSOR_MAX * Runtime.getRuntime().availableProcessors();
    for (int poolMax = 1; poolMax <= most; poolMax *= 2) {
      measure(poolMax, "pool-max=" + poolMax, rounds, pipesOfThread);
    }
  }

  private static void measure(int poolMax, String contender, int rounds, int pipesOfThread)
      throws IOException, RunnerException {
    Path connections = Files.createTempFile("hostpipe-pool", null);
    try {
      Options options =
          new OptionsBuilder()
              .include(ShortPipes.class.getName())
              .param("poolMax", String.valueOf(poolMax))
              .threads(THREADS)
              .forks(1)
              .warmupIterations(WARM_UPS)
              .warmupBatchSize(pipesOfThread)
              .measurementIterations(rounds)
              .measurementBatchSize(pipesOfThread)
              .timeout(TimeValue.minutes(TIMEOUT_MINUTES))
              .jvmArgsAppend("-D" + ShortPipes.CONNECTIONS_FILE + "=" + connections)
              .output("/dev/null")
              .build();
      Collection<RunResult> results = new Runner(options).run();
      tell(contender, results, Files.readAllLines(connections), pipesOfThread);
    } finally {
      Files.delete(connections);
    }
  }

  private static void tell(
      String contender, Collection<RunResult> results, List<String> connections, int pipes) {
    Figures figures = new Figures("pool");
    for (RunResult result : results) {
      for (BenchmarkResult fork : result.getBenchmarkResults()) {
        int round = 0;
        for (IterationResult iteration : fork.getIterationResults()) {
          double millis = iteration.getPrimaryResult().getScore();
          figures.tell("latency", contender, ++round, millis / pipes, "ms");
          figures.tell(
              "rate",
              contender,
              round,
              THREADS * pipes / (millis / TimeUnit.SECONDS.toMillis(1)),
              "pipes/s");
          figures.tell(
              "connections",
              contender,
              round,
              Double.parseDouble(connections.get(WARM_UPS + round - 1)),
              "");
        }
      }
    }
  }

  private static void serve() throws IOException {
    Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/short?backlog=1000");
    Threads.start(
        "accept",
        () -> {
          while (true) {
            Pipe pipe = listener.accept();
            Thread.ofVirtual().start(() -> take(pipe));
          }
        });
    OtherJvm.sayAndStay(String.valueOf(listener.address().port()));
  }

  private static void take(Pipe pipe) {
    try (pipe) {
      for (Message message : pipe.messages()) {
        message.commit();
      }
    } catch (PipeException e) {
      throw new IllegalStateException(e);
    }
  }
}
