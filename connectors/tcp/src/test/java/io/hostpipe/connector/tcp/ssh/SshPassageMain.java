package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.PipeException;

/** The far end of ssh as a process of its own. */
final class SshPassageMain {
  private SshPassageMain() {}

  public static void main(String[] args) throws PipeException, InterruptedException {
    if (!new SshPassage().pass(args[0])) {
      System.exit(3);
    }
  }
}
