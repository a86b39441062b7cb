package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.disk.DiskCall;
import io.hostpipe.testkit.disk.DiskFault;
import io.hostpipe.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A device that failed once is not asked again, and everybody hears of it. */
final class SpoolPoisonTest {
  private final SimulatedDisk disk = new SimulatedDisk(1);
  private final BlockPool pool = new BlockPool(1 << 20);

  @ParameterizedTest
  @EnumSource(names = {"WRITE", "SYNC"})
  void nothingIsWrittenOrSyncedAfterAFailure(DiskCall kind) throws Exception {
    long changes;
    try (Spool spool =
        Spool.open(disk, SpoolRun.FOLDER, SpoolCrashTest.OPTIONS, pool, PipeEvents.SILENT)) {
      SpoolStream one = spool.open(new StreamId("one"), Encoding.RAW);
      SpoolStream other = spool.open(new StreamId("other"), Encoding.RAW);
      Sink sink = one.sink();
      write(sink);
      write(other.sink());
      Source source = other.source(false);
      Objects.requireNonNull(source.read()).close();
      InParallel<@Nullable Batch> reading = InParallel.run(() -> source.read());
      reading.awaitBlocked();
      disk.fail(kind, disk.calls(kind) + 1, DiskFault.IO_ERROR);
      assertThatThrownBy(() -> write(sink))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("cannot be trusted")
          .hasMessageContaining("Input/output error");
      assertThat(reading.failure()).isInstanceOf(PipeException.DataLoss.class);
      changes = disk.changes();
      assertThatThrownBy(() -> write(sink)).isInstanceOf(PipeException.DataLoss.class);
      assertThatThrownBy(one::sink).isInstanceOf(PipeException.DataLoss.class);
      assertThatThrownBy(() -> spool.held(new StreamId("one")))
          .isInstanceOf(PipeException.DataLoss.class);
    }
    assertThat(disk.changes()).isEqualTo(changes);
    assertThat(pool.takenBytes()).isZero();
    try (Spool again =
        Spool.open(
            disk.afterPowerLoss(1),
            SpoolRun.FOLDER,
            SpoolCrashTest.OPTIONS,
            pool,
            PipeEvents.SILENT)) {
      assertThat(again.open(new StreamId("one"), Encoding.RAW).held().position())
          .isGreaterThanOrEqualTo(100);
    }
  }

  private static void write(Sink sink) throws Exception {
    BatchWriter batch = sink.newBatch(100);
    batch.addBytes(ByteBuffer.allocate(100));
    sink.awaitCommitted(sink.write(batch));
  }
}
