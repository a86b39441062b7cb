package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import java.io.IOException;
import java.util.List;

/**
 * Sections 4.1, 4.3 and 4.4: tasks wait in a queue, whoever is free does them, and what cannot be
 * done lies with the dead letters.
 *
 * <table>
 *   <caption>The article's words, and who does their work here</caption>
 *   <tr><td>queue_declare, durable</td><td>whoever comes first makes it; another shape is refused</td></tr>
 *   <tr><td>PERSISTENT, confirms</td><td>{@code finish}: returns when the broker has all of it</td></tr>
 *   <tr><td>basicAck</td><td>{@code message.commit()}</td></tr>
 *   <tr><td>basicNack, for ever again</td><td>{@code message.reject}: once, and with a reason</td></tr>
 * </table>
 */
public final class WorkQueue {
  private WorkQueue() {}

  /** Does one task; what it throws says that it cannot be done. */
  @FunctionalInterface
  interface Worker {
    void work(String task) throws IOException;
  }

  /** Puts tasks into the queue; returns when all are safe, though nobody works yet. */
  static void produce(String queue, List<String> tasks) throws IOException, InterruptedException {
    try (Pipe pipe = Hostpipe.writer(queue, "tasks")) {
      for (String task : tasks) {
        pipe.send(task.getBytes(UTF_8));
      }
      pipe.sink().finish();
    }
  }

  /** Works until the queue is empty, where its address says {@code until=empty}; else for ever. */
  static void consume(String queue, Worker worker) throws IOException, InterruptedException {
    try (Pipe pipe = Hostpipe.reader(queue)) {
      for (Message task : pipe.messages()) {
        try {
          worker.work(task.text());
        } catch (IOException e) {
          task.reject(new Rejection(Status.INVALID_ARGUMENT, String.valueOf(e.getMessage())));
        }
        task.commit(); // a process that dies before this leaves the task to the next one
      }
    }
  }
}
