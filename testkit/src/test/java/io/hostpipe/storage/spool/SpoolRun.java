package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.Disk;
import io.hostpipe.testkit.disk.DiskCrash;
import io.hostpipe.testkit.disk.SimulatedDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Lives of a spool on a simulated disk, and what has to be true after each. */
final class SpoolRun {
  static final Path FOLDER = SimulatedDisk.ROOT.resolve("spool");

  private final LongSupplier salts;
  private final SpoolOptions options;
  private final UnaryOperator<Disk> around;
  private final BlockPool pool = new BlockPool(4 << 20);
  private List<Lane> lanes = new ArrayList<>();

  /**
   * Of so many streams.
   *
   * @param salts what the records of each segment are bound to
   * @param around puts something between the spool and its disk
   */
  SpoolRun(LongSupplier salts, int laneCount, SpoolOptions options, UnaryOperator<Disk> around) {
    this.salts = salts;
    this.options = options;
    this.around = around;
    for (int each = 0; each < laneCount; each++) {
      lanes.add(new Lane("stream " + each));
    }
  }

  /** What is known, to be tried with more than one outcome. */
  List<Lane> known() {
    return lanes.stream().map(Lane::copy).toList();
  }

  void knows(List<Lane> known) {
    lanes = new ArrayList<>(known.stream().map(Lane::copy).toList());
  }

  List<Lane> lanes() {
    return lanes;
  }

  /**
   * One process: opens the spool, compares, takes so many steps, and ends as the disk ends it, or
   * by closing.
   *
   * @return what went wrong with the disk, as the spool told it; null when nothing did
   */
  @Nullable PipeException live(SimulatedDisk disk, RandomGenerator random, int steps)
      throws InterruptedException {
    Spool spool = null;
    try {
      spool = open(disk);
      for (Lane each : lanes) {
        each.open(spool);
      }
      for (int step = 0; step < steps && !disk.crashed(); step++) {
        step(spool, lanes.get(random.nextInt(lanes.size())), random);
      }
      return null;
    } catch (PipeException e) {
      if (!disk.crashed()) {
        return e;
      }
      return null;
    } catch (DiskCrash e) {
      return null;
    } finally {
      close(spool, disk);
    }
  }

  /** The last process: nothing fails any more, so all has to be there, and to arrive. */
  void settle(SimulatedDisk disk, RandomGenerator random)
      throws PipeException, InterruptedException {
    Spool spool = open(disk);
    try {
      for (Lane each : lanes) {
        each.open(spool);
        each.write(random, 100 + random.nextInt(3_000));
        each.finish();
      }
      for (int round = 0; round < 200 && !allRead(); round++) {
        spool.lookAgain();
        spool.round();
        for (Lane each : lanes) {
          each.hear();
          each.readAll();
          each.commitAll();
        }
      }
      assertThat(allRead()).as("everything is written, promised and read in the end").isTrue();
      spool.round();
    } finally {
      close(spool, disk);
    }
    Spool again = open(disk);
    try {
      for (Lane each : lanes) {
        each.open(again);
        assertThat(each.readAll()).isTrue();
      }
    } finally {
      close(again, disk);
    }
    assertThat(pool.takenBytes()).as("blocks that were not given back").isZero();
  }

  private boolean allRead() throws PipeException, InterruptedException {
    boolean all = true;
    for (Lane each : lanes) {
      all &= each.settled() && each.readAll();
    }
    return all;
  }

  private Spool open(SimulatedDisk disk) throws PipeException {
    return Spool.open(around.apply(disk), FOLDER, options, pool, PipeEvents.SILENT, salts, false);
  }

  private void close(@Nullable Spool spool, SimulatedDisk disk) {
    if (spool != null) {
      if (!disk.crashed()) {
        try {
          for (Lane each : lanes) {
            each.hear();
          }
        } catch (PipeException e) {
          // It has told all it promised.
        }
      }
      lanes.forEach(Lane::close);
      spool.close();
    }
  }

  private static void step(Spool spool, Lane lane, RandomGenerator random)
      throws PipeException, InterruptedException {
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> lane.write(random, 1 + random.nextInt(200));
      case 3 -> lane.write(random, 1 + random.nextInt(9_000));
      case 4, 5, 6, 7 -> {
        spool.lookAgain();
        spool.round();
      }
      case 8 -> lane.read(1 + random.nextInt(5));
      case 9 -> {
        lane.readAll();
        lane.commit(random);
      }
      case 10 -> {
        if (random.nextInt(4) == 0) {
          lane.seek(random);
        } else {
          lane.fence();
        }
      }
      default -> {
        switch (random.nextInt(16)) {
          case 0, 1 -> lane.finish();
          case 2 -> lane.forget();
          default -> lane.readAll();
        }
      }
    }
    lane.hear();
  }
}
