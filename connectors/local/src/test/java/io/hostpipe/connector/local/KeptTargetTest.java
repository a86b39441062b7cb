package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.connector.local.FileTarget.Existing;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.DiskFile;
import io.hostpipe.storage.FileIdentity;
import io.hostpipe.storage.KeptFile;
import io.hostpipe.testkit.disk.DiskCall;
import io.hostpipe.testkit.disk.DiskFault;
import io.hostpipe.testkit.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A file with slots on a disk that fails, and under writers that are interrupted. */
final class KeptTargetTest {
  private static final Path FILE = SimulatedDisk.ROOT.resolve("out");

  private final BlockPool pool = new BlockPool(1 << 20);
  private final List<String> warnings = new CopyOnWriteArrayList<>();
  private final SimulatedDisk disk = new SimulatedDisk(1);

  @AfterEach
  void everyBlockCameBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void whatIsCommittedIsLasting() throws Exception {
    try (KeptTarget target = open();
        Sink sink = Ends.open(target)) {
      for (int i = 1; i <= 200; i++) {
        byte[] bytes = Ends.random(1_000, i);
        long end = Ends.write(sink, bytes);
        if (i % 20 == 0) {
          assertThat(sink.awaitCommitted(end).position()).isEqualTo(end);
        }
        long committed = sink.committed().position();
        assertThat(Objects.requireNonNull(disk.lastingContent(FILE)).length)
            .isGreaterThanOrEqualTo((int) committed);
      }
      sink.finish();
      assertThat(disk.lastingContent(FILE)).hasSize(200_000);
    }
    try (KeptTarget target = openOn(disk.afterPowerLoss(7));
        Sink sink = Ends.open(target)) {
      assertThat(sink.resume().position()).isEqualTo(200_000);
    }
  }

  @Test
  void waitsForRoomAndGoesOnByItself() throws Exception {
    try (KeptTarget target = open();
        Sink sink = Ends.open(target)) {
      long slotBytes = Objects.requireNonNull(disk.content(KeptFile.beside(FILE))).length;
      disk.limitTo(slotBytes + 1_500);
      Ends.write(sink, Ends.random(1_000, 1));
      CountDownLatch began = new CountDownLatch(1);
      AtomicReference<Throwable> failed = new AtomicReference<>();
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                began.countDown();
                try {
                  Ends.write(sink, Ends.random(1_000, 2));
                  sink.finish();
                } catch (PipeException | InterruptedException | RuntimeException e) {
                  failed.set(e);
                }
              });
      began.await();
      while (warnings.isEmpty()) {
        Thread.onSpinWait();
      }
      // Nothing of the batch that found no room is there, and what was before it is committed.
      assertThat(sink.awaitCommitted(1_000).position()).isEqualTo(1_000);
      disk.limitTo(Long.MAX_VALUE);
      writer.join();
      assertThat(failed.get()).isNull();
    }
    assertThat(warnings)
        .containsExactly(
            FILE + " is full (No space left on device); it waits for room and goes on then",
            FILE + " has room again and goes on");
    assertThat(disk.lastingContent(FILE)).hasSize(2_000);
  }

  @Test
  void aFullDiskDoesNotKeepTheTargetFromBeingClosed() throws Exception {
    KeptTarget target = open();
    Sink sink = Ends.open(target);
    Ends.write(sink, Ends.random(1_000, 1));
    disk.limitTo(0);
    Thread closer =
        Thread.ofPlatform()
            .start(() -> {
              while (warnings.isEmpty()) {
                Thread.onSpinWait();
              }
              target.close();
            });
    assertThatThrownBy(() -> Ends.write(sink, Ends.random(1_000, 2)))
        .isInstanceOf(PipeException.Closed.class);
    closer.join();
    assertThat(disk.lastingContent(FILE)).hasSize(1_000);
  }

  @Test
  void aFailedSyncIsTheEndAndIsNeverTriedAgain() throws Exception {
    KeptTarget target = open();
    Sink sink = Ends.open(target);
    long syncs = disk.calls(DiskCall.SYNC);
    disk.fail(DiskCall.SYNC, syncs + 1, DiskFault.IO_ERROR);
    Ends.write(sink, Ends.random(1_000, 1));
    assertThatThrownBy(() -> sink.awaitCommitted(1_000))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("could not be made lasting: Input/output error");
    assertThatThrownBy(() -> Ends.write(sink, Ends.random(1_000, 2)))
        .isInstanceOf(PipeException.DataLoss.class);
    assertThatThrownBy(sink::finish).isInstanceOf(PipeException.DataLoss.class);
    sink.close();
    assertThatThrownBy(() -> Ends.open(target)).isInstanceOf(PipeException.DataLoss.class);
    assertThat(target.failure()).isInstanceOf(PipeException.DataLoss.class);
    target.close();
    assertThat(disk.calls(DiskCall.SYNC)).isEqualTo(syncs + 1);
  }

  @Test
  void aFailedWriteIsTheEndToo() throws Exception {
    try (KeptTarget target = open();
        Sink sink = Ends.open(target)) {
      disk.fail(DiskCall.WRITE, disk.calls(DiskCall.WRITE) + 1, DiskFault.IO_ERROR);
      assertThatThrownBy(() -> Ends.write(sink, Ends.random(1_000, 1)))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("cannot be written at offset 0: Input/output error");
      assertThatThrownBy(sink::committed).isInstanceOf(PipeException.DataLoss.class);
    }
  }

  @Test
  void manyWritersShareTheSyncsAndEachBatchIsWhole() throws Exception {
    int writers = 16;
    int batches = 50;
    PipeContext context = Ends.raw(pool).forManyStreams();
    try (KeptTarget target = openOn(disk, context)) {
      AtomicReference<Throwable> failed = new AtomicReference<>();
      Thread[] threads = new Thread[writers];
      for (int i = 0; i < writers; i++) {
        int writer = i;
        threads[i] =
            Thread.ofPlatform()
                .start(() -> {
                  try (Sink sink = target.open(new StreamId("stream " + writer), Encoding.RAW)) {
                    for (int batch = 0; batch < batches; batch++) {
                      Ends.write(sink, filled((byte) ('a' + writer)));
                    }
                    sink.finish();
                  } catch (IOException | InterruptedException | RuntimeException e) {
                    failed.set(e);
                  }
                });
      }
      for (Thread each : threads) {
        each.join();
      }
      assertThat(failed.get()).isNull();
      for (int i = 0; i < writers; i++) {
        assertThat(Objects.requireNonNull(target.held(new StreamId("stream " + i))).position())
            .isEqualTo(100L * batches);
      }
    }
    byte[] all = Objects.requireNonNull(disk.lastingContent(FILE));
    assertThat(all).hasSize(writers * batches * 100);
    for (int i = 0; i < all.length; i++) {
      assertThat(all[i]).isEqualTo(all[i / 100 * 100]);
    }
  }

  private static byte[] filled(byte value) {
    byte[] bytes = new byte[100];
    Arrays.fill(bytes, value);
    return bytes;
  }

  private KeptTarget open() throws IOException {
    return openOn(disk);
  }

  private KeptTarget openOn(SimulatedDisk on) throws IOException {
    return openOn(on, Ends.raw(pool));
  }

  private KeptTarget openOn(SimulatedDisk on, PipeContext context) throws IOException {
    boolean isNew = !on.exists(FILE);
    DiskFile data = on.open(FILE);
    KeptFile kept = KeptFile.open(on, KeptFile.beside(FILE), data, new FileIdentity(1, 0), isNew);
    PipeEvents events =
        new PipeEvents() {
          @Override
          public void warning(String text) {
            warnings.add(text);
          }
        };
    return new KeptTarget(
        new SimulatedGround(data), kept, Existing.REFUSE, context.withEvents(events));
  }

  private record SimulatedGround(DiskFile data) implements Ground {
    @Override
    public String where() {
      return data.path().toString();
    }

    @Override
    public long lengthBytes() throws IOException {
      return data.lengthBytes();
    }

    @Override
    public boolean isStillThere() {
      return true;
    }

    @Override
    public boolean removeIfUnused() {
      return false;
    }

    @Override
    public void close() {
      data.close();
    }
  }
}
