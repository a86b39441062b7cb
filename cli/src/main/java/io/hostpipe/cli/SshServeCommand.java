package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.StdioPassage;
import java.io.IOException;
import java.util.List;
import java.util.ServiceLoader;

/**
 * {@code hostpipe ssh-serve}: what runs at the far end of ssh.
 *
 * <p>For {@code to} and {@code from} this process is the far end of the pipe. It outlives its ssh,
 * whose end is a broken link like any other, and waits for the next one; a hostpipe that is started
 * for the same pipe passes its ssh on to it.
 */
final class SshServeCommand {
  /** So long a far process waits for the link that follows a broken one. */
  private static final String GIVE_UP = "10m";

  private final Invocation invocation;
  private final Console console;
  private final StdioPassage passage;

  private SshServeCommand(Invocation invocation, Console console, StdioPassage passage) {
    this.invocation = invocation;
    this.console = console;
    this.passage = passage;
  }

  static ExitCode run(Invocation invocation, Console console)
      throws PipeException, InterruptedException {
    StdioPassage passage =
        ServiceLoader.load(StdioPassage.class)
            .findFirst()
            .orElseThrow(() ->
                new PipeException.Config(
                    Status.UNIMPLEMENTED, "this hostpipe was built without ssh"));
    return new SshServeCommand(invocation, console, passage).run();
  }

  private ExitCode run() throws PipeException, InterruptedException {
    List<String> words = invocation.words();
    String word = words.isEmpty() ? "" : words.getFirst();
    int count = words.size();
    if (word.equals("pipe") && count == 2) {
      if (!passage.pass(words.get(1))) {
        throw nobody(words.get(1));
      }
      return ExitCode.OK;
    }
    if (word.equals("probe") && count <= 2) {
      if (count == 2 && !passage.awaits(words.get(1))) {
        throw nobody(words.get(1));
      }
      return greet();
    }
    boolean again = count == 4 && words.get(3).equals("again");
    if ((word.equals("to") || word.equals("from")) && (count == 3 || again)) {
      return open(word.equals("to"), words.get(1), words.get(2), again);
    }
    throw new PipeException.Config(
        "ssh runs this by itself, for an address ssh://HOST/NAME: " + invocation.command().usage());
  }

  private ExitCode open(boolean writes, String id, String far, boolean again)
      throws PipeException, InterruptedException {
    if (passage.pass(id)) {
      return ExitCode.OK;
    }
    if (again) {
      throw new PipeException.Unreachable(
          "the hostpipe that had opened " + AddressWords.shown(far) + " is gone", null);
    }
    String near = passage.listens() + ":///" + id + "?stdio";
    String[] pipe = writes ? new String[] {near, far} : new String[] {far, near};
    return PipeCommand.run(
        Invocation.parse(pipe[0], pipe[1], "--quiet", "--give-up", GIVE_UP),
        Catalog.ofProcess(),
        console);
  }

  private ExitCode greet() throws PipeException {
    try {
      passage.greet();
      return ExitCode.OK;
    } catch (IOException e) {
      throw new PipeException.Unreachable("whoever started this is gone: " + e, e);
    }
  }

  private static PipeException nobody(String name) {
    return new PipeException.Unreachable(
        "nobody waits for '" + name + "' there; start one: hostpipe ssh-listen:///" + name + " …",
        null);
  }
}
