package io.hostpipe.cli;

import io.hostpipe.PipeException;

/** From the words of a command line to the command, and from its failure to an exit code. */
final class Dispatch {
  private Dispatch() {}

  /** Runs the command; what it says goes to this console. */
  static ExitCode run(Console console, String... args) {
    int verbosity = 0;
    try {
      Invocation invocation = Invocation.parse(args);
      verbosity = invocation.flags().verbosity();
      return run(invocation, console);
    } catch (PipeException | InterruptedException | RuntimeException | Error e) {
      ExitCode code = ExitCode.of(e);
      console.say(Failure.text(e, code));
      Failure.trace(e, verbosity, console);
      return code;
    }
  }

  private static ExitCode run(Invocation invocation, Console console)
      throws PipeException, InterruptedException {
    if (invocation.flags().asksForHelp()) {
      console.answer(HelpText.of(invocation.command()));
      return ExitCode.OK;
    }
    if (invocation.flags().asksForVersion()) {
      console.answer("hostpipe " + Version.current() + "\n");
      return ExitCode.OK;
    }
    return switch (invocation.command()) {
      case PIPE, SEND, RECV -> PipeCommand.run(invocation, Catalog.ofProcess(), console);
      case CHECK -> CheckCommand.run(invocation, Catalog.ofProcess(), console);
      case ADDRESSES -> AddressesCommand.run(invocation, Catalog.ofProcess(), console);
      case COMPLETION -> CompletionCommand.run(invocation, Catalog.ofProcess(), console);
      case BENCH -> BenchCommand.run(invocation, Catalog.ofProcess(), console);
      case SESSION -> SessionCommand.run(invocation, console);
      case SPOOL -> SpoolCommand.run(invocation, console);
      case DLQ -> DlqCommand.run(invocation, Catalog.ofProcess(), console);
      case SSH_SERVE -> SshServeCommand.run(invocation, console);
      case KEY -> KeyCommand.run(invocation, console);
      case DEMO -> DemoCommand.run(invocation, console);
      case PACKAGE ->
          throw new PipeException.Config(
              "'package' is a word of ./hostpipe in a clone: it builds the archive that this"
                  + " command perhaps came from");
    };
  }
}
