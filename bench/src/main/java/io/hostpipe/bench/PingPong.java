package io.hostpipe.bench;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * One message of 64 bytes there and back between two JVMs: through a {@link Pipe} (send, read,
 * commit on both sides) and over a plain blocking channel, in turns.
 *
 * <p>A round is so many exchanges; its median and 99th percentile are exact, from all of its times.
 */
public final class PingPong {
  private static final int MESSAGE_BYTES = 64;
  private static final int WARM_UP_ROUNDS = 5;

  private PingPong() {}

  /** Words: how many rounds, how many exchanges a round; {@code serve} is the other JVM. */
  public static void main(String[] words) throws Exception {
    if (words[0].equals("serve")) {
      serve();
    } else {
      measure(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
    }
  }

  private static void measure(int rounds, int exchanges) throws Exception {
    Figures figures = new Figures("pingpong");
    long[] nanos = new long[exchanges];
    try (OtherJvm other = OtherJvm.start(PingPong.class, List.of("serve"))) {
      String[] ports = other.line().split(" ", -1);
      try (SocketChannel channel = SocketChannel.open(loopback(Integer.parseInt(ports[0])));
          Pipe pipe = Hostpipe.connect("tcp://127.0.0.1:" + ports[1] + "/pingpong")) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        PlainClient plain = new PlainClient(channel);
        Iterator<Message> answers = pipe.messages().iterator();
        for (int index = 0; index < WARM_UP_ROUNDS + rounds; index++) {
          int round = index - WARM_UP_ROUNDS + 1;
          boolean plainFirst = index % 2 == 0;
          if (plainFirst) {
            plain.run(nanos);
            tell(figures, "plain", round, nanos);
          }
          exchange(pipe, answers, nanos);
          tell(figures, "hostpipe", round, nanos);
          if (!plainFirst) {
            plain.run(nanos);
            tell(figures, "plain", round, nanos);
          }
        }
        pipe.sink().finish();
      }
    }
  }

  private static void tell(Figures figures, String contender, int round, long[] nanos) {
    if (round > 0) {
      Arrays.sort(nanos);
      figures.tell("median", contender, round, nanos[nanos.length / 2] / 1e3, "us");
      figures.tell("p99", contender, round, nanos[(int) (nanos.length * 0.99)] / 1e3, "us");
    }
  }

  private static void exchange(Pipe pipe, Iterator<Message> answers, long[] nanos)
      throws PipeException, InterruptedException {
    byte[] message = new byte[MESSAGE_BYTES];
    for (int index = 0; index < nanos.length; index++) {
      long begun = System.nanoTime();
      pipe.send(message);
      answers.next().commit();
      nanos[index] = System.nanoTime() - begun;
    }
  }

  private static void serve() throws IOException {
    ServerSocketChannel plain = ServerSocketChannel.open().bind(loopback(0));
    Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/pingpong");
    Threads.start("plain", () -> echo(plain.accept()));
    Threads.start("piped", () -> echo(listener.accept()));
    OtherJvm.sayAndStay(plain.socket().getLocalPort() + " " + listener.address().port());
  }

  private static void echo(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    while (PlainClient.readWhole(channel, message)) {
      PlainClient.writeWhole(channel, message);
    }
  }

  /** Answers, then commits: the order of a program that did something with the message. */
  private static void echo(Pipe pipe) throws PipeException, InterruptedException {
    for (Message message : pipe.messages()) {
      pipe.send(message.payload());
      message.commit();
    }
    pipe.sink().finish();
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** The other contender: nothing but the channel. */
  private static final class PlainClient {
    private final SocketChannel channel;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);

    PlainClient(SocketChannel channel) {
      this.channel = channel;
    }

    void run(long[] nanos) throws IOException {
      message.clear();
      for (int index = 0; index < nanos.length; index++) {
        long begun = System.nanoTime();
        writeWhole(channel, message);
        if (!readWhole(channel, message)) {
          throw new EOFException("the other end is gone");
        }
        nanos[index] = System.nanoTime() - begun;
      }
    }

    static void writeWhole(SocketChannel channel, ByteBuffer message) throws IOException {
      while (message.hasRemaining()) {
        channel.write(message);
      }
    }

    /** Fills the buffer and flips it; false at the end of the stream. */
    static boolean readWhole(SocketChannel channel, ByteBuffer message) throws IOException {
      message.clear();
      while (message.hasRemaining()) {
        if (channel.read(message) < 0) {
          return false;
        }
      }
      message.flip();
      return true;
    }
  }
}
