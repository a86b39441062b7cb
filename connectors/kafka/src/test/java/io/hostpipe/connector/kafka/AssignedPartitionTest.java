package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.Pipe;
import io.hostpipe.Source;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A partition that one pipe after another reads. */
final class AssignedPartitionTest {
  private final PipeContext context = PipeContext.messages(new BlockPool(1 << 20));

  /** Its positions are those of its own pipe, and that one began anew. */
  @Test
  void whatAnEarlierPipeCommitsLateIsNotTakenForTheNextOne() throws Exception {
    KafkaOptions options =
        KafkaOptions.of(Address.parse("kafka://127.0.0.1:1/topic?group=g"), true).ofPartition(0);
    AssignedPartition partition =
        new AssignedPartition(
            options,
            new OffsetCursor("AAAAAAAAAAAAAAAAAAAAAA", 0, 5),
            false,
            PipeEvents.SILENT,
            new AtomicBoolean(),
            () -> {});
    Source first = source(partition);
    Source second = source(partition);
    try (Pipe one = partition.open(first)) {
      partition.handedOver(100, 10);
      first.commit(100);
      assertThat(one.source()).isSameAs(first);
      assertThat(partition.takeUntold()).isEqualTo(10);
    }
    try (Pipe other = partition.open(second)) {
      partition.handedOver(50, 15);
      first.commit(100);
      assertThat(partition.takeUntold()).as("of another pipe").isEqualTo(-1);
      other.source().commit(50);
      assertThat(partition.takeUntold()).isEqualTo(15);
    }
  }

  private Source source(AssignedPartition partition) {
    return new AssignedSource(partition, context, why -> {});
  }
}
