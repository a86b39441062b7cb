package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.BatchWriter;
import io.hostpipe.Digest;
import io.hostpipe.Headers;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import io.hostpipe.testkit.Strangers;
import io.hostpipe.testkit.TokenProof;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.links.Living;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each limit against one who tries to get past it, while a pipe that lives goes on. */
@Timeout(240)
final class LimitsTest {
  private static final RetryPolicy ONCE =
      new RetryPolicy(Duration.ofSeconds(20), 1, Duration.ofMillis(1), Duration.ofMillis(1));

  private static final String SECRET = "s3cret-s3cret-s3cret-of-ops";

  private final Ends ends = TestEnds.tcp();

  @TempDir Path folder;

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void strangersOfOneHostPushOutEachOtherAndNobodyElse() throws Exception {
    Listener listener =
        ends.listen(
            "name", "heartbeat=2s&linger=3s&handshake=30s&strangers-per-host=10", ends.raw());
    Living living = Living.at(listener, ends);
    try (Strangers strangers = Strangers.silent(Ends.at(listener), 60)) {
      // Those that came first are closed at once, long before their time is over.
      InParallel.await(() -> strangers.closedCount() >= 50);
      assertThat(strangers.openCount()).isBetween(1, 10);
      assertThat(ends.listenerTold)
          .filteredOn(line -> line.contains("too many others wait to be greeted"))
          .hasSizeBetween(40, 60);
      living.goesOn();
    }
  }

  @Test
  void linesAboutStrangersAreLimited() throws Exception {
    Listener listener = ends.listen("name", Ends.UNHURRIED + "&stranger-lines=5", ends.raw());
    Living living = Living.at(listener, ends);
    for (int count = 0; count < 100; count++) {
      try (RawPeer rude = RawPeer.dial(Ends.at(listener))) {
        String asked = "GET /" + count + " HTTP/1.1\r\n\r\n";
        rude.sendBytes(ByteBuffer.wrap(asked.getBytes(StandardCharsets.US_ASCII)));
        rude.drain();
      }
    }
    living.goesOn();
    // A busy machine may take more than a minute for them, and then more lines are right.
    assertThat(ends.listenerTold)
        .filteredOn(line -> line.contains("not a Hostpipe peer"))
        .hasSizeBetween(5, 50);
  }

  @Test
  void whoClaimsATokenHasTheTimeOfAHandshakeToProveIt() throws Exception {
    Listener listener =
        ends.listen(
            "name",
            "heartbeat=100ms&linger=3s&handshake=3s&binding=none&tokens=" + tokens(""),
            ends.raw());
    try (RawPeer slow = RawPeer.dial(Ends.at(listener))) {
      slow.send(TokenProof.claiming(RawPeer.hello("name").build(), "ops", 1));
      assertThat(slow.next()).isInstanceOf(Frame.Challenge.class);
      assertThat(slow.next())
          .isEqualTo(new Frame.Failure(Code.DEADLINE_EXCEEDED, "no proof of its token within 3s"));
      assertThat(slow.drain()).isZero();
    }
    InParallel.await(() ->
        ends.listenerTold.stream()
            .anyMatch(line -> line.contains("no proof of its token within 3s")));
  }

  /** A window bounds a frame, too: nobody is waited for who announces more than may ever come. */
  @Test
  void aFrameLargerThanTheWindowGetsNoMemory() throws Exception {
    Listener listener =
        ends.listen(
            "name", Ends.UNHURRIED + "&window=64KiB", ends.raw().withDirections(false, true));
    Living living = Living.at(listener, ends);
    try (RawPeer greedy = RawPeer.dial(Ends.at(listener))) {
      greedy.greet(RawPeer.hello("name").stream("greedy").build());
      ends.accept(listener);
      greedy.sendBytes(RawPeer.head(256 << 10, 4, 0));
      greedy.drain();
      assertThat(ends.pool.takenBytes()).isLessThan(256 << 10);
    }
    living.goesOn();
  }

  @Test
  void whoSendsBeyondItsCreditIsRefused() throws Exception {
    Listener listener =
        ends.listen(
            "name", Ends.UNHURRIED + "&window=64KiB", ends.raw().withDirections(false, true));
    Living living = Living.at(listener, ends);
    try (RawPeer greedy = RawPeer.dial(Ends.at(listener))) {
      Frame.Welcome welcome = greedy.greet(RawPeer.hello("name").stream("greedy").build());
      ends.accept(listener);
      byte[] quarter = new byte[16 << 10];
      for (int count = 0; count <= welcome.credit() / quarter.length; count++) {
        greedy.sendData((long) count * quarter.length, quarter);
      }
      assertThat(greedy.next(Frame.Failure.class).code()).isEqualTo(Code.INVALID_ARGUMENT);
    }
    living.goesOn();
  }

  @Test
  void aMessageThatIsTooLargeEndsItsPipeAndNoOther() throws Exception {
    Listener listener =
        ends.listen("name", Ends.UNHURRIED + "&message-max=100KiB", ends.messages());
    Pipe pipe = ends.dial(listener.address().port(), "name", ends.messages().withRetry(ONCE));
    InParallel<Object> sent =
        InParallel.run(() -> {
          pipe.send(new byte[90 << 10]).awaitCommitted();
          pipe.send(new byte[2 << 20]).awaitCommitted();
          return "both";
        });
    Pipe taken = ends.accept(listener);
    InParallel<Object> receiving =
        InParallel.run(() -> {
          for (Message message : taken.messages()) {
            message.commit();
          }
          return "all";
        });
    assertThat(receiving.failure())
        .cause()
        .isInstanceOfSatisfying(
            PipeException.Refused.class, e -> assertThat(e.status()).isEqualTo(Status.OUT_OF_RANGE))
        .hasMessageContaining("message-max=");
    assertThat(sent.failure()).isInstanceOf(PipeException.class);
    Pipe next = ends.dial(listener.address().port(), "name", ends.messages());
    InParallel<Object> good =
        InParallel.run(() -> {
          try (BatchWriter batch = next.sink().newBatch(0)) {
            batch.add(ByteBuffer.wrap(new byte[50]), Headers.EMPTY);
            return next.sink().write(batch);
          }
        });
    assertThat(ends.accept(listener).messages().iterator().next().payload()).hasSize(50);
    good.join();
  }

  @Test
  void whenTheBudgetIsUsedUpNewPipesWaitAndThoseThatLiveGoOn() throws Exception {
    PipeContext receiving = ends.raw().withDirections(false, true);
    Listener listener =
        ends.listen("name", Ends.UNHURRIED + "&window=64KiB&budget=1MiB&backlog=100", receiving);
    Living living = Living.at(listener, ends);
    List<RawPeer> peers = new ArrayList<>();
    try {
      for (int count = 0; count < 15; count++) {
        RawPeer peer = RawPeer.dial(Ends.at(listener));
        peers.add(peer);
        peer.greet(RawPeer.hello("name").stream("s" + count).instance(count).build());
        ends.accept(listener);
      }
      try (RawPeer surplus = RawPeer.dial(Ends.at(listener))) {
        surplus.send(RawPeer.hello("name").stream("surplus").instance(99).build());
        Frame.Failure answer = surplus.next(Frame.Failure.class);
        assertThat(answer.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(answer.reason()).contains("(budget=) were under way");
      }
      living.goesOn();
    } finally {
      peers.forEach(RawPeer::close);
    }
  }

  @Test
  void aPrincipalHasItsPipesAndAnotherOneItsOwn() throws Exception {
    Path tokens = tokens("pipes-max=2");
    PipeContext receiving = ends.raw().withDirections(false, true);
    Listener listener =
        ends.listen("name", Ends.UNHURRIED + "&binding=none&tokens=" + tokens, receiving);
    PipeContext writing = ends.raw().withDirections(true, false).withRetry(ONCE);
    Pipe first = dial(listener, "ops", writing);
    first.sink().resume();
    Pipe second = dial(listener, "ops", writing);
    second.sink().resume();
    Pipe firstTaken = ends.accept(listener);
    ends.accept(listener);
    assertThat(InParallel.run(() -> dial(listener, "ops", writing).sink().resume()).failure())
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("token 'ops' has its 2 pipes already");
    assertThat(dial(listener, "other", writing).sink().resume().position()).isZero();
    ends.accept(listener);
    InParallel<Digest> sent = Ends.sendAll(first, 1 << 20);
    Ends.receiveAll(firstTaken.source());
    sent.join();
    first.close();
    firstTaken.close();
    PipeContext patient = ends.raw().withDirections(true, false);
    assertThat(dial(listener, "ops", patient).sink().resume().position()).isZero();
  }

  @Test
  void aPrincipalHasItsBytesUnderWay() throws Exception {
    PipeContext receiving = ends.raw().withDirections(false, true);
    Listener listener =
        ends.listen(
            "name",
            Ends.UNHURRIED + "&binding=none&tokens=" + tokens("bytes-max=128KiB"),
            receiving);
    PipeContext writing = ends.raw().withDirections(true, false).withRetry(ONCE);
    for (int count = 0; count < 2; count++) {
      dial(listener, "ops", writing).sink().resume();
      ends.accept(listener);
    }
    assertThat(InParallel.run(() -> dial(listener, "ops", writing).sink().resume()).failure())
        .hasMessageContaining("token 'ops' has its 131072 bytes under way already");
  }

  @Test
  void thePipesOfAPrincipalShareItsRate() throws Exception {
    PipeContext receiving = ends.raw().withDirections(false, true);
    Listener listener =
        ends.listen(
            "name",
            Ends.UNHURRIED + "&binding=none&quota-rate=1MiB/s&tokens=" + tokens(""),
            receiving);
    PipeContext writing = ends.raw().withDirections(true, false);
    List<InParallel<?>> working = new ArrayList<>();
    long begun = System.nanoTime();
    for (int count = 0; count < 2; count++) {
      working.add(Ends.sendAll(dial(listener, "ops", writing), 1 << 20));
      Pipe taken = ends.accept(listener);
      working.add(InParallel.run(() -> Ends.receiveAll(taken.source())));
    }
    for (InParallel<?> each : working) {
      each.join();
    }
    // Two MiB at one MiB a second, but for what a full bucket lets pass at once.
    assertThat(System.nanoTime() - begun).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(1_500));
  }

  private Pipe dial(Listener listener, String token, PipeContext context) throws Exception {
    Path file = folder.resolve(token);
    if (!Files.exists(file)) {
      secret(file, token + ":" + SECRET);
    }
    return ends.dial(
        listener.address().port(),
        "name",
        Ends.UNHURRIED + "&binding=none&token=@" + file,
        context);
  }

  private Path tokens(String words) throws IOException {
    return secret(
        folder.resolve("tokens"), "ops:" + SECRET + " " + words + "\nother:" + SECRET + "\n");
  }

  private static Path secret(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }
}
