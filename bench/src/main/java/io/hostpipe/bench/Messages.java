package io.hostpipe.bench;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * Small acknowledged messages between two JVMs, by Hostpipe and by {@link NaiveMessages}, in turns.
 *
 * <p>A round is so many messages, from the first one added to the acknowledgement of the last. Both
 * keep their connection from round to round; the first rounds warm up and are not told.
 */
public final class Messages {
  private static final int WARM_UP_ROUNDS = 3;

  private Messages() {}

  /** Words: how many rounds, how many messages a round; {@code serve} is the other JVM. */
  public static void main(String[] words) throws Exception {
    if (words[0].equals("serve")) {
      serve();
    } else {
      measure(Integer.parseInt(words[0]), Long.parseLong(words[1]));
    }
  }

  private static void measure(int rounds, long messages) throws Exception {
    Figures figures = new Figures("messages");
    try (OtherJvm other = OtherJvm.start(Messages.class, List.of("serve"))) {
      String[] ports = other.line().split(" ", -1);
      InetSocketAddress naiveAddress = loopback(Integer.parseInt(ports[0]));
      try (SocketChannel channel = SocketChannel.open(naiveAddress);
          Pipe pipe = Hostpipe.connect("tcp://127.0.0.1:" + ports[1] + "/messages")) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        NaiveMessages.Sender naive = new NaiveMessages.Sender(channel);
        PipeMessages.Sender piped = new PipeMessages.Sender(pipe.sink());
        for (int index = 0; index < WARM_UP_ROUNDS + rounds; index++) {
          long first = index * messages;
          boolean naiveFirst = index % 2 == 0;
          double naiveRate = naiveFirst ? sendNaive(naive, first, messages) : 0;
          double pipedRate = sendPiped(piped, first, messages);
          naiveRate = naiveFirst ? naiveRate : sendNaive(naive, first, messages);
          int round = index - WARM_UP_ROUNDS + 1;
          if (round > 0) {
            figures.tell("rate", "naive", round, naiveRate, "msg/s");
            figures.tell("rate", "hostpipe", round, pipedRate, "msg/s");
          }
        }
        pipe.sink().finish();
      }
    }
  }

  private static double sendNaive(NaiveMessages.Sender sender, long first, long count)
      throws IOException {
    ByteBuffer message = MessageCheck.message();
    long begun = System.nanoTime();
    for (long number = first; number < first + count; number++) {
      sender.send(MessageCheck.number(message, number));
    }
    sender.awaitAcknowledged();
    return count * 1e9 / (System.nanoTime() - begun);
  }

  private static double sendPiped(PipeMessages.Sender sender, long first, long count)
      throws PipeException, InterruptedException {
    ByteBuffer message = MessageCheck.message();
    long begun = System.nanoTime();
    for (long number = first; number < first + count; number++) {
      sender.send(MessageCheck.number(message, number));
    }
    sender.awaitAcknowledged();
    return count * 1e9 / (System.nanoTime() - begun);
  }

  private static void serve() throws IOException {
    ServerSocketChannel naive = ServerSocketChannel.open().bind(loopback(0));
    Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/messages");
    Threads.start(
        "naive",
        () -> {
          SocketChannel channel = naive.accept();
          channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
          NaiveMessages.receive(channel, new MessageCheck());
        });
    Threads.start("piped", () -> PipeMessages.receive(listener.accept(), new MessageCheck()));
    OtherJvm.sayAndStay(naive.socket().getLocalPort() + " " + listener.address().port());
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }
}
