package io.hostpipe.testkit.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Digest;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.runtime.fault.Cut;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A pipe through a proxy that breaks its connections in every way it can, over some carrier. */
@Timeout(240)
public abstract class LinkFaults {
  private static final int CUT_COUNT = 12;
  private static final long STREAM_BYTES = 24 << 20;

  private final Ends ends;

  /** Over the carrier of these ends; closed after each test. */
  protected LinkFaults(Ends ends) {
    this.ends = ends;
  }

  @AfterEach
  void closeAll() {
    ends.close();
  }

  /** Faults 1, 2, 4 and 12 of the list, twelve times each in one stream. */
  @ParameterizedTest
  @EnumSource(Fault.class)
  void aStreamThatIsCutTwelveTimesArrivesWhole(Fault fault) throws Exception {
    Listener listener = ends.listen("name", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    proxy.hold(Duration.ofSeconds(20));
    for (int count = 1; count <= CUT_COUNT; count++) {
      proxy.cutAt(count * STREAM_BYTES / (CUT_COUNT + 1), fault);
    }
    Pipe pipe = ends.dial(proxy, "name", sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, STREAM_BYTES);
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(STREAM_BYTES);
    sent.join();
    assertCutsHealed(proxy, fault, pipe, taken);
  }

  /** The same with the receiver dialing a sender that listens. */
  @ParameterizedTest
  @EnumSource(Fault.class)
  void aStreamTowardTheDialerThatIsCutArrivesWhole(Fault fault) throws Exception {
    Listener listener = ends.listen("name", sending());
    FaultProxy proxy = ends.proxyTo(listener);
    proxy.hold(Duration.ofSeconds(20));
    for (int count = 1; count <= CUT_COUNT; count++) {
      proxy.cutAt(count * STREAM_BYTES / (CUT_COUNT + 1), fault);
    }
    Pipe pipe = ends.dial(proxy, "name", receiving());
    InParallel<Long> received = InParallel.run(() -> Ends.receiveAll(pipe.source()));
    Pipe taken = ends.accept(listener);
    InParallel<Digest> sent = Ends.sendAll(taken, STREAM_BYTES);
    assertThat(received.join()).isEqualTo(STREAM_BYTES);
    sent.join();
    assertCutsHealed(proxy, fault, taken, pipe);
  }

  private static void assertCutsHealed(FaultProxy proxy, Fault fault, Pipe sender, Pipe receiver) {
    assertThat(proxy.cuts()).hasSize(CUT_COUNT).allMatch(cut -> cut.fault() == fault);
    List<Duration> outages = proxy.cuts().stream().map(Cut::outage).toList();
    assertThat(outages).doesNotContainNull();
    assertResumed(sender, CUT_COUNT, proxy);
    assertResumed(receiver, CUT_COUNT, proxy);
    assertThat(receiver.stats().duplicateBytes()).isZero();
    assertThat(sender.stats().verifiedFrom()).isZero();
  }

  /**
   * After each cut once, and over a link of its own each time. A machine with other work may stand
   * still for longer than a link may be silent: then there was one more.
   */
  private static void assertResumed(Pipe pipe, long cuts, FaultProxy proxy) {
    assertThat(pipe.stats().resumes()).isBetween(cuts, proxy.connectionCount() - 1L);
  }

  /** Both directions at once, with faults at random places of a printed seed. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void bothDirectionsOutliveCutsAtRandomPlaces(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    long eachBytes = 6 << 20;
    Listener listener = ends.listen("name", ends.raw());
    FaultProxy proxy = ends.proxyTo(listener);
    proxy.hold(Duration.ofSeconds(20));
    Fault[] faults = Fault.values();
    for (int count = 0; count < 15; count++) {
      proxy.cutAt(random.nextLong(2 * eachBytes), faults[random.nextInt(faults.length)]);
    }
    Pipe pipe = ends.dial(proxy, "name", ends.raw());
    InParallel<Digest> there = Ends.sendAll(pipe, eachBytes);
    InParallel<Long> fromThere = InParallel.run(() -> Ends.receiveAll(pipe.source()));
    Pipe taken = ends.accept(listener);
    InParallel<Digest> back = Ends.sendAll(taken, eachBytes);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(eachBytes);
    assertThat(fromThere.join()).isEqualTo(eachBytes);
    assertThat(there.join()).isEqualTo(back.join());
    assertThat(proxy.cuts()).hasSize(15);
  }

  /** Fault 3: the receiver would take the old link for alive for an hour. */
  @Test
  void aNewLinkReplacesAHalfOpenOneAtOnce() throws Exception {
    Listener listener = ends.listen("name", "heartbeat=1h&handshake=2s", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    proxy.hold(Duration.ofHours(1));
    proxy.cutAt(STREAM_BYTES / 2, Fault.BLACKHOLE);
    Pipe pipe = ends.dial(proxy, "name", sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, STREAM_BYTES);
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(STREAM_BYTES);
    sent.join();
    assertResumed(taken, 1, proxy);
  }

  /** Fault 5. */
  @Test
  void aStreamThatTravelsByteByByteArrivesWhole() throws Exception {
    long lengthBytes = 100_000;
    Listener listener = ends.listen("name", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    proxy.byteByByte(true);
    Pipe pipe = ends.dial(proxy, "name", sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, lengthBytes);
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(lengthBytes);
    sent.join();
  }

  /** Fault 10: whatever dials gets through, and no answer comes back, for many links in a row. */
  @Test
  void aPartitionOneWayIsWaitedOutWithoutALivelock() throws Exception {
    int deafLinks = 5;
    Listener listener = ends.listen("name", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    proxy.hold(Duration.ofSeconds(20));
    Pipe pipe = ends.dial(proxy, "name", sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, STREAM_BYTES);
    Pipe taken = ends.accept(listener);
    Ends.receiveUpTo(taken.source(), STREAM_BYTES / 2);
    proxy.cutEach(Fault.ONE_WAY_BLACKHOLE);
    proxy.cutNow(Fault.ONE_WAY_BLACKHOLE);
    long fromNanos = System.nanoTime();
    InParallel.await(() -> proxy.connectionCount() > deafLinks);
    // Nobody hammers: each link is given the time in which it could have answered.
    assertThat(System.nanoTime() - fromNanos)
        .isGreaterThan(Duration.ofMillis(200).multipliedBy(deafLinks).toNanos());
    int deaf = proxy.connectionCount() - 1;
    proxy.cutEach(null);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(STREAM_BYTES);
    sent.join();
    // No deaf link counts as one.
    assertThat(pipe.stats().resumes()).isBetween(1L, (long) proxy.connectionCount() - deaf);
  }

  /** Fault 12, at the places where it is most tempting to take it for the end. */
  @Test
  void anOrderlyEndOfTheConnectionIsNotTheEndOfTheStream() throws Exception {
    Listener listener = ends.listen("name", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    Pipe pipe = ends.dial(proxy, "name", sending());
    Digest first = Ends.send(pipe.sink(), 1_000);
    Pipe taken = ends.accept(listener);
    Source source = taken.source();
    assertThat(Ends.receiveUpTo(source, 1_000)).isEqualTo(1_000);
    pipe.sink().awaitCommitted(1_000);
    proxy.cutNow(Fault.FIN);
    InParallel.await(() -> taken.stats().resumes() >= 1);
    assertThat(source.read(Duration.ofMillis(1))).isNull();
    assertThat(source.finished()).isFalse();
    InParallel<Digest> rest = Ends.sendAll(pipe, 1_000);
    assertThat(Ends.receiveAll(source)).isEqualTo(2_000);
    assertThat(rest.join()).isNotEqualTo(first);
    assertThat(source.finished()).isTrue();
  }

  /** Fault 43: the answer to the end is lost, and the receiver is already on its way out. */
  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"ONE_WAY_BLACKHOLE", "RESET", "FIN"})
  void aLostConfirmationIsAskedForAgainOfAReceiverThatLeaves(Fault fault) throws Exception {
    Listener listener = ends.listen("name", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    proxy.hold(Duration.ofSeconds(20));
    Pipe pipe = ends.dial(proxy, "name", sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, 1_000);
    Pipe taken = listener.accept();
    listener.close();
    Source source = taken.source();
    try (var batch = source.read()) {
      assertThat(batch).isNotNull();
    }
    assertThat(source.read()).isNull();
    proxy.cutNow(fault);
    source.commit(1_000);
    taken.close();
    sent.join();
    assertThat(pipe.stats().resumes()).isPositive();
  }

  @Test
  void aReceiverThatIsGoneForGoodIsGivenUpWithThePosition() throws Exception {
    RetryPolicy policy =
        new RetryPolicy(
            Duration.ofSeconds(3), Integer.MAX_VALUE, Duration.ofMillis(5), Duration.ofMillis(50));
    Listener listener = ends.listen("name", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    Pipe pipe = ends.dial(proxy, "name", sending().withRetry(policy));
    InParallel<Digest> sent = Ends.sendAll(pipe, STREAM_BYTES);
    Pipe taken = ends.accept(listener);
    long position = Ends.receiveUpTo(taken.source(), STREAM_BYTES / 2);
    pipe.sink().awaitCommitted(position);
    proxy.refuse(true);
    proxy.cutNow(Fault.RESET);
    assertThat(sent.failure())
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("no link for 3s (--give-up)")
        .hasMessageContaining("acknowledged up to position " + position);
  }

  @Test
  void aDamagedByteIsNeverDelivered() throws Exception {
    Listener listener = ends.listen("name", receiving());
    FaultProxy proxy = ends.proxyTo(listener);
    for (int count = 1; count <= CUT_COUNT; count++) {
      proxy.flipAt(true, count * STREAM_BYTES / (CUT_COUNT + 1));
    }
    Pipe pipe = ends.dial(proxy, "name", sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, STREAM_BYTES);
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(STREAM_BYTES);
    sent.join();
    assertResumed(taken, CUT_COUNT, proxy);
  }

  @Test
  void aPipeThatIsClosedInTheMiddleTellsBothSidesThePosition() throws Exception {
    Listener listener = ends.listen("name", receiving());
    Pipe pipe = ends.dial(listener, "name", sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, STREAM_BYTES);
    Pipe taken = ends.accept(listener);
    Ends.receiveUpTo(taken.source(), STREAM_BYTES / 2);
    pipe.close();
    assertThat(sent.failure()).isInstanceOf(PipeException.Closed.class);
    assertThatThrownBy(() -> Ends.receiveAll(taken.source()))
        .isInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("the peer gave up at position ");
  }

  private PipeContext sending() {
    return ends.raw().withDirections(true, false);
  }

  private PipeContext receiving() {
    return ends.raw().withDirections(false, true);
  }
}
