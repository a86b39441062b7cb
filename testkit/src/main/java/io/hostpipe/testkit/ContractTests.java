package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;

/** What the parts of the {@link ConnectorContract} share. */
public interface ContractTests {
  /** Where the streams of this test are opened; the same one throughout a test. */
  ContractPlace place();

  /** Closes everything, and finds what was not given back. */
  @AfterEach
  default void givesEveryBlockBack() {
    place().close();
    InParallel.await(() -> place().pool().takenBytes() == 0);
  }

  /** Skips the test unless the connector declares this. */
  default void needs(ContractPlace.Ability ability) {
    needs(ability.name(), place().abilities().contains(ability));
  }

  /** Skips the test unless the connector declares that it carries this. */
  default void needs(Encoding encoding) {
    needs(encoding.name(), place().encodings().contains(encoding));
  }

  /**
   * Skips the test unless this holds.
   *
   * @param what the name under which the table of skips has to allow it
   */
  default void needs(String what, boolean given) {
    if (!given) {
      assertThat(ContractSkips.allows(getClass(), what))
          .as("contract-skips.txt lets %s go without %s", getClass().getSimpleName(), what)
          .isTrue();
      abort("the connector goes without " + what);
    }
  }

  /** A fresh stream of messages. */
  default ContractWay openMessages() throws PipeException, InterruptedException {
    needs(Encoding.RECORDS);
    return open(Encoding.RECORDS);
  }

  /** A fresh stream of whatever the connector carries. */
  default ContractWay openAny() throws PipeException, InterruptedException {
    return open(place().encodings().contains(Encoding.RECORDS) ? Encoding.RECORDS : Encoding.RAW);
  }

  /** A fresh stream. */
  default ContractWay open(Encoding encoding) throws PipeException, InterruptedException {
    return place().open(freshId(), encoding);
  }

  /** An id that no other stream has. */
  default StreamId freshId() {
    return new StreamId("contract-" + UUID.randomUUID());
  }

  /** Writes these messages in one batch. */
  default long write(Sink sink, String... messages) throws PipeException, InterruptedException {
    int lengthBytes = 0;
    for (String message : messages) {
      lengthBytes += message.length() * 3 + 16;
    }
    try (BatchWriter batch = sink.newBatch(lengthBytes)) {
      for (String message : messages) {
        assertThat(batch.add(bytes(message), Headers.EMPTY)).isTrue();
      }
      return sink.write(batch);
    }
  }

  /** Writes blocks of zeros until it has written so many bytes; tells after each how many. */
  default void writeZeros(
      Sink sink, long lengthBytes, java.util.concurrent.atomic.AtomicLong written)
      throws PipeException, InterruptedException {
    byte[] zeros = new byte[60_000];
    while (written.get() < lengthBytes) {
      try (BatchWriter batch = sink.newBatch(64 << 10)) {
        assertThat(batch.add(ByteBuffer.wrap(zeros))).isTrue();
        sink.write(batch);
      }
      written.addAndGet(zeros.length);
    }
  }

  /** Everything that is refused up to there, as the writer hears it; waits for it. */
  default List<Committed.Rejected> refusals(Sink sink, long position)
      throws PipeException, InterruptedException {
    Committed now = sink.committed();
    List<Committed.Rejected> all = new ArrayList<>(now.rejected());
    while (now.position() < position) {
      now = sink.awaitCommitted(now.position() + 1);
      all.addAll(now.rejected());
    }
    return all;
  }

  /** The text in UTF-8. */
  default ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
