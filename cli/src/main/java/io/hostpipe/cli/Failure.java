package io.hostpipe.cli;

import io.hostpipe.PipeException;
import org.jspecify.annotations.Nullable;

/** How a failure is told: one line, and its trace only to those who ask for it. */
final class Failure {
  private static final int TRACE_VERBOSITY = 2;
  private static final String TRACE_VARIABLE = "HOSTPIPE_DEBUG";

  private Failure() {}

  /** What, where, and what to do next. */
  static String text(@Nullable Throwable failure, ExitCode code) {
    if (code == ExitCode.INTERRUPTED || failure == null) {
      return "interrupted";
    }
    if (failure instanceof PipeException) {
      String message = failure.getMessage();
      return message == null ? failure.toString() : message;
    }
    if (failure instanceof OutOfMemoryError) {
      return "out of memory ("
          + failure.getMessage()
          + "); HOSTPIPE_JAVA_OPTIONS='-Xmx… -XX:MaxDirectMemorySize=…' gives it more";
    }
    return "this is a mistake of hostpipe's own: "
        + failure
        + " (please report it with what "
        + TRACE_VARIABLE
        + "=1 prints)";
  }

  /** Prints the trace when {@code -v -v} or {@code HOSTPIPE_DEBUG} asks for it. */
  static void trace(@Nullable Throwable failure, int verbosity, Console console) {
    if (failure != null
        && (verbosity >= TRACE_VERBOSITY || console.environment(TRACE_VARIABLE) != null)) {
      console.trace(failure);
    }
  }
}
