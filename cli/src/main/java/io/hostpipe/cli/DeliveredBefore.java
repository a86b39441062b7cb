package io.hostpipe.cli;

import io.hostpipe.storage.StreamEnd;
import java.util.Objects;

/**
 * A stream that a process before this one delivered to its end, and was ended before it could say
 * so: whoever started that one starts the command again, and is to hear how it ended, not to have
 * everything sent once more.
 *
 * <p>Thread rule: one thread.
 */
final class DeliveredBefore {
  private final PipePlan plan;
  private final Flags flags;
  private final Lasting lasting;
  private final Console console;

  DeliveredBefore(PipePlan plan, Flags flags, Lasting lasting, Console console) {
    this.plan = plan;
    this.flags = flags;
    this.lasting = lasting;
    this.console = console;
  }

  /** Says it, as that process would have, and what it would have exited with. */
  ExitCode tell(StreamEnd end) {
    ExitCode code = ExitCode.ofNumber(end.exitCode());
    String what =
        "the stream "
            + Objects.requireNonNull(lasting.stream(), "a session's stream")
            + " was delivered to its end by the process before this one, which was ended before it"
            + " could say so; nothing is left to send"
            + (code == ExitCode.OK ? "" : ". It would have ended with " + code.number())
            + ". The same command, started once more, begins another stream";
    if (!flags.quiet() || code != ExitCode.OK) {
      console.say(what);
    }
    if (flags.showsSummary() && flags.summary() == Flags.SummaryForm.JSON) {
      console.lines(
          Summary.ofNothing(plan, flags.ack(), code, code == ExitCode.OK ? null : what).json());
    }
    lasting.told();
    return code;
  }
}
