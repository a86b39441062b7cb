package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;

/** What the process ends with. The numbers are a promise to scripts. */
enum ExitCode {
  /** All of it, at the level that was asked for. */
  OK(0),
  /** A mistake of Hostpipe's own. */
  BUG(1),
  /** The command line asks for something that cannot be. */
  USAGE(2),
  /** Nobody answered within the limits. */
  UNREACHABLE(3),
  /** One side answered no. */
  REFUSED(4),
  /** Bytes are gone or altered. */
  DATA_LOSS(5),
  /** A part was delivered; the message says which. */
  PARTIAL(6),
  /** Some messages were refused for good. */
  REJECTED(7),
  /** Ctrl-C, or a signal that asks to end. */
  INTERRUPTED(130);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  /** The one with this number; {@link #BUG} when there is none. */
  static ExitCode ofNumber(int number) {
    for (ExitCode code : values()) {
      if (code.number == number) {
        return code;
      }
    }
    return BUG;
  }

  /** The one that is told when both hold. */
  ExitCode or(ExitCode other) {
    return severity() >= other.severity() ? this : other;
  }

  /** The code for a failure, and for whatever was suppressed while cleaning up behind it. */
  static ExitCode of(Throwable failure) {
    ExitCode code = ofOne(failure);
    for (Throwable suppressed : failure.getSuppressed()) {
      if (suppressed instanceof PipeException) {
        code = code.or(of(suppressed));
      }
    }
    return code;
  }

  private static ExitCode ofOne(Throwable failure) {
    return switch (failure) {
      case PipeException pipeFailure -> ofPipe(pipeFailure);
      case InterruptedException _ -> INTERRUPTED;
      case java.io.IOException _ -> PARTIAL;
      default -> BUG;
    };
  }

  private static ExitCode ofPipe(PipeException failure) {
    return switch (failure) {
      case PipeException.Config _ -> USAGE;
      case PipeException.Unreachable _ -> UNREACHABLE;
      case PipeException.Refused _, PipeException.WentBack _ -> REFUSED;
      case PipeException.Rejected _ -> REJECTED;
      case PipeException.DataLoss _ -> DATA_LOSS;
      // A stream that others go on with is no part of anything.
      case PipeException.Closed closed -> closed.status() == Status.OK ? OK : PARTIAL;
    };
  }

  /** 5 before 6 before 4 before 3 before 7; an interruption yields to lost data alone. */
  private int severity() {
    return switch (this) {
      case OK -> 0;
      case REJECTED -> 1;
      case UNREACHABLE -> 2;
      case REFUSED -> 3;
      case USAGE -> 4;
      case BUG -> 5;
      case PARTIAL -> 6;
      case INTERRUPTED -> 7;
      case DATA_LOSS -> 8;
    };
  }
}
