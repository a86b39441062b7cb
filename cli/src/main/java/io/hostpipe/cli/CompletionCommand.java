package io.hostpipe.cli;

import io.hostpipe.PipeException;
import java.util.List;

/** {@code hostpipe completion}: prints a script that a shell sources, made from all specs. */
final class CompletionCommand {
  static final List<String> SHELLS = List.of("bash", "zsh", "fish");

  private CompletionCommand() {}

  static ExitCode run(Invocation invocation, Catalog catalog, Console console)
      throws PipeException {
    List<String> words = invocation.words();
    if (words.size() != 1) {
      throw new PipeException.Config("say for which shell: " + invocation.command().usage());
    }
    CompletionWords known = CompletionWords.of(catalog);
    String shell = words.getFirst();
    console.answer(
        switch (shell) {
          case "bash" -> CompletionScripts.bash(known);
          case "zsh" -> CompletionScripts.zsh(known);
          case "fish" -> CompletionScripts.fish(known);
          default ->
              throw new PipeException.Config(
                  "no completion for '" + shell + "'; there are " + String.join(", ", SHELLS));
        });
    return ExitCode.OK;
  }
}
