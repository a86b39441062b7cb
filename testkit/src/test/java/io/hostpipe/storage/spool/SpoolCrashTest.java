package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.Disk;
import io.hostpipe.testkit.disk.DiskCall;
import io.hostpipe.testkit.disk.DiskFault;
import io.hostpipe.testkit.disk.SimulatedDisk;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A spool dies before every single call to its disk, in every way, and what it promised is there.
 *
 * <p>Short runs are cut at each of their calls; long ones at calls that the seed chooses, for many
 * lives in a row. {@code -Dhostpipe.spool.seeds=N} runs N long ones.
 */
final class SpoolCrashTest {
  static final SpoolOptions OPTIONS = SpoolOptions.DEFAULT.withSegmentBytes(16 << 10);

  private static final int SHORT_STEPS = 40;
  private static final int LOSSES = 3;

  @Test
  void survivesAnEndBeforeEachOfItsCalls() throws Exception {
    for (long seed = 1; seed <= 12; seed++) {
      long changes = changesOf(seed);
      for (long change = 1; change <= changes; change++) {
        cut(seed, change);
      }
    }
  }

  private static void cut(long seed, long change) throws Exception {
    try {
      SpoolRun run = run(seed, 1 + (int) (seed % 2));
      SimulatedDisk disk = new SimulatedDisk(seed).crashBefore(change);
      run.live(disk, new SplittableRandom(seed), SHORT_STEPS);
      List<Lane> known = run.known();
      run.settle(disk.afterKill(), new SplittableRandom(seed + 1));
      for (long loss = 0; loss < LOSSES; loss++) {
        run.knows(known);
        run.settle(disk.afterPowerLoss(loss), new SplittableRandom(loss));
      }
    } catch (AssertionError | Exception e) {
      throw new AssertionError("seed " + seed + ", cut before change " + change, e);
    }
  }

  private static long changesOf(long seed) throws Exception {
    SimulatedDisk disk = new SimulatedDisk(seed);
    run(seed, 1 + (int) (seed % 2)).live(disk, new SplittableRandom(seed), SHORT_STEPS);
    return disk.changes();
  }

  @Test
  void survivesManyLives() throws Exception {
    long seeds = Long.getLong("hostpipe.spool.seeds", 300);
    for (long seed = 1; seed <= seeds; seed++) {
      try {
        manyLives(seed, salts(seed), UnaryOperator.identity());
      } catch (AssertionError | Exception e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  static void manyLives(long seed, LongSupplier salts, UnaryOperator<Disk> around)
      throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    SpoolRun run = new SpoolRun(salts, 1 + random.nextInt(3), OPTIONS, around);
    SimulatedDisk disk = new SimulatedDisk(seed);
    int lives = 1 + random.nextInt(6);
    for (int life = 0; life < lives; life++) {
      if (random.nextInt(4) > 0) {
        disk.crashBefore(1 + random.nextInt(120));
      }
      if (random.nextInt(4) == 0) {
        DiskFault fault = random.nextBoolean() ? DiskFault.FULL : DiskFault.IO_ERROR;
        disk.fail(null, 1 + random.nextInt(200), 1 + random.nextInt(9), fault);
      }
      run.live(disk, random, 20 + random.nextInt(150));
      disk = random.nextInt(3) == 0 ? disk.afterKill() : disk.afterPowerLoss(random.nextLong());
    }
    run.settle(disk, random);
  }

  @Test
  void losesNothingWhenAnyCallFails() throws Exception {
    for (DiskFault fault : DiskFault.values()) {
      for (long seed = 1; seed <= 6; seed++) {
        SimulatedDisk whole = new SimulatedDisk(seed);
        run(seed, 2).live(whole, new SplittableRandom(seed), SHORT_STEPS);
        for (long call = 1; call <= whole.calls(); call++) {
          fail(seed, call, fault);
        }
      }
    }
  }

  private static void fail(long seed, long call, DiskFault fault) throws Exception {
    SimulatedDisk disk = new SimulatedDisk(seed).fail(null, call, 1, fault);
    try {
      SpoolRun run = run(seed, 2);
      PipeException told = run.live(disk, new SplittableRandom(seed), SHORT_STEPS);
      List<Lane> known = run.known();
      run.settle(disk.afterKill(), new SplittableRandom(seed));
      run.knows(known);
      run.settle(disk.afterPowerLoss(call), new SplittableRandom(seed));
      if (told != null) {
        assertThat(told.getMessage()).contains("the spool " + SpoolRun.FOLDER);
      }
    } catch (AssertionError | Exception e) {
      throw new AssertionError(
          "seed " + seed + ", call " + call + " fails with " + fault + " " + disk.history(), e);
    }
  }

  @Test
  void waitsOnASmallDiskUntilSomethingWasReleased() throws Exception {
    for (long seed = 1; seed <= 100; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      SimulatedDisk disk = new SimulatedDisk(seed).limitTo(4 * (16 << 10) + random.nextInt(60_000));
      SpoolRun run = run(seed, 1);
      try {
        @Nullable PipeException told = run.live(disk, random, 300);
        assertThat(told).isNull();
        run.settle(disk.afterPowerLoss(seed), random);
      } catch (AssertionError | Exception e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  @Test
  void waitsAtItsOwnLimitUntilSomethingWasReleased() throws Exception {
    SpoolOptions small = OPTIONS.withBytesMax(4 * OPTIONS.segmentBytes());
    for (long seed = 1; seed <= 100; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      SimulatedDisk disk = new SimulatedDisk(seed);
      int laneCount = 1 + random.nextInt(2);
      SpoolRun run = new SpoolRun(salts(seed), laneCount, small, UnaryOperator.identity());
      try {
        assertThat(run.live(disk, random, 300)).isNull();
        run.settle(disk.afterPowerLoss(seed), random);
      } catch (AssertionError | Exception e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  @Test
  void oneSyncIsSharedByAllThatCameSinceTheLast() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlockPool pool = new BlockPool(1 << 20);
    try (Spool spool =
        Spool.open(disk, SpoolRun.FOLDER, OPTIONS, pool, PipeEvents.SILENT, salts(1), false)) {
      List<Lane> lanes = List.of(new Lane("one"), new Lane("other"));
      SplittableRandom random = new SplittableRandom(1);
      for (Lane each : lanes) {
        each.open(spool);
        each.write(random, 100);
      }
      spool.round();
      long syncs = disk.calls(DiskCall.SYNC);
      for (int batch = 0; batch < 50; batch++) {
        for (Lane each : lanes) {
          each.write(random, 100);
        }
      }
      spool.round();
      assertThat(disk.calls(DiskCall.SYNC)).as("one a file").isEqualTo(syncs + 2);
      for (Lane each : lanes) {
        each.hear();
        assertThat(each.settled()).isTrue();
        each.close();
      }
    }
    assertThat(pool.takenBytes()).isZero();
  }

  static LongSupplier salts(long seed) {
    return new SplittableRandom(seed)::nextLong;
  }

  private static SpoolRun run(long seed, int laneCount) {
    return new SpoolRun(
        salts(seed), laneCount, OPTIONS.withHeadroomBytes(0), UnaryOperator.identity());
  }
}
