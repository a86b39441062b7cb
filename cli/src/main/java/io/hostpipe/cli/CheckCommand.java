package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Connector;
import java.util.List;

/**
 * {@code hostpipe check}: reads the words as a pipe would, then asks each end whether it would
 * work.
 *
 * <p>What was found goes to stdout, one line an end. The exit code is that of the first end that
 * would not work; an address that stands alone is fine when it works either way.
 */
final class CheckCommand {
  private CheckCommand() {}

  static ExitCode run(Invocation invocation, Catalog catalog, Console console)
      throws PipeException, InterruptedException {
    List<End> ends = End.parse(invocation.words(), catalog, console);
    return switch (ends.size()) {
      case 0 ->
          throw new PipeException.Config("say what to check: " + invocation.command().usage());
      case 1 -> checkAlone(ends.getFirst(), console);
      default -> {
        Flags flags = invocation.flags();
        List<End> filters = End.filters(flags.through(), catalog);
        List<End> vias = End.vias(flags.vias(), ends, catalog, console);
        yield checkPlan(
            PipePlan.of(ends, vias, filters, flags, catalog, console), invocation, console);
      }
    };
  }

  private static ExitCode checkAlone(End end, Console console)
      throws PipeException, InterruptedException {
    if (end.kind() != Connector.Kind.STORES) {
      return check(end, true, "", console);
    }
    ExitCode asSource = check(end, true, " as a source", console);
    ExitCode asDestination = check(end, false, " as a destination", console);
    return asSource == ExitCode.OK || asDestination == ExitCode.OK
        ? ExitCode.OK
        : asSource.or(asDestination);
  }

  private static ExitCode checkPlan(PipePlan plan, Invocation invocation, Console console)
      throws PipeException, InterruptedException {
    ExitCode code = check(plan.source(), true, " as the source", console);
    for (End filter : plan.filters()) {
      code = code.or(check(filter, true, " in between", console));
    }
    for (End via : plan.vias()) {
      code = code.or(check(via, plan.source().isLink(), " as another way", console));
    }
    for (End sink : plan.sinks()) {
      code = code.or(check(sink, false, " as the destination", console));
    }
    DeadLetterPlan deadLetters = plan.deadLetters();
    if (deadLetters != null) {
      code = code.or(check(deadLetters.end(), false, " for dead letters", console));
    }
    for (PipePlan.Pair pair : plan.pairs()) {
      String which = plan.pairs().size() == 1 ? "" : pair.from() + " -> " + pair.to() + ": ";
      console.answer("guarantee: " + which + pair.guarantee() + "\n");
    }
    plan.refuseLessThan(invocation.flags().require());
    return code;
  }

  private static ExitCode check(End end, boolean asSource, String role, Console console)
      throws PipeException, InterruptedException {
    ExitCode code = ExitCode.OK;
    String found;
    try {
      found = "ok   " + end + role + ": " + end.connector().check(end.address(), asSource);
    } catch (PipeException e) {
      found = "no   " + end + role + ": " + e.getMessage();
      code = ExitCode.of(e);
    }
    console.answer(Console.printable(found) + "\n");
    return code;
  }
}
