package io.hostpipe.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.StreamId;
import io.hostpipe.storage.DiskFile;
import io.hostpipe.storage.FileIdentity;
import io.hostpipe.storage.KeptFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A file with slots through every crash: at each change of a short run, with the unsynced writes
 * lost in many ways, and by seeds through long ones with many lives. {@code
 * -Dhostpipe.file.seeds=N} runs N of those.
 */
final class KeptFileSimulationTest {
  private static final int SEED_COUNT = Integer.getInteger("hostpipe.file.seeds", 300);
  private static final int LOSSES = 12;

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void everyCrashPointOfAShortRunLeavesWhatWasPromised(int streamCount) throws IOException {
    for (int seed = 0; seed < 6; seed++) {
      visitEveryCrashPoint(streamCount, seed, file -> file);
    }
  }

  @Test
  void aDiskThatForgetsWhatWasSyncedIsFoundOut() {
    assertThatThrownBy(
            () -> {
              for (int seed = 0; seed < 20; seed++) {
                visitEveryCrashPoint(2, seed, UnsyncedFile::new);
              }
            })
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void everyCallMayFailOnce() throws IOException {
    for (int seed = 0; seed < 4; seed++) {
      for (DiskFault fault : DiskFault.values()) {
        long calls = callsOf(seed);
        for (long call = 1; call <= calls; call++) {
          SimulatedDisk disk = new SimulatedDisk(seed).fail(null, call, 1, fault);
          KeptFileWorld world = new KeptFileWorld(2, 3_000, file -> file);
          surviveFault(world, disk, seed);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void manyLivesEndWithEveryStreamWhole(int streamCount) throws IOException {
    for (int seed = 0; seed < SEED_COUNT; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      KeptFileWorld world = new KeptFileWorld(streamCount, 20_000, file -> file);
      SimulatedDisk disk = new SimulatedDisk(seed);
      for (int life = 0; life < 40; life++) {
        disk.crashBefore(random.nextInt(1, 60));
        if (random.nextInt(4) == 0) {
          disk.fail(null, random.nextInt(1, 60), 1, DiskFault.IO_ERROR);
        }
        try {
          world.live(disk, random.nextLong());
          break;
        } catch (DiskCrash | IOException e) {
          disk = random.nextBoolean() ? disk.afterKill() : disk.afterPowerLoss(random.nextLong());
        } catch (AssertionError e) {
          throw failed(e, seed, disk);
        }
      }
      world.live(disk.afterKill(), seed);
    }
  }

  /** Found by a seed: a new generation that a killed process wrote and did not sync. */
  @Test
  void aGenerationThatWasNotSyncedDoesNotCostTheOneBefore() throws IOException {
    for (int second = 1; second <= 6; second++) {
      for (int seed = 0; seed < 60; seed++) {
        SimulatedDisk first = new SimulatedDisk(seed);
        long promisedBytes = fillOneHalf(first);
        SimulatedDisk left = first.afterKill().crashBefore(second);
        try {
          openAndGoOn(left);
        } catch (DiskCrash e) {
          // As planned.
        }
        assertThat(openAndGoOn(left.afterPowerLoss(seed))).isGreaterThanOrEqualTo(promisedBytes);
      }
    }
  }

  /** Commits until the next generation is written, and dies before that is synced. */
  private static long fillOneHalf(SimulatedDisk disk) throws IOException {
    StreamId stream = new StreamId("stream");
    long promisedBytes = 0;
    boolean isLast = false;
    try (DiskFile data = disk.open(KeptFileWorld.FILE);
        KeptFile kept =
            KeptFile.open(disk, KeptFileWorld.SLOTS, data, new FileIdentity(1, 0), true)) {
      kept.begin(false);
      var _ = kept.join(stream);
      while (true) {
        kept.append(stream, ByteBuffer.allocate(10), null);
        KeptFile.Commit commit = Objects.requireNonNull(kept.commit());
        isLast = promisedBytes == 70;
        if (isLast) {
          // The sync of the data, the write of the slots, and not their sync.
          disk.crashBefore(disk.changes() + 3);
        }
        kept.sync(commit);
        promisedBytes = commit.lengthBytes();
      }
    } catch (DiskCrash e) {
      assertThat(isLast).isTrue();
      return promisedBytes;
    }
  }

  private static long openAndGoOn(SimulatedDisk disk) throws IOException {
    try (DiskFile data = disk.open(KeptFileWorld.FILE);
        KeptFile kept =
            KeptFile.open(disk, KeptFileWorld.SLOTS, data, new FileIdentity(1, 0), false)) {
      assertThat(kept.isKnown()).isTrue();
      kept.goOn();
      return kept.lengthBytes();
    }
  }

  private static void visitEveryCrashPoint(
      int streamCount, int seed, UnaryOperator<DiskFile> onData) throws IOException {
    SimulatedDisk whole = new SimulatedDisk(seed);
    new KeptFileWorld(streamCount, 2_000, file -> file).live(whole, seed);
    for (long change = 1; change <= whole.changes(); change++) {
      for (int loss = 0; loss <= LOSSES; loss++) {
        SimulatedDisk disk = new SimulatedDisk(seed).crashBefore(change);
        KeptFileWorld world = new KeptFileWorld(streamCount, 2_000, onData);
        try {
          world.live(disk, seed);
          throw new AssertionError("no crash before change " + change);
        } catch (DiskCrash e) {
          // As planned.
        }
        SimulatedDisk left = loss == 0 ? disk.afterKill() : disk.afterPowerLoss(loss);
        try {
          world.live(left, seed + 1);
        } catch (AssertionError | IOException e) {
          throw failed(e, seed, disk);
        }
      }
    }
  }

  private static void surviveFault(KeptFileWorld world, SimulatedDisk disk, int seed)
      throws IOException {
    SimulatedDisk left = disk;
    try {
      world.live(disk, seed);
    } catch (IOException e) {
      left = seed % 2 == 0 ? disk.afterKill() : disk.afterPowerLoss(seed);
    }
    try {
      SimulatedDisk next = left.afterKill();
      world.live(next, seed + 1);
      world.live(next.afterPowerLoss(seed), seed + 2);
    } catch (AssertionError | IOException e) {
      throw failed(e, seed, disk);
    }
  }

  private static long callsOf(int seed) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(seed);
    new KeptFileWorld(2, 3_000, file -> file).live(disk, seed);
    assertThat(disk.calls()).isGreaterThan(10);
    return disk.calls();
  }

  private static AssertionError failed(Throwable why, long seed, SimulatedDisk disk) {
    return new AssertionError(
        "seed " + seed + ": " + why + "\n" + String.join("\n", disk.history()), why);
  }

  /** A file whose sync does nothing. */
  private record UnsyncedFile(DiskFile file) implements DiskFile {
    @Override
    public Path path() {
      return file.path();
    }

    @Override
    public int read(ByteBuffer into, long offset) throws IOException {
      return file.read(into, offset);
    }

    @Override
    public void write(ByteBuffer[] buffers, int bufferCount, long offset) throws IOException {
      file.write(buffers, bufferCount, offset);
    }

    @Override
    public long lengthBytes() throws IOException {
      return file.lengthBytes();
    }

    @Override
    public void truncate(long lengthBytes) throws IOException {
      file.truncate(lengthBytes);
    }

    @Override
    public void sync() {}

    @Override
    public void close() {
      file.close();
    }
  }
}
