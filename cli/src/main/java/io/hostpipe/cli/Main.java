package io.hostpipe.cli;

/** The hostpipe command. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    if (args.length == 1 && args[0].equals("--version")) {
      System.out.println("hostpipe " + Version.current());
      return;
    }
    System.err.println("usage: hostpipe --version");
    System.exit(2);
  }
}
