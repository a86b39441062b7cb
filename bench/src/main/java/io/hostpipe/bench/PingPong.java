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
 * commit, and so on at both ends) and over a plain blocking channel, in turns.
 *
 * <p>A third contender answers first and commits then: what it commits travels in a frame of its
 * own, where the other order sends it along with the answer.
 *
 * <p>A round is so many exchanges; its median and 99th percentile are exact, from all of its times.
 */
public final class PingPong {
  private static final int MESSAGE_BYTES = 64;
  private static final int WARM_UP_ROUNDS = 10;

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
      String place = "tcp://127.0.0.1:" + ports[1];
      try (SocketChannel channel = SocketChannel.open(loopback(Integer.parseInt(ports[0])));
          Pipe committing = Hostpipe.connect(place + "/commits-first");
          Pipe answering = Hostpipe.connect(place + "/answers-first")) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        List<Contender> contenders =
            List.of(
                new Contender("plain", new PlainClient(channel)),
                new Contender("hostpipe", new PipeClient(committing)),
                new Contender("answers-first", new PipeClient(answering)));
        for (int index = 0; index < WARM_UP_ROUNDS + rounds; index++) {
          for (int turn = 0; turn < contenders.size(); turn++) {
            Contender contender = contenders.get((index + turn) % contenders.size());
            run(contender.client, nanos);
            tell(figures, contender.name, index - WARM_UP_ROUNDS + 1, nanos);
          }
        }
        committing.sink().finish();
        answering.sink().finish();
      }
    }
  }

  private static void run(Client client, long[] nanos) throws IOException, InterruptedException {
    for (int index = 0; index < nanos.length; index++) {
      long begun = System.nanoTime();
      client.exchange();
      nanos[index] = System.nanoTime() - begun;
    }
  }

  private static void tell(Figures figures, String contender, int round, long[] nanos) {
    if (round > 0) {
      Arrays.sort(nanos);
      figures.tell("median", contender, round, nanos[nanos.length / 2] / 1e3, "us");
      figures.tell("p99", contender, round, nanos[(int) (nanos.length * 0.99)] / 1e3, "us");
    }
  }

  private static void serve() throws IOException {
    ServerSocketChannel plain = ServerSocketChannel.open().bind(loopback(0));
    Listener committing = Hostpipe.listen("tcp-listen://127.0.0.1:0/commits-first");
    String place = "tcp-listen://127.0.0.1:" + committing.address().port();
    Listener answering = Hostpipe.listen(place + "/answers-first");
    Threads.start("plain", () -> echo(plain.accept()));
    Threads.start("commits first", () -> commitAndEcho(committing.accept()));
    Threads.start("answers first", () -> echoAndCommit(answering.accept()));
    OtherJvm.sayAndStay(plain.socket().getLocalPort() + " " + committing.address().port());
  }

  private static void echo(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    while (PlainClient.readWhole(channel, message)) {
      PlainClient.writeWhole(channel, message);
    }
  }

  private static void commitAndEcho(Pipe pipe) throws PipeException, InterruptedException {
    for (Message message : pipe.messages()) {
      message.commit();
      pipe.send(message.payload());
    }
    pipe.sink().finish();
  }

  private static void echoAndCommit(Pipe pipe) throws PipeException, InterruptedException {
    for (Message message : pipe.messages()) {
      pipe.send(message.payload());
      message.commit();
    }
    pipe.sink().finish();
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Sends one message and waits for its answer. */
  private interface Client {
    void exchange() throws IOException, InterruptedException;
  }

  private record Contender(String name, Client client) {}

  private static final class PipeClient implements Client {
    private final Pipe pipe;
    private final Iterator<Message> answers;
    private final byte[] message = new byte[MESSAGE_BYTES];

    PipeClient(Pipe pipe) {
      this.pipe = pipe;
      this.answers = pipe.messages().iterator();
    }

    @Override
    public void exchange() throws PipeException, InterruptedException {
      pipe.send(message);
      answers.next().commit();
    }
  }

  /** Nothing but the channel. */
  private static final class PlainClient implements Client {
    private final SocketChannel channel;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);

    PlainClient(SocketChannel channel) {
      this.channel = channel;
    }

    @Override
    public void exchange() throws IOException {
      writeWhole(channel, message);
      if (!readWhole(channel, message)) {
        throw new EOFException("the other end is gone");
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
