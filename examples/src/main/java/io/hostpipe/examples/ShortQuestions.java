package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import java.io.IOException;

/** Section 2.5: many short pipes to one peer, over the few links that a pool keeps. */
public final class ShortQuestions {
  /** Measures pipes that live for one question, without the pool and with it. */
  public static void main(String[] words) throws Exception {
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/echo?backlog=64")) {
      ListenLoop.inBackground(listener, ShortQuestions::echo);
      String address = "tcp://127.0.0.1:" + listener.address().port() + "/echo";
      IO.println("without reuse: " + meanMicros(address + "?pool-max=0", 500) + " µs a pipe");
      IO.println("with reuse: " + meanMicros(address, 500) + " µs a pipe");
    }
  }

  /** One question in a pipe of its own; closing it in good order gives its link back. */
  static String ask(String address, String question) throws IOException, InterruptedException {
    StringBuilder reply = new StringBuilder();
    try (Pipe pipe = Hostpipe.connect(address)) {
      pipe.send(question.getBytes(UTF_8));
      pipe.sink().finish();
      for (Message message : pipe.messages()) {
        reply.append(message.text());
        message.commit();
      }
    }
    return reply.toString();
  }

  static void echo(Pipe pipe) throws IOException, InterruptedException {
    for (Message message : pipe.messages()) {
      pipe.send(message.payload());
      message.commit();
    }
    pipe.sink().finish();
  }

  private static long meanMicros(String address, int times)
      throws IOException, InterruptedException {
    long begun = System.nanoTime();
    for (int count = 0; count < times; count++) {
      ask(address, "question");
    }
    return (System.nanoTime() - begun) / times / 1_000;
  }
}
