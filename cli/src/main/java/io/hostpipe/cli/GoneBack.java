package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.RestartedSource.Yields;
import org.jspecify.annotations.Nullable;

/**
 * What comes of a pipe whose receiver was restarted before it had kept all of what the process
 * before this one had sent, and now goes on below the place where this one began.
 */
final class GoneBack {
  private GoneBack() {}

  /** Whether the source can be opened once more, and goes to where the receiver is. */
  static boolean canFollow(@Nullable Throwable failure, PipePlan plan) {
    return failure instanceof PipeException.WentBack && plan.source().capabilities().replayable();
  }

  /**
   * A source that hands over each thing once, and has no spool behind it, will not give it again.
   */
  static @Nullable Throwable known(@Nullable Throwable failure, PipePlan plan, Lasting lasting) {
    return failure instanceof PipeException.WentBack
            && plan.restarted() == Yields.CONTINUE
            && lasting.spool() == null
        ? new PipeException.DataLoss(
            failure.getMessage() + " only if the source gives again what lies between", failure)
        : failure;
  }
}
