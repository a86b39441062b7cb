package io.hostpipe.cli;

import java.util.List;

/**
 * The run that the AOT cache is made from: what it loads, links and warms up starts fast later.
 *
 * <p>It runs real commands, several in this one process because the cache takes no more than one. A
 * command is worth adding when its start is felt. Nothing else calls this class.
 */
final class Training {
  private static final List<List<String>> COMMANDS = List.of(List.of("--version"));

  private Training() {}

  static void main() {
    for (List<String> command : COMMANDS) {
      int exitCode = Main.run(command.toArray(String[]::new));
      if (exitCode != 0) {
        throw new IllegalStateException("hostpipe " + command + " ended with " + exitCode);
      }
    }
  }
}
