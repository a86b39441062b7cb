package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class ListenLoopTest {
  @Test
  void servesManyAtOnceAndOutlivesThoseThatBreak() throws Exception {
    Queue<Exception> failed = new ConcurrentLinkedQueue<>();
    Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/echo?backlog=100");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> loop =
          threads.submit(() -> {
            ListenLoop.serve(listener, ListenLoopTest::echo, failed::add);
            return null;
          });
      try {
        String address = "tcp://127.0.0.1:" + listener.address().port() + "/echo";
        Pipe silent = Hostpipe.connect(address);
        silent.sink().resume();
        Pipe failing = Hostpipe.connect(address);
        try {
          failing.send("fail".getBytes(UTF_8));
        } catch (PipeException.Closed e) {
          // So fast is the news that the handler failed.
        }
        List<Future<String>> replies =
            IntStream.range(0, 50)
                .mapToObj(number -> threads.submit(() -> ask(address, "question " + number)))
                .toList();
        for (int number = 0; number < replies.size(); number++) {
          assertThat(replies.get(number).get()).isEqualTo("question " + number);
        }
        silent.close();
        failing.close();
      } finally {
        listener.close();
      }
      loop.get();
    }
    assertThat(failed).anyMatch(e -> e instanceof IOException && "as asked".equals(e.getMessage()));
  }

  private static void echo(Pipe pipe) throws IOException, InterruptedException {
    for (Message message : pipe.messages()) {
      if (message.text().equals("fail")) {
        throw new IOException("as asked");
      }
      pipe.send(message.payload());
      message.commit();
    }
    pipe.sink().finish();
  }

  private static String ask(String address, String question) throws Exception {
    try (Pipe pipe = Hostpipe.connect(address)) {
      pipe.send(question.getBytes(UTF_8));
      Message reply = Objects.requireNonNull(pipe.messages().read());
      reply.commit();
      pipe.sink().finish();
      return reply.text();
    }
  }
}
