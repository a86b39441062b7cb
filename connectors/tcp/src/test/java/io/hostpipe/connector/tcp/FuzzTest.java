package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import io.hostpipe.testkit.TokenProof;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fault 35: peers that say anything at all, most of it well-formed enough to get far.
 *
 * <p>Each case has its seed; a failure names it.
 */
@Timeout(360)
final class FuzzTest {
  private static final int CASE_COUNT = Integer.getInteger("hostpipe.fuzz.cases", 10_000);
  private static final int FIRST_SEED = Integer.getInteger("hostpipe.fuzz.seed", 0);
  private static final String SECRET = "s3cret-s3cret-s3cret-of-fuzz";
  private static final int DIALER_COUNT = 300;
  private static final String SHORT = "heartbeat=200ms&handshake=500ms&linger=0s&window=64KiB";
  private static final int FRAMES_MAX = 12;
  private static final int PAYLOAD_BYTES_MAX = 3_000;

  private final Ends ends = TestEnds.tcp();
  private final List<Throwable> uncaught = new CopyOnWriteArrayList<>();
  private final List<PipeException> failures = new CopyOnWriteArrayList<>();
  private final AtomicInteger wellFormedCount = new AtomicInteger();
  private final AtomicInteger frameCount = new AtomicInteger();
  private final AtomicInteger greetedCount = new AtomicInteger();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void anythingMayBeSaidAndTheNextGoodPipeWorks() throws Exception {
    sayAnything(CASE_COUNT, "", "");
  }

  /** Some of them know the token, and go on from there. */
  @Test
  void anythingMayBeSaidToAListenerThatAsksForTokens(@TempDir Path folder) throws Exception {
    Path token = folder.resolve("token");
    Files.writeString(token, "ops:" + SECRET);
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    sayAnything(CASE_COUNT / 2, "&binding=none&tokens=" + token, "&binding=none&token=@" + token);
  }

  private void sayAnything(int caseCount, String listens, String dials) throws Exception {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
    try {
      String options = "heartbeat=500ms&handshake=500ms&linger=0s&backlog=5000&window=64KiB";
      RetryPolicy shortly =
          new RetryPolicy(Duration.ofMillis(200), 1, Duration.ofMillis(1), Duration.ofMillis(1));
      String limits = "&stranger-lines=1000" + listens;
      Listener listener = ends.listen("fuzz", options + limits, ends.messages().withRetry(shortly));
      Listener good = ends.listenAlso(listener, "good", Ends.SHORT + listens, ends.raw());
      InParallel<Object> taking = InParallel.run(() -> takeAll(listener));
      InetSocketAddress address = Ends.at(listener);
      for (int seed = FIRST_SEED; seed < FIRST_SEED + caseCount; seed++) {
        talk(address, seed, !listens.isEmpty());
      }
      System.out.printf(
          "%d frames to a listener in %d connections, %d of them well-formed, %d behind the"
              + " greeting%n",
          frameCount.get(), caseCount, wellFormedCount.get(), greetedCount.get());
      assertThat(wellFormedCount.get() * 100L / frameCount.get()).isGreaterThanOrEqualTo(30);
      assertThat(greetedCount.get() * 100L / frameCount.get()).isGreaterThanOrEqualTo(30);
      assertAGoodPipeWorks(good, dials);
      listener.close();
      taking.join();
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertThat(uncaught).isEmpty();
    assertThat(failures)
        .isNotEmpty()
        .noneMatch(e -> String.valueOf(e.getMessage()).contains("invariant"));
    assertThat(ends.listenerTold).noneMatch(line -> line.contains("mistake of our own"));
  }

  @Test
  void anythingMayBeAnsweredToADialer() throws Exception {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4_096);
      InParallel<Object> answering = InParallel.run(() -> answerAll(server));
      int port = server.socket().getLocalPort();
      RetryPolicy shortly =
          new RetryPolicy(Duration.ofMillis(500), 3, Duration.ofMillis(1), Duration.ofMillis(1));
      List<InParallel<Object>> dialing = new ArrayList<>();
      for (int count = 0; count < DIALER_COUNT; count++) {
        Pipe pipe = ends.dial(port, "fuzz", SHORT, ends.messages().withRetry(shortly));
        dialing.add(InParallel.run(() -> useUp(pipe)));
      }
      for (InParallel<Object> each : dialing) {
        each.join();
      }
      assertThat(answering.ended()).isFalse();
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertThat(uncaught).isEmpty();
    assertThat(failures)
        .hasSizeGreaterThan(DIALER_COUNT / 2)
        .noneMatch(e -> String.valueOf(e.getMessage()).contains("invariant"));
  }

  /** Writes and reads until the pipe has failed, as it must. */
  private Object useUp(Pipe pipe) throws Exception {
    InParallel<Object> writing =
        InParallel.run(() -> {
          while (true) {
            pipe.send(new byte[1_000]).awaitCommitted();
          }
        });
    try {
      for (Batch batch = pipe.source().read(); batch != null; batch = pipe.source().read()) {
        try (Batch each = batch) {
          pipe.source().commit(each.endPosition());
        }
      }
    } catch (PipeException e) {
      failures.add(e);
    }
    pipe.close();
    assertThat(writing.failure()).isInstanceOf(PipeException.class);
    return "used up";
  }

  private Object answerAll(ServerSocketChannel server) throws IOException {
    for (int count = 0; ; count++) {
      SocketChannel accepted = server.accept();
      int seed = count;
      Thread.ofVirtual().start(() -> answer(accepted, new SplittableRandom(seed)));
    }
  }

  private void answer(SocketChannel accepted, SplittableRandom random) {
    try (RawPeer peer = RawPeer.over(accepted)) {
      Frame.Hello hello = peer.next(Frame.Hello.class);
      if (random.nextInt(10) > 0) {
        peer.send(answerTo(hello));
        peer.send(random.nextInt(10) > 0 ? welcome(random) : frame(random));
      }
      int frames = random.nextInt(FRAMES_MAX);
      for (int count = 0; count < frames; count++) {
        peer.sendBytes(mutated(random));
      }
      if (random.nextInt(3) == 0) {
        peer.drain();
      }
    } catch (IOException | ProtocolException e) {
      // The dialer had enough of it.
    }
  }

  private static Frame.Hello answerTo(Frame.Hello hello) {
    return new Frame.Hello(
        FrameCodec.VERSION,
        FrameCodec.VERSION,
        true,
        true,
        hello.ackLevel(),
        hello.encoding(),
        new Frame.Id(9, 9),
        hello.connection(),
        hello.name(),
        "answers",
        false,
        0,
        0,
        0,
        false);
  }

  private void talk(InetSocketAddress address, int seed, boolean tokens) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (RawPeer peer = RawPeer.dial(address)) {
      // Some streams come back, to resume where an earlier case left off, most of them from the
      // process that they belong to. What has failed answers why for a while, so most are new.
      int stream = random.nextInt(4) > 0 ? seed : random.nextInt(seed + 1);
      RawPeer.HelloParts hello =
          RawPeer.hello("fuzz").ofMessages().stream("stream-" + stream)
              .instance(random.nextInt(10) > 0 ? stream : seed)
              .connection(seed + 1);
      boolean greeted = false;
      try {
        Frame answer = tokens ? authenticate(peer, hello.build(), random) : greet(peer, hello);
        if (random.nextInt(10) > 0 && answer instanceof Frame.Hello) {
          greeted = true;
          peer.send(random.nextInt(10) > 0 ? welcome(random) : frame(random));
        }
      } catch (ProtocolException e) {
        throw new AssertionError("seed " + seed + ": the answer is no frame", e);
      } catch (IOException e) {
        // Refused, and gone.
      }
      int frames = random.nextInt(FRAMES_MAX);
      for (int count = 0; count < frames; count++) {
        frameCount.incrementAndGet();
        greetedCount.addAndGet(greeted ? 1 : 0);
        peer.sendBytes(mutated(random));
      }
      if (random.nextBoolean()) {
        peer.reset();
      }
    } catch (IOException e) {
      // It was shown the door before it had said everything.
    }
  }

  private static Frame greet(RawPeer peer, RawPeer.HelloParts hello)
      throws IOException, ProtocolException {
    peer.send(hello.build());
    return peer.next();
  }

  /** Most of them know the secret, the others say whatever comes to their minds. */
  private Frame authenticate(RawPeer peer, Frame.Hello hello, SplittableRandom random)
      throws IOException, ProtocolException {
    Frame.Hello claiming = TokenProof.claiming(hello, random.nextInt(20) > 0 ? "ops" : "x", 1);
    peer.send(random.nextInt(20) > 0 ? claiming : hello);
    Frame answer = peer.next();
    if (answer instanceof Frame.Challenge challenge) {
      switch (random.nextInt(12)) {
        case 0 -> peer.send(new Frame.Proof(new byte[32]));
        case 1 -> {
          frameCount.incrementAndGet();
          peer.sendBytes(mutated(random));
        }
        default -> peer.send(TokenProof.ofDialer(SECRET, claiming, challenge));
      }
      answer = peer.next();
    }
    return answer;
  }

  private ByteBuffer mutated(SplittableRandom random) {
    if (random.nextInt(4) == 0) {
      byte[] garbage = new byte[random.nextInt(1, 200)];
      random.nextBytes(garbage);
      return ByteBuffer.wrap(garbage);
    }
    ByteBuffer good = random.nextInt(3) == 0 ? data(random) : RawPeer.encode(frame(random));
    if (random.nextInt(4) > 0) {
      wellFormedCount.incrementAndGet();
      return good;
    }
    // Another content, shorter or longer, with a head and a CRC that are right.
    byte[] body = new byte[Math.max(0, good.remaining() - 12 + random.nextInt(-4, 5))];
    random.nextBytes(body);
    int type = good.get(4) & 0xFF;
    wellFormedCount.incrementAndGet();
    return RawPeer.frame(random.nextInt(5) == 0 ? random.nextInt(256) : type, good.get(5), body);
  }

  private static ByteBuffer data(SplittableRandom random) {
    byte[] body = new byte[8 + random.nextInt(PAYLOAD_BYTES_MAX)];
    for (int index = 8; index < body.length; index++) {
      // Small numbers: some runs of these are records.
      body[index] = (byte) random.nextInt(random.nextInt(8) == 0 ? 256 : 3);
    }
    ByteBuffer.wrap(body).putLong(random.nextInt(3) == 0 ? number(random) : 0);
    return RawPeer.frame(4, random.nextInt(8) == 0 ? 1 : 0, body);
  }

  private static Frame welcome(SplittableRandom random) {
    return new Frame.Welcome(new Frame.Id(1, random.nextInt(3)), 1, 0, 0L, 1 << 20, null, 0);
  }

  private static Frame frame(SplittableRandom random) {
    long position = number(random);
    return switch (random.nextInt(13)) {
      case 11 -> new Frame.Challenge(Frame.Binding.NONE, new Frame.Id(position, 1));
      case 12 -> new Frame.Proof(new byte[32]);
      case 0 -> RawPeer.hello("fuzz").ofMessages().connection(position + 1).build();
      case 1 -> new Frame.Welcome(new Frame.Id(0, 1), position, position, null, position, null, 0);
      case 2 -> new Frame.Ack(position, 0, position, number(random));
      case 3 -> new Frame.Reject(position, random.nextInt(17), "no");
      case 4 -> new Frame.Ping(position);
      case 5 -> new Frame.Pong(position);
      case 6 -> new Frame.Fin(position, number(random));
      case 7 -> new Frame.FinAck(position, number(random));
      case 8 -> new Frame.Bye();
      case 9 -> new Frame.Failure(random.nextInt(20), "because");
      default -> new Frame.GoAway("elsewhere");
    };
  }

  private static long number(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> random.nextLong(100);
      case 2 -> random.nextLong(FrameCodec.EPOCH_MAX);
      default -> random.nextLong(Long.MAX_VALUE);
    };
  }

  /** Takes every pipe, reads and commits whatever comes, and closes it when it has failed. */
  private Object takeAll(Listener listener) throws InterruptedException {
    while (true) {
      Pipe pipe;
      try {
        pipe = listener.accept();
      } catch (PipeException e) {
        return "closed";
      }
      Thread.ofVirtual()
          .start(() -> {
            try (pipe) {
              for (Batch batch = pipe.source().read();
                  batch != null;
                  batch = pipe.source().read()) {
                try (Batch each = batch) {
                  each.forEach((end, payload, headers) -> {});
                  pipe.source().commit(each.endPosition());
                }
              }
            } catch (PipeException e) {
              // What the peer said ended the pipe, as it should.
              failures.add(e);
            } catch (IllegalArgumentException e) {
              // It was no message.
            } catch (IOException e) {
              throw new AssertionError(e);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
  }

  private void assertAGoodPipeWorks(Listener listener, String dials) throws Exception {
    Pipe pipe =
        ends.dial(
            listener.address().port(),
            "good",
            Ends.SHORT + dials,
            ends.raw().withDirections(true, false));
    InParallel<Digest> sent = Ends.sendAll(pipe, 1 << 20);
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(1 << 20);
    sent.join();
  }
}
