package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import io.hostpipe.testkit.disk.SimulatedDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * With {@code --spool-sync before} nothing leaves the host that a loss of power could take back:
 * the process dies between each write and its sync, and whatever a reader was given is there.
 */
final class SpoolSyncBeforeTest {
  private static final int STEPS = 40;
  private static final int LOSSES = 3;

  @Test
  void whatAReaderWasGivenSurvivesALossOfPowerAtEachCall() throws Exception {
    visitEachCrashPoint(true);
  }

  @Test
  void withoutItTheSameReadersAreGivenWhatIsLost() {
    assertThatThrownBy(() -> visitEachCrashPoint(false))
        .isInstanceOf(AssertionError.class)
        .hasRootCauseInstanceOf(AssertionError.class)
        .rootCause()
        .hasMessageContaining("was given");
  }

  private static void visitEachCrashPoint(boolean syncsBefore) throws Exception {
    for (long seed = 1; seed <= 8; seed++) {
      SimulatedDisk whole = new SimulatedDisk(seed);
      run(seed, syncsBefore).live(whole, new SplittableRandom(seed), STEPS);
      for (long change = 1; change <= whole.changes(); change++) {
        SpoolRun run = run(seed, syncsBefore);
        SimulatedDisk disk = new SimulatedDisk(seed).crashBefore(change);
        run.live(disk, new SplittableRandom(seed), STEPS);
        List<Lane> known = run.known();
        for (long loss = 0; loss < LOSSES; loss++) {
          run.knows(known);
          try {
            run.settle(disk.afterPowerLoss(loss), new SplittableRandom(loss));
          } catch (AssertionError e) {
            throw new AssertionError("seed " + seed + ", cut before change " + change, e);
          }
        }
      }
    }
  }

  private static SpoolRun run(long seed, boolean syncsBefore) {
    SpoolOptions options = SpoolCrashTest.OPTIONS.withHeadroomBytes(0).withSyncsBefore(syncsBefore);
    List<Lane> readers = new ArrayList<>();
    SpoolRun run =
        new SpoolRun(
            SpoolCrashTest.salts(seed),
            1 + (int) (seed % 2),
            options,
            disk -> new WatchedDisk(disk, () -> readers.forEach(SpoolSyncBeforeTest::readOn)));
    readers.addAll(run.lanes());
    run.lanes().forEach(Lane::keepWhatIsHandedOn);
    return run;
  }

  /** Between a write and its sync: what is written may be handed on then, or must not be. */
  private static void readOn(Lane lane) {
    try {
      var _ = lane.readAll();
    } catch (PipeException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
