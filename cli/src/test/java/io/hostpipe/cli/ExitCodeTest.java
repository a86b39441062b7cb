package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ExitCodeTest {
  @Test
  void hasTheNumbersThatScriptsRelyOn() {
    assertThat(ExitCode.values())
        .extracting(ExitCode::number)
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 130);
  }

  @Test
  void tellsTheWorstWhereSeveralHold() {
    List<ExitCode> fromWorst =
        List.of(
            ExitCode.DATA_LOSS,
            ExitCode.PARTIAL,
            ExitCode.REFUSED,
            ExitCode.UNREACHABLE,
            ExitCode.REJECTED,
            ExitCode.OK);
    for (ExitCode one : fromWorst) {
      for (ExitCode other : fromWorst) {
        ExitCode worse = fromWorst.get(Math.min(fromWorst.indexOf(one), fromWorst.indexOf(other)));
        assertThat(one.or(other)).as("%s and %s", one, other).isEqualTo(worse);
      }
    }
    assertThat(ExitCode.PARTIAL.or(ExitCode.INTERRUPTED)).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(ExitCode.INTERRUPTED.or(ExitCode.DATA_LOSS)).isEqualTo(ExitCode.DATA_LOSS);
  }

  @Test
  void followsFromTheTypeOfTheFailure() {
    assertThat(ExitCode.of(new PipeException.Config("x"))).isEqualTo(ExitCode.USAGE);
    assertThat(ExitCode.of(new PipeException.Unreachable("x", null)))
        .isEqualTo(ExitCode.UNREACHABLE);
    assertThat(ExitCode.of(new PipeException.Refused(Status.PERMISSION_DENIED, "x")))
        .isEqualTo(ExitCode.REFUSED);
    assertThat(ExitCode.of(new PipeException.DataLoss("x"))).isEqualTo(ExitCode.DATA_LOSS);
    assertThat(ExitCode.of(new PipeException.Closed(Status.ABORTED, "x")))
        .isEqualTo(ExitCode.PARTIAL);
    assertThat(ExitCode.of(new PipeException.Rejected(Status.INVALID_ARGUMENT, "x")))
        .isEqualTo(ExitCode.REJECTED);
    assertThat(ExitCode.of(new InterruptedException())).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(ExitCode.of(new IOException("x"))).isEqualTo(ExitCode.PARTIAL);
    assertThat(ExitCode.of(new IllegalStateException("x"))).isEqualTo(ExitCode.BUG);
  }

  @Test
  void countsWhatFailedWhileCleaningUp() {
    PipeException failure = new PipeException.Unreachable("x", null);
    failure.addSuppressed(new IllegalStateException("of no account"));
    assertThat(ExitCode.of(failure)).isEqualTo(ExitCode.UNREACHABLE);
    failure.addSuppressed(new PipeException.DataLoss("y"));
    assertThat(ExitCode.of(failure)).isEqualTo(ExitCode.DATA_LOSS);
  }
}
