package io.hostpipe.cli;

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
      // No other class is loaded for this, not even to verify this one: hence Dispatch.
      System.out.println("hostpipe " + Version.current());
      return System.out.checkError() ? Dispatch.run(Console.ofProcess(), args).number() : 0;
    }
    return Dispatch.run(Console.ofProcess(), args).number();
  }
}
