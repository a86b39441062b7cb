package io.hostpipe.cli;

import io.hostpipe.PipeException;

/** The hostpipe command. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    int exitCode = run(args);
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  /** Runs the command and returns its exit code; {@link Training} runs several in one process. */
  static int run(String... args) {
    if (args.length == 1 && args[0].equals("--version")) {
      // Nothing else is loaded for this: its time is what a start of the command costs.
      System.out.println("hostpipe " + Version.current());
      return 0;
    }
    return run(Console.ofProcess(), args).number();
  }

  /** Runs the command with its words going elsewhere. */
  static ExitCode run(Console console, String... args) {
    int verbosity = 0;
    try {
      Invocation invocation = Invocation.parse(args);
      verbosity = invocation.flags().verbosity();
      return run(invocation, console);
    } catch (PipeException | InterruptedException | RuntimeException e) {
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
      case DEMO -> DemoCommand.run(invocation, console);
      case PACKAGE ->
          throw new PipeException.Config(
              "'package' is a word of ./hostpipe in a clone: it builds the archive that this"
                  + " command perhaps came from");
    };
  }
}
