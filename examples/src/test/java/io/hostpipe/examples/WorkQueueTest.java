package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
final class WorkQueueTest {
  private static final List<String> TASKS =
      IntStream.range(0, 200).mapToObj(number -> "task " + number).toList();

  @TempDir private static Path folder;

  private static RabbitServer server;

  @BeforeAll
  static void start() throws Exception {
    server = RabbitServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String queue(String name, String options) {
    return "amqp://127.0.0.1:" + server.port() + "/" + name + options;
  }

  @Test
  void tasksWaitForAWorkerThatComesLater() throws Exception {
    WorkQueue.produce(queue("later", ""), TASKS);
    List<String> done = new ArrayList<>();
    WorkQueue.consume(queue("later", "?until=empty"), done::add);
    assertThat(done).isEqualTo(TASKS);
  }

  @Test
  void whatCannotBeDoneLiesWithTheDeadLettersAndTheRestGoesOn() throws Exception {
    String options = "?dead-letters=failed";
    WorkQueue.produce(queue("work", options), TASKS);
    List<String> done = new ArrayList<>();
    WorkQueue.consume(
        queue("work", options + "&until=empty"),
        task -> {
          if (task.endsWith("7")) {
            throw new IOException("cannot be done");
          }
          done.add(task);
        });
    assertThat(done).isEqualTo(TASKS.stream().filter(task -> !task.endsWith("7")).toList());
    List<String> undone = TASKS.stream().filter(task -> task.endsWith("7")).toList();
    List<String> failed = new ArrayList<>();
    // The server moves them by itself, and may not be through when the first of them are read.
    while (failed.size() < undone.size()) {
      WorkQueue.consume(queue("failed", "?until=empty"), failed::add);
    }
    assertThat(failed).containsExactlyInAnyOrderElementsOf(undone);
  }

  @Test
  void aTaskOfAWorkerThatDiesGoesToTheNextOne() throws Exception {
    WorkQueue.produce(queue("dies", ""), TASKS);
    List<String> done = new ArrayList<>();
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() ->
            WorkQueue.consume(
                queue("dies", ""),
                task -> {
                  if (done.size() == 50) {
                    throw new IllegalStateException("dies");
                  }
                  done.add(task);
                }));
    WorkQueue.consume(queue("dies", "?until=empty"), done::add);
    assertThat(done).containsAll(TASKS);
  }
}
