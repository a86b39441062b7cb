package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Digest;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.Received;
import io.hostpipe.testkit.links.Ends;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Too much, too long, and nothing at all. */
@Timeout(360)
final class VolumeTest {
  private static final long WINDOW_BYTES = 1 << 20;
  private static final String WINDOW = Ends.SHORT + "&window=1MiB";

  private final Ends ends = TestEnds.tcp();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  /** Fault 29: a consumer that takes nothing. */
  @Test
  void aConsumerThatStandsStillHoldsTheProducerBackInBoundedMemory() throws Exception {
    long lengthBytes = 64 << 20;
    Listener listener = ends.listen("name", WINDOW, receiving());
    Pipe pipe = ends.dial(listener.address().port(), "name", WINDOW, sending());
    AtomicLong mostTaken = new AtomicLong();
    InParallel<Digest> sent = Ends.sendAll(pipe, lengthBytes);
    Pipe taken = ends.accept(listener);
    InParallel.awaitStill(() -> {
      mostTaken.accumulateAndGet(ends.pool.takenBytes(), Math::max);
      return ends.pool.takenBytes();
    });
    assertThat(sent.ended()).isFalse();
    // What the sender holds until it is applied, and what the receiver was allowed to be sent.
    assertThat(mostTaken.get()).isLessThan(5 * WINDOW_BYTES);
    Source source = taken.source();
    long position = 0;
    while (position < lengthBytes) {
      position = Ends.receiveUpTo(source, position + (8 << 20));
      mostTaken.accumulateAndGet(ends.pool.takenBytes(), Math::max);
    }
    assertThat(source.read()).isNull();
    sent.join();
    assertThat(mostTaken.get()).isLessThan(5 * WINDOW_BYTES);
  }

  /** Fault 29: a consumer that takes everything and commits nothing. */
  @Test
  void aConsumerThatCommitsNothingHoldsTheProducerBack() throws Exception {
    long lengthBytes = 16 << 20;
    Listener listener = ends.listen("name", WINDOW, receiving());
    Pipe pipe = ends.dial(listener.address().port(), "name", WINDOW, sending());
    InParallel<Digest> sent = Ends.sendAll(pipe, lengthBytes);
    Source source = ends.accept(listener).source();
    AtomicLong position = new AtomicLong();
    InParallel<Object> reading =
        InParallel.run(() -> {
          while (true) {
            Batch batch = source.read();
            if (batch == null) {
              return "ended";
            }
            try (batch) {
              position.set(batch.endPosition());
            }
          }
        });
    InParallel.await(() -> position.get() >= WINDOW_BYTES / 2);
    InParallel.awaitStill(position::get);
    assertThat(sent.ended()).isFalse();
    assertThat(position.get()).isBetween(WINDOW_BYTES / 2, 2 * WINDOW_BYTES);
    while (!reading.ended()) {
      source.commit(position.get());
    }
    source.commit(lengthBytes);
    sent.join();
  }

  /** Fault 36. */
  @Test
  void aMessageOfLengthZeroIsOneMessage() throws Exception {
    Listener listener = ends.listen("name", ends.messages());
    Pipe pipe = ends.dial(listener.address().port(), "name", ends.messages());
    Pipe.Sent last = pipe.send(new byte[0]);
    for (int count = 1; count < 10; count++) {
      last = pipe.send(new byte[0]);
    }
    Pipe taken = ends.accept(listener);
    Received received = Received.readCount(taken.source(), 10, last.endPosition());
    assertThat(received.items()).hasSize(10);
    assertThat(received.payloadBytes()).isZero();
    assertThat(received.items().stream().map(Received.Item::endPosition)).doesNotHaveDuplicates();
  }

  /** Fault 37: as bytes it streams through. */
  @Test
  void moreThanTwoGibibytesStreamThrough() throws Exception {
    long lengthBytes = (2L << 30) + 12_345;
    Listener listener = ends.listen("name", receiving());
    Pipe pipe = ends.dial(listener.address().port(), "name", sending());
    InParallel<Object> sent =
        InParallel.run(() -> {
          Ends.send(pipe.sink(), lengthBytes);
          pipe.sink().awaitCommitted(lengthBytes);
          return "committed";
        });
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveUpTo(taken.source(), lengthBytes)).isEqualTo(lengthBytes);
    sent.join();
    pipe.sink().finish();
  }

  /** Fault 37: as a message it is refused, before memory is taken. */
  @Test
  void aMessageOfTwoGibibytesIsOutOfRange() throws Exception {
    Listener listener = ends.listen("name", ends.messages());
    Pipe pipe = ends.dial(listener.address().port(), "name", ends.messages());
    Sink sink = pipe.sink();
    try (BatchWriter batch = sink.newBatch(0)) {
      long before = ends.pool.takenBytes();
      assertOutOfRange(() -> batch.claim(Integer.MAX_VALUE));
      assertOutOfRange(() -> batch.add(ByteBuffer.allocate(Records.PAYLOAD_BYTES_MAX + 1)));
      assertThat(ends.pool.takenBytes()).isEqualTo(before);
      batch.add(ByteBuffer.allocate(1));
      sink.write(batch);
    }
    try (Batch whole = ends.accept(listener).source().read()) {
      assertThat(whole).isNotNull();
    }
  }

  private static void assertOutOfRange(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PipeException.Config.class, e -> assertThat(e.status()).isEqualTo(Status.OUT_OF_RANGE));
  }

  private PipeContext sending() {
    return ends.raw().withDirections(true, false);
  }

  private PipeContext receiving() {
    return ends.raw().withDirections(false, true);
  }
}
