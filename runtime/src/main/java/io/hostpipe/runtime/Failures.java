package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.session.SessionFailure;
import java.time.Duration;

/** What a session's failure is to the user of a pipe. */
final class Failures {
  private Failures() {}

  /** A duration as the command takes it. */
  static String shown(Duration duration) {
    return duration.toMillis() % 1_000 == 0
        ? duration.toSeconds() + "s"
        : duration.toMillis() + "ms";
  }

  static PipeException toException(SessionFailure failure, String where) {
    Status status = Status.ofCode(failure.code());
    String message = where + ": " + failure.reason();
    if (status == Status.OUT_OF_RANGE && !failure.byPeer()) {
      return new PipeException.WentBack(message);
    }
    return switch (status) {
      case DATA_LOSS -> new PipeException.DataLoss(message);
      case CANCELLED -> new PipeException.Closed(status, message);
      case UNAVAILABLE, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, RESOURCE_EXHAUSTED, ABORTED ->
          new PipeException.Unreachable(status, message, null);
      case OK,
          UNKNOWN,
          INVALID_ARGUMENT,
          PERMISSION_DENIED,
          FAILED_PRECONDITION,
          OUT_OF_RANGE,
          UNIMPLEMENTED,
          INTERNAL,
          UNAUTHENTICATED ->
          new PipeException.Refused(status, message);
    };
  }
}
