package io.hostpipe.connector.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.SpooledRelay;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolOptions;
import io.hostpipe.storage.spool.SpoolStream;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.Received;
import io.hostpipe.testkit.ReplaySource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A relay with a spool on a real disk between its source and a pipe in memory. */
@SuppressWarnings("try") // closing by hand is what is tested
final class SpooledRelayTest {
  private static final List<String> MESSAGES = List.of("one", "two", "three", "four", "five");
  private static final StreamId STREAM = new StreamId("list");

  @TempDir private Path folder;

  private final BlockPool pool = new BlockPool(1 << 24);
  private final PipeContext context = PipeContext.messages(pool);
  private final MemoryConnector connector = new MemoryConnector();
  private final String name = UUID.randomUUID().toString();
  private final Listener listener;
  private final Pipe near;
  private final Pipe far;
  private Spool spool;

  SpooledRelayTest() throws Exception {
    listener = connector.listen(Address.parse("memory-listen://" + name), context);
    near = connector.connect(Address.parse("memory://" + name), context);
    far = listener.accept();
  }

  @BeforeEach
  void opensTheSpool() throws PipeException {
    spool = open();
  }

  @AfterEach
  void givesEveryBlockBack() {
    near.close();
    far.close();
    listener.close();
    spool.close();
    InParallel.await(() -> pool.takenBytes() == 0);
  }

  @Test
  void movesAStreamFromItsSourceThroughTheSpoolAndLetsGoOfIt() throws Exception {
    ReplaySource list = list();
    SpooledRelay relay = relay();
    assertThat(relay.attach(list)).isTrue();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(far.source(), true));
    relay.run();
    assertThat(reading.join().texts()).isEqualTo(MESSAGES);
    assertThat(list.committedPosition()).isEqualTo(list.border(5));
    assertThat(list.closed()).isTrue();
    assertThat(stream().delivered()).isTrue();
    assertThat(relay.progress().finished()).isTrue();
  }

  @Test
  void aSourceThatComesLateGoesOnInTheSameSink() throws Exception {
    ReplaySource list = list();
    fill(list, 3);
    SpooledRelay relay = relay();
    InParallel<Boolean> relaying = relaying(relay);
    Received first = Received.readCount(far.source(), 3, list.border(3));
    assertThat(first.texts()).containsExactly("one", "two", "three");
    far.source().commit(list.border(3));
    InParallel.await(() -> relay.progress().committed() == list.border(3));
    assertThat(relay.attach(list)).isTrue();
    InParallel<Received> rest = InParallel.run(() -> Received.readAll(far.source(), true));
    assertThat(relaying.join()).isTrue();
    assertThat(rest.join().texts()).containsExactly("four", "five");
    assertThat(list.soughtPosition()).isEqualTo(list.border(3));
    assertThat(list.committedPosition()).isEqualTo(list.border(5));
    assertThat(stream().delivered()).isTrue();
  }

  @Test
  void withoutASourceAWholeStreamIsDelivered() throws Exception {
    ReplaySource list = list();
    fill(list, 5);
    try (Sink sink = stream().sink()) {
      sink.finish();
    }
    SpooledRelay relay = relay();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(far.source(), true));
    relay.run();
    assertThat(reading.join().texts()).isEqualTo(MESSAGES);
    assertThat(stream().delivered()).isTrue();
    assertThat(relay.attach(list)).as("it is over").isFalse();
    assertThat(list.closed()).as("and the source stays its owner's").isFalse();
  }

  @Test
  void whenNoSourceWillComeWhatIsThereIsDeliveredAndKeptAsUnfinished() throws Exception {
    ReplaySource list = list();
    fill(list, 2);
    SpooledRelay relay = relay();
    InParallel<Boolean> relaying = relaying(relay);
    Received.readCount(far.source(), 2, list.border(2));
    far.source().commit(list.border(2));
    relay.detach();
    assertThat(relaying.failure())
        .isInstanceOfSatisfying(
            PipeException.Closed.class, e -> assertThat(e.status()).isEqualTo(Status.ABORTED))
        .hasMessageContaining("stops at position " + list.border(2));
    assertThat(stream().stats().released()).isEqualTo(list.border(2));
    assertThat(stream().delivered()).isFalse();
    assertThat(relay.attach(list)).isFalse();
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> far.source().read());
  }

  @Test
  void twoSourcesOfOneStreamAreAMistake() throws Exception {
    SpooledRelay relay = relay();
    assertThat(relay.attach(list())).isTrue();
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> relay.attach(list()))
        .withMessageContaining("has a source already");
    relay.close();
  }

  @Test
  void aSourceThatFailsIsTheCauseAndWhatTheSpoolHasOfItIsDelivered() throws Exception {
    Pipe from = connector.connect(Address.parse("memory://" + name), context);
    Pipe source = listener.accept();
    SpooledRelay relay =
        new SpooledRelay(spooled(source.source()).sink(), sourceOf(source.source()), sinks());
    relay.attach(source.source());
    InParallel<Boolean> relaying = relaying(relay);
    long end = from.send("begun".getBytes(StandardCharsets.UTF_8)).endPosition();
    Received.readCount(far.source(), 1, end);
    far.source().commit(end);
    from.close();
    assertThat(relaying.failure())
        .isInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("before its end");
    source.close();
  }

  @Test
  void whenASinkFailsTheSpoolKeepsWhatWasNotDeliveredForTheNextStart() throws Exception {
    ReplaySource list = list();
    SpooledRelay relay = relay();
    relay.attach(list);
    InParallel<Boolean> relaying = relaying(relay);
    Received.readCount(far.source(), 2, list.border(2));
    far.source().commit(list.border(2));
    InParallel.await(() -> relay.progress().committed() == list.border(2));
    far.close();
    assertThat(relaying.failure()).isInstanceOf(PipeException.Closed.class);
    assertThat(list.closed()).isTrue();
    spool.close();
    spool = open();
    assertThat(stream().stats().released()).isEqualTo(list.border(2));
    assertThat(stream().delivered()).isFalse();
    try (Source again = stream().source(false)) {
      try (Batch first = again.read()) {
        assertThat(first).isNotNull();
      }
    }
  }

  @Test
  void theEndIsKeptUntilItWasConfirmed() throws Exception {
    ReplaySource list = list();
    SpooledRelay relay = relay();
    relay.attach(list);
    InParallel<Boolean> relaying = relaying(relay);
    // All of it, and not its end.
    Received.readCount(far.source(), 5, list.border(5));
    far.source().commit(list.border(5));
    InParallel.await(() -> stream().stats().released() == list.border(5));
    assertThat(stream().delivered()).isFalse();
    assertThat(far.source().read()).isNull();
    assertThat(relaying.join()).isTrue();
    assertThat(stream().delivered()).isTrue();
  }

  private SpooledRelay relay() throws PipeException {
    return new SpooledRelay(stream().sink(), stream().source(false), sinks());
  }

  private List<Sink> sinks() {
    return List.of(near.sink());
  }

  private SpoolStream stream() {
    return spooled(STREAM);
  }

  private SpoolStream spooled(Source source) {
    return spooled(source.stream());
  }

  private Source sourceOf(Source source) throws PipeException {
    return spooled(source).source(false);
  }

  private SpoolStream spooled(StreamId stream) {
    try {
      return spool.open(stream, Encoding.RECORDS);
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  /** What an earlier process has left: so many messages, and no end. */
  private void fill(ReplaySource list, int count) throws Exception {
    try (Sink sink = stream().sink()) {
      sink.write(list.batch(0, count));
      sink.awaitCommitted(list.border(count));
    }
    spool.close();
    spool = open();
  }

  private Spool open() throws PipeException {
    return Spool.open(RealDisk.INSTANCE, folder, SpoolOptions.DEFAULT, pool, PipeEvents.SILENT);
  }

  private ReplaySource list() {
    return new ReplaySource(STREAM, pool, MESSAGES);
  }

  private static InParallel<Boolean> relaying(SpooledRelay relay) {
    return InParallel.run(() -> {
      relay.run();
      return true;
    });
  }
}
